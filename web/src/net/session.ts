/** Who is signed in, for the whole page; how they came in and how they leave. */
import { computed, effect, signal } from "@preact/signals";
import { Me, type MeData } from "../operations";
import { call, csrfToken, headers, send, whenSignedOut } from "./client";
import { clearDrafts } from "./drafts";
import { closeLive } from "./live";
import { language } from "../words";
import type { Problem } from "./problem";

/** The person and their roles. */
export type Person = NonNullable<MeData["me"]>;

/** asking: not known yet. out: nobody. in: somebody. ended: the session of whoever is still shown has run out. */
export const standing = signal<"asking" | "out" | "in" | "ended">("asking");

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
  await become();
}

/** Signs in; null when that went well, else the problem. */
export async function signIn(username: string, password: string): Promise<Problem | null> {
  if (!csrfToken()) await send("/session/", { headers: headers() });
  const answer = await send<{ person: { id: string } }>("/session/", {
    method: "POST",
    headers: headers({ "Content-Type": "application/json" }),
    body: JSON.stringify({ username, password }),
  });
  if (!answer.ok) return answer.problem;
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
  if (!answer.ok && answer.problem.kind !== "signedOut") return (trouble.value = answer.problem);
  trouble.value = null;
  if (!answer.ok || !answer.data.me) {
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
  const answer = await send("/session/", { method: "DELETE", headers: headers() });
  if (!answer.ok && answer.problem.kind !== "signedOut") return answer.problem;
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
  if (standing.peek() === "out" || standing.peek() === "asking") return Promise.resolve(false);
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
