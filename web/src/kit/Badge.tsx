import type { ComponentChildren } from "preact";

/** How a badge looks; the word in it says the same. */
export type Tone = "plain" | "info" | "good" | "warn" | "bad" | "stat";

/** A short word about a row: its status, its priority. */
export function Badge({ tone = "plain", children }: { readonly tone?: Tone; readonly children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}
