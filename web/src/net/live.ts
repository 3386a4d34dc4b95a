/** What happens, as it happens: subscriptions over /graphql/stream/ that resume where they were cut off. */
import { useEffect, useRef } from "preact/hooks";
import type { Operation } from "../operations";
import { presence } from "./presence";
import { headers, send, signInAgain } from "./client";
import { outdated } from "./line";
import { takeLine } from "./lines";
import { problemOf } from "./problem";
import { messagesOf } from "./sse";

/** Who listens to a topic. */
export interface Listener<Data> {
  /** Something happened. */
  readonly next: (data: Data) => void;
  /** Something may have been missed: load anew what is shown. */
  readonly gap?: () => void;
}

interface Topic {
  readonly listeners: Set<Listener<never>>;
  readonly body: { documentId: string; operationName: string; variables: unknown };
  /** Whether the stream stays while nobody looks at the page, for a sound or a count. */
  inHiding: boolean;
  last: string;
  cut: AbortController | null;
  timer: number;
  failures: number;
  /** Whether it asks now and then instead, because the browser has no line left for it. */
  asking: boolean;
}

const topics = new Map<string, Topic>();
const HIDDEN_FOR = 20_000; // milliseconds; browsers allow few lines to one host, and a page behind others needs none
const ASK_EVERY = 20_000; // milliseconds between two looks of a topic without a line
let hiding = 0;

/** Listens to a subscription until the returned function is called; equal ones share one stream. */
export function listen<Data, Variables>(
  operation: Operation<Data, Variables>,
  variables: Variables,
  listener: Listener<Data>,
  { inHiding = false }: { inHiding?: boolean } = {},
): () => void {
  const key = JSON.stringify([operation.id, variables]);
  let topic = topics.get(key);
  if (!topic) {
    const body = { documentId: operation.id, operationName: operation.name, variables };
    topic = { listeners: new Set(), body, inHiding, last: "", cut: null, timer: 0, failures: 0, asking: false };
    topics.set(key, topic);
    void run(topic);
  }
  topic.inHiding ||= inHiding;
  const joined = topic;
  joined.listeners.add(listener as Listener<never>);
  return () => {
    joined.listeners.delete(listener as Listener<never>);
    if (joined.listeners.size) return;
    stop(joined);
    if (topics.get(key) === joined) topics.delete(key);
  };
}

/** Holds every stream for a while; the returned function lets them go on where they were. */
export function pauseLive(): () => void {
  const held = [...topics.values()];
  for (const topic of held) stop(topic);
  return () => {
    for (const topic of held) void run(topic);
  };
}

/** Ends every stream, at sign-out. */
export function closeLive(): void {
  for (const topic of topics.values()) stop(topic);
  topics.clear();
}

function stop(topic: Topic): void {
  window.clearTimeout(topic.timer);
  topic.cut?.abort();
  topic.cut = null;
}

function missed(topic: Topic): void {
  for (const one of topic.listeners) one.gap?.();
}

function again(topic: Topic, pause: number): void {
  window.clearTimeout(topic.timer);
  topic.timer = window.setTimeout(() => void run(topic), pause);
}

async function run(topic: Topic): Promise<void> {
  const cut = new AbortController();
  topic.cut = cut;
  const leave = await takeLine();
  if (cut.signal.aborted) return leave?.();
  if (topic.asking) missed(topic);
  topic.asking = !leave;
  if (!leave) return again(topic, ASK_EVERY);
  const end = await read(topic, cut.signal).finally(leave);
  if (cut.signal.aborted) return;
  if (end === "complete") return await ended(topic);
  if (end !== "cut") return await refused(topic, end);
  topic.failures += 1;
  again(topic, Math.min(1000 * 2 ** (topic.failures - 1), 30_000));
}

/** Tells the listeners what comes until the stream ends; how it ended, or the answer that was no stream. */
async function read(topic: Topic, signal: AbortSignal): Promise<"complete" | "cut" | Response> {
  const more: Record<string, string> = { "Content-Type": "application/json", Accept: "text/event-stream" };
  if (topic.last) more["Last-Event-ID"] = topic.last;
  try {
    const answer = await fetch("/graphql/stream/", {
      method: "POST",
      headers: headers({ ...more, ...presence() }),
      body: JSON.stringify(topic.body),
      credentials: "same-origin",
      cache: "no-store",
      signal,
    });
    if (!answer.ok || !answer.body) return answer;
    topic.failures = 0;
    for await (const message of messagesOf(answer.body, signal)) {
      if (message.id) topic.last = message.id;
      if (message.event === "complete") return "complete";
      if (message.event !== "next") continue;
      const result = JSON.parse(message.data) as { data?: unknown };
      if (result.data) for (const one of topic.listeners) one.next(result.data as never);
    }
  } catch (error) {
    // A line that breaks is a TypeError; anything else is a mistake of ours.
    if (!signal.aborted && !(error instanceof TypeError)) throw error;
  }
  return "cut";
}

/** The server would not begin: sign in, load anew, or try later, as its status says. */
async function refused(topic: Topic, answer: Response): Promise<void> {
  const { status } = answer;
  if (problemOf(status, await answer.json().catch(() => null), "")?.kind === "outdated") {
    outdated.value = true;
    return;
  }
  if (status === 401) return await ended(topic);
  if (status === 403 || status === 404) return; // not ours to hear
  if (status === 410 || (status === 400 && topic.last)) {
    topic.last = "";
    missed(topic);
    return again(topic, 1000);
  }
  topic.failures += 1;
  again(topic, Math.min(2000 * 2 ** (topic.failures - 1), 60_000));
}

/** We may not go on as we are: the session ended, or a role or the sight of a case did. Either way, load anew. */
async function ended(topic: Topic): Promise<void> {
  topic.last = "";
  const answer = await send<{ person: object | null }>("/session/", { headers: headers(presence()) });
  if (!topic.listeners.size) return;
  if (!answer.ok) return again(topic, 5000);
  const signedIn = answer.data.person !== null;
  if (!signedIn && !(await signInAgain())) return;
  missed(topic);
  // The session may only have taken another key; where a role did end, the server refuses to begin again.
  if (topic.listeners.size) again(topic, signedIn ? 2000 : 0);
}

document.addEventListener("visibilitychange", () => {
  window.clearTimeout(hiding);
  if (document.hidden) {
    hiding = window.setTimeout(() => {
      for (const topic of topics.values()) if (!topic.inHiding) stop(topic);
    }, HIDDEN_FOR);
  } else {
    for (const topic of topics.values()) if (!topic.cut) void run(topic);
  }
});
window.addEventListener("online", () => {
  for (const topic of topics.values()) if (topic.failures) again(topic, 0);
});

/** Listens while the component is shown. */
export function useLive<Data, Variables>(
  operation: Operation<Data, Variables>,
  variables: Variables,
  listener: Listener<Data>,
  { skip = false, inHiding = false }: { skip?: boolean; inHiding?: boolean } = {},
): void {
  const heard = useRef(listener);
  heard.current = listener;
  const key = JSON.stringify(variables);
  useEffect(() => {
    if (skip) return;
    return listen(
      operation,
      variables,
      { next: (data) => heard.current.next(data), gap: () => heard.current.gap?.() },
      { inHiding },
    );
  }, [operation, key, skip, inHiding]);
}
