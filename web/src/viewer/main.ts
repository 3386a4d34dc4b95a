/** The viewer's page. */
import "./page.css";
import { App } from "./app";
import { markStyle } from "./dom";
import { language } from "./words";

markStyle();
document.documentElement.lang = language();
const app = new App(document.getElementById("page")!);
void app.open();
