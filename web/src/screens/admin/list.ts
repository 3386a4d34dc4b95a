/** A list of members on its way: tried without a key, imported with one. */
import { headers, newKey, send, signInAgain } from "../../net/client";
import type { Answer } from "../../net/problem";

/** One mistake: the line of the file (0 the file as a whole), its column, the value as it stands, the remedy. */
export interface Mistake {
  readonly line: number;
  readonly column: string;
  readonly value: string;
  readonly message: string;
}

/** What became of the rows of one kind, or would. */
export interface Counted {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly new: readonly string[];
  readonly changes: readonly { readonly name: string; readonly fields: readonly string[] }[];
}

/** The kinds of rows that a list is about, in the order in which they are told. */
export const KINDS = ["hospitals", "departments", "capabilities", "memberships"] as const;
export type Kind = (typeof KINDS)[number];

/** What the server says of a list. */
export interface Verdict {
  readonly imported: boolean;
  readonly report: Readonly<Record<Kind, Counted>> | null;
  readonly problems: readonly Mistake[];
  readonly problemCount: number;
}

/** The largest file the server takes, in bytes. */
export const MOST = 10 * 1024 * 1024;

/** How a list is sent: `import` keeps its key until it was answered, so that a cut line has one effect. */
export function listOf(alliance: string, file: File) {
  const key = newKey();
  async function ask(more: Record<string, string>): Promise<Answer<Verdict>> {
    const form = new FormData();
    for (const [name, value] of Object.entries({ alliance, ...more })) form.append(name, value);
    form.append("file", file, file.name);
    const answer = await send<Verdict>("/members/", { method: "POST", headers: headers(), body: form });
    if (!answer.ok && answer.problem.kind === "signedOut" && (await signInAgain())) return ask(more);
    return answer;
  }
  return { key, name: file.name, try: () => ask({}), import: () => ask({ idempotencyKey: key }) };
}
