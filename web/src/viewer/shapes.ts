/** The drawing above a slide: what was annotated, what is being drawn, and what was seen. */
import OpenSeadragon from "openseadragon";
import { svg } from "./dom";
import { sizeOf } from "./measure";
import type { Annotation, Geometry, Info, Position, Trace } from "./wire";

const NEAR = 9; // pixels of the screen within which a click meets a point or a line

/** An SVG above a viewer, in pixels of the image; it follows every movement. */
export class Shapes {
  annotations: Annotation[] = [];
  selected = "";
  draft: { geometry: Geometry; note: string } | null = null;
  hidden = false;
  trace: Trace | null = null;
  private readonly root = svg("svg", { class: "shapes", "aria-hidden": "true" });
  private readonly moved = svg("g");
  private readonly still = svg("g");

  constructor(
    private readonly viewer: OpenSeadragon.Viewer,
    private readonly info: Info,
  ) {
    this.root.append(this.moved, this.still);
    viewer.canvas.append(this.root);
    viewer.addHandler("update-viewport", () => this.follow());
    viewer.addHandler("resize", () => this.follow());
  }

  /** The place on the screen of a place in the image. */
  screen([x, y]: Position): OpenSeadragon.Point {
    const inside = this.viewer.viewport.imageToViewportCoordinates(x, y);
    return this.viewer.viewport.pixelFromPoint(inside, true);
  }

  /** Draws everything anew, after something of it changed. */
  draw(): void {
    this.moved.replaceChildren();
    if (this.trace) this.drawTrace(this.trace);
    const shown = this.hidden ? [] : this.annotations;
    for (const each of shown) this.drawShape(each.geometry, classOf(each, this.selected));
    if (this.draft) this.drawShape(this.draft.geometry, "draft");
    this.follow();
  }

  /** The annotation at a place in the image, the one on top first; none if nothing is near. */
  at(place: Position): Annotation | undefined {
    if (this.hidden) return undefined;
    const reach = NEAR / this.scale();
    return [...this.annotations].reverse().find((each) => meets(each.geometry, place, reach));
  }

  /** Pixels of the screen for one of the image. */
  scale(): number {
    const [a, b] = [this.screen([0, 0]), this.screen([1000, 0])];
    return Math.hypot(b.x - a.x, b.y - a.y) / 1000;
  }

  private follow(): void {
    if (!this.viewer.world.getItemCount()) return;
    const [o, x, y] = [this.screen([0, 0]), this.screen([1000, 0]), this.screen([0, 1000])];
    const matrix = [x.x - o.x, x.y - o.y, y.x - o.x, y.y - o.y].map((part) => part / 1000);
    this.moved.setAttribute("transform", `matrix(${matrix.join(" ")} ${o.x} ${o.y})`);
    this.still.replaceChildren();
    if (this.draft) this.drawWords(this.draft.geometry, this.draft.note, "draft");
    for (const each of this.hidden ? [] : this.annotations) {
      const size = each.kind === "POINT" || each.kind === "TEXT" ? "" : sizeOf(each.geometry, this.info);
      const note = [each.label, each.kind === "LINE" || each.id === this.selected ? size : ""].filter(Boolean);
      this.drawWords(each.geometry, note.join(" · "), classOf(each, this.selected));
    }
  }

  private drawShape(geometry: Geometry, kind: string): void {
    if (geometry.type === "Point") return;
    const line = geometry.type === "LineString";
    const points = line ? geometry.coordinates : geometry.coordinates[0]!;
    const given = { points: points.map((each) => each.join(",")).join(" "), class: kind };
    this.moved.append(svg(line ? "polyline" : "polygon", given));
  }

  private drawWords(geometry: Geometry, note: string, kind: string): void {
    const first = geometry.type === "Point" ? geometry.coordinates : firstOf(geometry);
    if (!first) return;
    const { x, y } = this.screen(first);
    if (geometry.type === "Point") this.still.append(svg("circle", { cx: x, cy: y, r: 5, class: kind }));
    if (!note) return;
    const words = svg("text", { x: x + 8, y: y - 8, class: kind });
    words.textContent = note;
    this.still.append(words);
  }

  /** What was seen, as runs of cells of one nearness. */
  private drawTrace(trace: Trace): void {
    const size = Math.ceil(Math.max(this.info.width, this.info.height) / Math.max(trace.columns, trace.rows));
    const cells = atob(trace.cells);
    for (let row = 0; row < trace.rows; row += 1) {
      for (let column = 0, end = 0; column < trace.columns; column = end) {
        const near = cells.charCodeAt(row * trace.columns + column);
        for (end = column + 1; end < trace.columns; end += 1) {
          if (cells.charCodeAt(row * trace.columns + end) !== near) break;
        }
        if (!near) continue;
        const place = { x: column * size, y: row * size, width: (end - column) * size, height: size };
        this.moved.append(svg("rect", { ...place, class: near >= 40 ? "near" : near >= 20 ? "middle" : "far" }));
      }
    }
  }
}

function classOf(each: Annotation, selected: string): string {
  return [each.mine ? "mine" : "other", each.id === selected ? "selected" : ""].join(" ").trim();
}

function firstOf(geometry: Geometry): Position | undefined {
  return geometry.type === "LineString" ? geometry.coordinates.at(-1) : (geometry as { coordinates: Position[][] }).coordinates[0]?.[0];
}

function meets(geometry: Geometry, place: Position, reach: number): boolean {
  if (geometry.type === "Point") return distance(geometry.coordinates, place) <= reach;
  const line = geometry.type === "LineString" ? geometry.coordinates : geometry.coordinates[0]!;
  if (geometry.type === "Polygon" && within(line, place)) return true;
  return line.slice(1).some((each, n) => fromSegment(place, line[n]!, each) <= reach);
}

function within(ring: Position[], [x, y]: Position): boolean {
  let inside = false;
  for (let n = 1; n < ring.length; n += 1) {
    const [a, b] = [ring[n - 1]!, ring[n]!];
    if (a[1] > y !== b[1] > y && x < ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]) inside = !inside;
  }
  return inside;
}

function fromSegment(place: Position, a: Position, b: Position): number {
  const length = distance(a, b) ** 2;
  const along = length ? ((place[0] - a[0]) * (b[0] - a[0]) + (place[1] - a[1]) * (b[1] - a[1])) / length : 0;
  const kept = Math.max(0, Math.min(1, along));
  return distance(place, [a[0] + kept * (b[0] - a[0]), a[1] + kept * (b[1] - a[1])]);
}

function distance(a: Position, b: Position): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
