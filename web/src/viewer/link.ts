/** A view as the part of an address behind `#`: it opens the same view for whoever may see the slide. */
import type { View } from "./pane";

/** What an address names: a slide and a view of it, and perhaps the slide beside it with its view. */
export interface Linked {
  slide: string;
  view: View | null;
  beside: string | null;
  besideView: View | null;
}

/** The address of what is shown. */
export function linkTo({ slide, view, beside, besideView }: Linked): string {
  const parts = new URLSearchParams();
  if (view) parts.set("v", written(view));
  if (beside) parts.set("with", beside);
  if (beside && besideView) parts.set("w", written(besideView));
  const behind = parts.toString();
  return `/viewer/${encodeURIComponent(slide)}/${behind ? `#${behind}` : ""}`;
}

/** What an address says; a view that makes no sense is as if it were not there. */
export function readLink(): Linked {
  const slide = decodeURIComponent(window.location.pathname.split("/")[2] ?? "");
  const parts = new URLSearchParams(window.location.hash.slice(1));
  const [view, besideView] = [understood(parts.get("v")), understood(parts.get("w"))];
  return { slide, view, beside: parts.get("with"), besideView };
}

function written(view: View): string {
  return [view.x.toFixed(0), view.y.toFixed(0), view.scale.toPrecision(4), (view.turn % 360).toFixed(1)].join(",");
}

function understood(text: string | null): View | null {
  const [x, y, scale, turn] = (text ?? "").split(",").map(Number);
  const told = [x, y, scale, turn].every((part) => Number.isFinite(part)) && scale! > 0;
  return told ? { x: x!, y: y!, scale: scale!, turn: turn! } : null;
}
