/** Keys of the whole page: one place that hears them, so that `?` can list them all. */
import { useEffect } from "preact/hooks";
import { signal } from "@preact/signals";

/** A key and what it does, in the reader's language. `g w` is g, then w. */
export interface Key {
  readonly keys: string;
  readonly does: string;
  readonly run: () => void;
}

/** Every key that works now, those of the screen last. */
export const known = signal<readonly (readonly Key[])[]>([]);

let before = "";
let forgotten = 0;

/** Makes keys work while the component is shown. Give the same array until they change (`useMemo`). */
export function useKeys(keys: readonly Key[]): void {
  useEffect(() => {
    known.value = [...known.peek(), keys];
    return () => {
      known.value = known.peek().filter((one) => one !== keys);
    };
  }, [keys]);
}

function typing(target: EventTarget | null): boolean {
  const at = target instanceof Element ? target : null;
  return Boolean(
    at?.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable], dialog[open]"),
  );
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target) || document.querySelector("dialog:modal")) return;
  const pressed = before ? `${before} ${event.key}` : event.key;
  const all = known.peek().flat().reverse();
  before = "";
  const hit = all.find((one) => one.keys === pressed);
  if (hit) {
    event.preventDefault();
    hit.run();
  } else if (all.some((one) => one.keys.startsWith(`${pressed} `))) {
    before = pressed;
    window.clearTimeout(forgotten);
    forgotten = window.setTimeout(() => (before = ""), 1500);
  }
});
