/** The addresses below /session/: signing in, and one's own ways in. */
import { csrfToken, headers, send, signInAgain } from "./client";
import type { Answer } from "./problem";

/** How a second factor can be shown. */
export type Way = "TOTP" | "SECURITY_KEY" | "RECOVERY_CODE" | "PASSWORD" | "HOSPITAL";

/** What the server says of whoever is at the door. */
export interface Standing {
  readonly person: { readonly id: string; readonly username: string; readonly name: string } | null;
  /** mfa: a second factor is awaited. enrol: one must be enrolled before anything else. */
  readonly pending?: "mfa" | "enrol";
  readonly factors?: readonly Way[];
  readonly providers?: readonly { readonly id: string; readonly name: string }[];
  /** Why a hospital's own sign-in let nobody in. */
  readonly problem?: string;
}

/** Asks at the door; nobody is asked to sign in for it. */
export async function atTheDoor<Body>(path: string, method = "GET", body?: object): Promise<Answer<Body>> {
  if (method !== "GET" && !csrfToken()) await send("/session/", { headers: headers() });
  return send<Body>(`/session/${path}`, {
    method,
    headers: headers(body ? { "Content-Type": "application/json" } : {}),
    ...(body && { body: JSON.stringify(body) }),
  });
}

/** Asks about one's own ways in; who must sign in again for it does so first. */
export async function ownWays<Body>(path: string, method = "GET", body?: object): Promise<Answer<Body>> {
  for (;;) {
    const answer = await atTheDoor<Body>(path, method, body);
    if (answer.ok || answer.problem.kind !== "signedOut" || !(await signInAgain())) return answer;
  }
}
