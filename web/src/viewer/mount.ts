/** The viewer inside a page of the front: in a tree of its own, so that neither's style nor keys reach the other. */
import style from "./page.css?inline";
import { App, type Host } from "./app";
import { h, markStyle } from "./dom";

export type { Host } from "./app";
export type { Glass, KeyImage, Screen } from "./wire";

/** Puts the viewer into an empty element; it fills it. `close` takes it away, after which the element is used up. */
export function mount(element: HTMLElement, host: Host): App {
  markStyle();
  const root = element.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [sheet];
  const page = h("div", { id: "page", class: "inside" });
  root.append(page);
  // What is typed in here is not for the page around; its keys would see no more than that something was pressed.
  element.addEventListener("keydown", (event) => event.stopPropagation());
  return new App(page, host);
}
