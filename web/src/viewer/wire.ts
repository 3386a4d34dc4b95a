/** The shape of what the page gets from the server; what it asks stands in viewer.graphql. */

export type Position = [number, number];
export type Kind = "POINT" | "BOX" | "POLYGON" | "LINE" | "TEXT";
export type Geometry =
  | { type: "Point"; coordinates: Position }
  | { type: "LineString"; coordinates: Position[] }
  | { type: "Polygon"; coordinates: Position[][] };

export interface Annotation {
  id: string;
  kind: Kind;
  geometry: Geometry;
  label: string;
  visibility: "SHOWN" | "HIDDEN";
  version: number;
  mine: boolean;
  person: { name: string };
}

export interface KeyImage {
  id: string;
  slideId: string;
  url: string;
  caption: string;
  x: number;
  y: number;
  width: number;
  height: number;
  slideSha256: string;
  mine: boolean;
}

export interface Glass {
  slideId: string;
  imageId: string | null;
  barcode: string;
  stain: string;
  marker: string;
  block: string;
  site: string;
  opened: boolean;
  share: number;
}

export interface Trace {
  columns: number;
  rows: number;
  cells: string;
  share: number;
}

export interface Screen {
  caseNumber: string;
  shown: Glass;
  slides: Glass[];
  annotations: Annotation[];
  keyImages: KeyImage[];
  trace: Trace | null;
  mayAnnotate: boolean;
  mayKeep: boolean;
}

export interface Level {
  width: number;
  height: number;
  tileWidth: number;
  tileHeight: number;
  columns: number;
  rows: number;
  downsample: number;
}

export interface Info {
  id: string;
  width: number;
  height: number;
  mpp: number | null;
  mppX: number | null;
  mppY: number | null;
  magnification: number | null;
  levels: Level[];
  tiles: string;
  grantEndsAt: string;
}
