/** The viewer's page. */
import "./page.css";
import { App } from "./app";
import { language } from "./words";

// OpenSeadragon would put a style into the page, which our policy forbids, unless it finds one with this mark. An
// element of no language is found and styles nothing; the rule itself stands in page.css.
const mark = document.createElementNS(null, "style");
mark.setAttribute("data-openseadragon-mobile-css", "true");
document.head.append(mark);

document.documentElement.lang = language();
const app = new App(document.getElementById("page")!);
void app.open();
