/** The front's beginning: finds out who is signed in and shows the shell. */
import "../kit/theme.css";
import "../kit/kit.css";
import "./shell.css";
import { render } from "preact";
import { begin } from "../net/session";
import { place } from "./router";
import { screenAt } from "./screens";
import { Shell } from "./Shell";

const page = document.getElementById("page");
if (!page) throw new Error("the page has no place for the front");
page.replaceChildren();
render(<Shell />, page);
void begin();
// The screen is fetched while we ask who is there; should it not come, the stage will say so.
screenAt(place.peek().path)
  ?.screen.load()
  .catch(() => undefined);
