/** Who is signed in, for the whole page; how they came in and how they leave. */
import { computed, effect, signal } from "@preact/signals";
import { Me, type MeData } from "../operations";
import { call, headers, send, whenSignedOut } from "./client";
import { atTheDoor, type Standing } from "./door";
import { clearDrafts } from "./drafts";
import { closeLive, pauseLive } from "./live";
import { language } from "../words";
import type { Answer, Problem } from "./problem";

/** The person and their roles. */
export type Person = NonNullable<MeData["me"]>;

/** Who is before the door, as the server last said; its `factors` while a second factor is awaited. */
export const door = signal<Standing>({ person: null });

/** asking: not known yet. out: nobody. in: somebody. ended: the session of whoever is still shown has run out.
 * enrol: somebody who must enrol a second factor before anything else. */
export const standing = signal<"asking" | "out" | "in" | "ended" | "enrol">("asking");

/** The signed-in person, kept while their session has ended and they are asked to sign in again. */
export const me = signal<Person | null>(null);

/** Why the person could not be asked for, such as a line that is cut at the start. */
export const trouble = signal<Problem | null>(null);

/** Whether the person's roles give one of these permissions somewhere. */
export function can(...permissions: string[]): boolean {
  return permissions.some((one) => permitted.value.has(one));
}
const permitted = computed(() => new Set(me.value?.permissions));

const others = "BroadcastChannel" in window ? new BroadcastChannel("refnet.session") : null;
let waiting: ((again: boolean) => void)[] = [];

/** Finds out who is signed in. */
export async function begin(): Promise<void> {
  trouble.value = null;
  if (setupSecret()) standing.value = "out";
  else await become();
}

/** The secret of a link for setting a password, "" when the page was not opened by one. */
export function setupSecret(): string {
  return location.hash.startsWith("#setup=") ? location.hash.slice("#setup=".length) : "";
}

/** Signs in by name and password; null when that went well or a second factor is awaited (`door`), else the problem. */
export async function signIn(username: string, password: string): Promise<Problem | null> {
  return came(await atTheDoor<Standing>("", "POST", { username, password }));
}

/** Shows a second factor; null when that went well. */
export async function showFactor(shown: { code: string } | { credential: object }): Promise<Problem | null> {
  return came(await atTheDoor<Standing>("factor/", "POST", shown));
}

/** Asks who is before the door and what is offered there. */
export async function lookAtDoor(): Promise<void> {
  const answer = await atTheDoor<Standing>("");
  if (answer.ok) door.value = answer.data;
}

async function came(answer: Answer<Standing>): Promise<Problem | null> {
  if (!answer.ok) return answer.problem;
  door.value = { ...answer.data, providers: door.peek().providers ?? [] };
  if (!answer.data.person) return null;
  const before = me.peek();
  if (before && before.person.id !== answer.data.person.id) {
    // Nothing of one person may be seen by another: the page begins anew.
    closeLive();
    location.reload();
    return null;
  }
  const found = await become();
  if (!found) others?.postMessage("in");
  return found;
}

async function become(): Promise<Problem | null> {
  const answer = await call(Me, {}, { quiet: true });
  if (!answer.ok && answer.problem.code === "SECOND_FACTOR_NEEDED") {
    standing.value = "enrol";
    return null;
  }
  if (!answer.ok && answer.problem.kind !== "signedOut") return (trouble.value = answer.problem);
  trouble.value = null;
  if (!answer.ok || !answer.data.me) {
    await lookAtDoor();
    standing.value = "out";
    return answer.ok ? null : answer.problem;
  }
  me.value = answer.data.me;
  standing.value = "in";
  const released = waiting;
  waiting = [];
  for (const go of released) go(true);
  return null;
}

/** Signs out and forgets everything that was typed on this machine; null when that went well. */
export async function signOut(): Promise<Problem | null> {
  const goOn = pauseLive(); // the end of the session would end them, and each would ask for it again
  const answer = await send("/session/", { method: "DELETE", headers: headers() });
  if (!answer.ok && answer.problem.kind !== "signedOut") {
    goOn();
    return answer.problem;
  }
  others?.postMessage("out");
  await leave();
  return null;
}

async function leave(): Promise<void> {
  closeLive();
  await clearDrafts();
  location.assign("/app/");
}

/** Asks whoever is shown to sign in again; resolves to whether they did. */
export function askAgain(): Promise<boolean> {
  if (["out", "asking", "enrol"].includes(standing.peek())) return Promise.resolve(false);
  void lookAtDoor();
  standing.value = "ended";
  return new Promise((go) => waiting.push(go));
}

whenSignedOut(askAgain);
others?.addEventListener("message", ({ data }: MessageEvent<string>) => {
  if (data === "out") void leave();
  else if (data === "in" && standing.peek() !== "in") location.reload();
});

// A page that the browser kept for its back button still shows what was on it, whoever sits there now.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// The names of roles are the server's words: another language, other names.
let spoken = language.peek();
effect(() => {
  if (language.value === spoken) return;
  spoken = language.value;
  if (standing.peek() === "in") void become();
});
