/** How the front speaks to Refnet: one operation in, its data or a typed problem out. */
import type { Operation } from "../operations";
import { languageTag } from "../words";
import { lineCut, lineHeld, outdated } from "./line";
import { learn } from "./moment";
import { presence } from "./presence";
import { type Answer, lineLost, type Problem, problemOf, refusedBy, type Said } from "./problem";

/** Opens the way back after a session ended: resolves to whether the same person signed in again. */
type Door = () => Promise<boolean>;
let door: Door = () => Promise.resolve(false);

/** Sets who is asked to sign the person in again; the session module does. */
export function whenSignedOut(opened: Door): void {
  door = opened;
}

/** Asks whoever is shown to sign in again; resolves to whether they did. */
export function signInAgain(): Promise<boolean> {
  return door();
}

/** The token Django left in its cookie, "" before the first GET of /session/. */
export function csrfToken(): string {
  const pair = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return pair ? decodeURIComponent(pair.slice("csrftoken=".length)) : "";
}

/** The headers that every request of the page carries. */
export function headers(more: Record<string, string> = {}): Record<string, string> {
  return { Accept: "application/json", "Accept-Language": languageTag(), "X-CSRFToken": csrfToken(), ...more };
}

/** A new key for a new intention. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (part) => part.toString(16).padStart(2, "0")).join("");
}

/** Sends a request to one of our own addresses; the JSON of its answer, or the problem. */
export async function send<Body>(path: string, init: RequestInit = {}): Promise<Answer<Body>> {
  let answer: Response;
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", redirect: "error", ...init });
  } catch (error) {
    if (init.signal?.aborted) return { ok: false, problem: lineLost() };
    if (!(error instanceof TypeError)) throw error;
    lineCut();
    return { ok: false, problem: lineLost() };
  }
  // A proxy before a server that is down answers too, but says nothing.
  if (![502, 503, 504].includes(answer.status)) lineHeld();
  learn(answer.headers.get("X-Refnet-Now"));
  const body = (await answer.json().catch(() => null)) as Body | null;
  const found = problemOf(answer.status, body, answer.headers.get("X-Request-Id") ?? "");
  if (found?.kind === "outdated") outdated.value = true;
  return found ? { ok: false, problem: found } : { ok: true, data: body as Body };
}

/** How a call is made: `signal` gives it up, `quiet` does not ask to sign in. */
export interface Manner {
  readonly signal?: AbortSignal;
  readonly quiet?: boolean;
}

const PAUSES = [400, 1500]; // milliseconds before the second and the third attempt over a line that fails

/** The data of an operation. Repeated over a failing line: a read is harmless, a mutation carries its key. */
export async function call<Data, Variables>(
  operation: Operation<Data, Variables>,
  variables: Variables,
  manner: Manner = {},
): Promise<Answer<Data>> {
  // Without its CSRF cookie a session could ask nothing; GET sets it.
  if (!csrfToken()) await send("/session/", { headers: headers() });
  const body = JSON.stringify({ documentId: operation.id, operationName: operation.name, variables });
  for (let attempt = 0; ; attempt += 1) {
    const answer = await once<Data>(operation.kind, body, manner.signal);
    if (answer.ok) return answer;
    if (answer.problem.kind === "signedOut" && !manner.quiet && (await signInAgain())) continue;
    const pause = PAUSES[attempt];
    if (answer.problem.kind !== "line" || pause === undefined || manner.signal?.aborted) return answer;
    await new Promise((go) => setTimeout(go, pause));
  }
}

async function once<Data>(kind: string, body: string, signal: AbortSignal | undefined): Promise<Answer<Data>> {
  const answer = await send<{ data: Data }>("/graphql/", {
    method: "POST",
    headers: headers({ "Content-Type": "application/json", ...presence() }),
    body,
    ...(signal && { signal }),
  });
  if (!answer.ok) return answer;
  const { data } = answer.data;
  const refused = kind === "mutation" ? refusalIn(data) : null;
  return refused ? { ok: false, problem: refused } : { ok: true, data };
}

function refusalIn(data: unknown): Problem | null {
  const [payload] = Object.values(data as Record<string, { errors: Said[] } | null>);
  return payload?.errors.length ? refusedBy(payload.errors) : null;
}
