/** The keyboard: one table that the page obeys and that the help lists. */
import { h } from "./dom";
import { say, type Word } from "./words";

/** One row: the keys as `event.key` names them, how the help shows them, what they do. */
export interface Key {
  keys: string[];
  shown: string;
  word: Word;
  does: (event: KeyboardEvent) => void;
}

/** Obeys a table where `within` hears of keys and until the signal, except while somebody types or a dialog is open. */
export function obey(table: Key[], within: Document | HTMLElement, signal: AbortSignal): void {
  const hear = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    const root = target.getRootNode() as Document | ShadowRoot;
    if (event.ctrlKey || event.metaKey || event.altKey || root.querySelector("dialog[open]")) return;
    if (target.closest("input, textarea, select")) return;
    // A button that has the focus keeps the keys that press it.
    if (target.closest("button, a") && (event.key === "Enter" || event.key === " ")) return;
    const found = table.find((row) => row.keys.includes(event.key));
    if (!found) return;
    event.preventDefault();
    found.does(event);
  };
  within.addEventListener("keydown", hear as EventListener, { signal });
}

/** The table as a list of words. */
export function listed(table: Key[]): HTMLElement {
  const rows = table.map((row) =>
    h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, row.shown)), h("td", {}, say(row.word))),
  );
  return h("table", { class: "keys" }, h("tbody", {}, ...rows));
}
