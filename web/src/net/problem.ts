/** What can go wrong with a request, in kinds that a page can act on. */
import type { ErrorCode } from "../operations";
import { words } from "./words";

/** line: no answer came. signedOut: sign in first. outdated: reload. refused: a person can mend it. fault: ours. */
export type Kind = "line" | "signedOut" | "outdated" | "refused" | "fault";

/** Why something was not done: a sentence in the reader's language that names the remedy, and where it belongs. */
export interface Problem {
  readonly kind: Kind;
  readonly code: ErrorCode | "";
  readonly message: string;
  /** The input field it is about, camelCase, dotted when nested. */
  readonly field: string;
  /** Every refusal, when one answer held several; the first is the problem itself. */
  readonly all: readonly Said[];
  /** What to tell an administrator after a fault. */
  readonly requestId: string;
}

/** One refusal as the server words it. */
export interface Said {
  readonly code: ErrorCode;
  readonly message: string;
  readonly field: string | null;
}

/** Either what was asked for, or the problem. */
export type Answer<Data> =
  { readonly ok: true; readonly data: Data } | { readonly ok: false; readonly problem: Problem };

/** A problem of a kind; the sentence is ours unless the server gave one. */
export function problem(kind: Kind, message: string, rest: Partial<Problem> = {}): Problem {
  return { kind, message, code: "", field: "", all: [], requestId: "", ...rest };
}

/** The problem of a line that is cut. */
export function lineLost(): Problem {
  return problem("line", words().lineLost);
}

/** The problem that refusals in a mutation's answer make. */
export function refusedBy(errors: readonly Said[]): Problem {
  const [first] = errors;
  if (!first) throw new Error("no refusal");
  const kind = first.code === "UNAUTHENTICATED" ? "signedOut" : "refused";
  return problem(kind, first.message, { code: first.code, field: first.field ?? "", all: errors });
}

interface WireError {
  message?: string;
  extensions?: { code?: ErrorCode; field?: string; requestId?: string };
}

/** The problem of an answer that holds an error, or that is no answer of ours; null when it holds none. */
export function problemOf(status: number, body: unknown, requestId: string): Problem | null {
  const said = (body as { errors?: WireError[] } | null)?.errors?.[0];
  const code: ErrorCode | "" = said?.extensions?.code ?? "";
  const rest = { code, field: said?.extensions?.field ?? "", requestId: said?.extensions?.requestId ?? requestId };
  if (code === "UNAUTHENTICATED") return problem("signedOut", said?.message ?? words().signedOut, rest);
  if (code === "UNKNOWN_DOCUMENT") return problem("outdated", said?.message ?? words().outdated, rest);
  // A proxy before a server that is down: nobody knows whether it was done.
  if (!said && [502, 503, 504].includes(status)) return lineLost();
  if (code === "UNAVAILABLE") return problem("line", said?.message ?? words().lineLost, rest); // it was not begun
  if (code === "INTERNAL" || status >= 500) return problem("fault", said?.message ?? words().fault(requestId), rest);
  if (said) return problem("refused", said.message ?? words().unreadable(status), rest);
  if (status >= 400 || body === null) return problem("fault", words().unreadable(status), rest);
  return null;
}
