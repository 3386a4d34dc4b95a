/** Making elements. */

type Given = Record<string, string | number | boolean | ((event: never) => void) | null>;

/** An element with attributes; a function is listened with, true and false set and leave out an attribute. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  given: Given = {},
  ...inside: (Node | string | null)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  set(made, given);
  made.append(...inside.filter((each) => each !== null));
  return made;
}

/** The same in SVG. */
export function svg<Tag extends keyof SVGElementTagNameMap>(tag: Tag, given: Given = {}): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  set(made, given);
  return made;
}

function set(made: Element, given: Given): void {
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === "function") made.addEventListener(name, value as EventListener);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null) made.setAttribute(name, String(value));
  }
}

/** A button with a word, and the key that does the same. */
export function button(word: string, does: () => void, key = ""): HTMLButtonElement {
  const made = h("button", { type: "button", click: does, title: key ? `${word} (${key})` : word }, word);
  if (key) made.setAttribute("aria-keyshortcuts", key);
  return made;
}

/**
 * OpenSeadragon would put a style into the page, which our policy forbids, unless it finds one with this mark. An
 * element of no language is found and styles nothing; the rule itself stands in page.css.
 */
export function markStyle(): void {
  if (document.querySelector("[data-openseadragon-mobile-css]")) return;
  const mark = document.createElementNS(null, "style");
  mark.setAttribute("data-openseadragon-mobile-css", "true");
  document.head.append(mark);
}
