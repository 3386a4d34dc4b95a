/** Drawing by mouse, touch or keyboard: places become a geometry of the kind that was chosen. */
import type { Geometry, Info, Kind, Position } from "./wire";

/** A pen that is down until its shape is whole; `corners` are places in the image. */
export class Pen {
  corners: Position[] = [];
  hover: Position | null = null;

  constructor(
    readonly kind: Kind,
    private readonly info: Info,
  ) {}

  /** Takes a place, moved into the image; true when that makes the shape whole. */
  set(place: Position): boolean {
    this.corners.push(this.inside(place));
    if (this.kind === "POINT" || this.kind === "TEXT") return true;
    return this.kind === "BOX" && this.corners.length === 2;
  }

  /** Follows the pointer. */
  follow(place: Position): void {
    this.hover = this.inside(place);
  }

  /** The shape so far with the place of the pointer, nothing while there is too little of it. */
  sketch(): Geometry | null {
    const corners = this.hover ? [...this.corners, this.hover] : this.corners;
    if (!corners.length) return null;
    if (this.kind === "POLYGON") return { type: "LineString", coordinates: [...corners, corners[0]!] };
    return shaped(this.kind, corners) ?? { type: "LineString", coordinates: corners };
  }

  /** The whole shape; nothing if it has no length or no area. */
  whole(): Geometry | null {
    return shaped(this.kind, this.corners);
  }

  private inside([x, y]: Position): Position {
    const held = (value: number, most: number) => Math.round(Math.max(0, Math.min(most, value)) * 10) / 10;
    return [held(x, this.info.width), held(y, this.info.height)];
  }
}

function shaped(kind: Kind, given: Position[]): Geometry | null {
  // A double click sets its place twice.
  const corners = given.filter((each, n) => !n || each[0] !== given[n - 1]![0] || each[1] !== given[n - 1]![1]);
  const [first, last] = [corners[0], corners.at(-1)];
  if (!first || !last) return null;
  if (kind === "POINT" || kind === "TEXT") return { type: "Point", coordinates: first };
  if (kind === "LINE") return corners.length < 2 ? null : { type: "LineString", coordinates: corners };
  if (kind === "POLYGON") return corners.length < 3 ? null : { type: "Polygon", coordinates: [[...corners, first]] };
  if (first[0] === last[0] || first[1] === last[1]) return null;
  const [left, right] = [Math.min(first[0], last[0]), Math.max(first[0], last[0])];
  const [top, bottom] = [Math.min(first[1], last[1]), Math.max(first[1], last[1])];
  const ring: Position[] = [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
    [left, top],
  ];
  return { type: "Polygon", coordinates: [ring] };
}
