/** A view as the part of an address behind `#`: it opens the same view for whoever may see the slide. */
import type { View } from "./pane";

/** The address of a slide, a view of it, and the slide beside it. */
export function linkTo(slide: string, view: View | null, beside: string | null): string {
  const parts = new URLSearchParams();
  if (view) {
    const numbers = [view.x.toFixed(0), view.y.toFixed(0), view.scale.toPrecision(4), (view.turn % 360).toFixed(1)];
    parts.set("v", numbers.join(","));
  }
  if (beside) parts.set("with", beside);
  const behind = parts.toString();
  return `/viewer/${encodeURIComponent(slide)}/${behind ? `#${behind}` : ""}`;
}

/** What an address says; a view that makes no sense is as if it were not there. */
export function readLink(): { slide: string; view: View | null; beside: string | null } {
  const slide = decodeURIComponent(window.location.pathname.split("/")[2] ?? "");
  const parts = new URLSearchParams(window.location.hash.slice(1));
  const [x, y, scale, turn] = (parts.get("v") ?? "").split(",").map(Number);
  const told = [x, y, scale, turn].every((part) => Number.isFinite(part)) && scale! > 0;
  return { slide, view: told ? { x: x!, y: y!, scale: scale!, turn: turn! } : null, beside: parts.get("with") };
}
