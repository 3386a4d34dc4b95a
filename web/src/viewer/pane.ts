/** One slide on the screen: its tiles, what lies above them, the scale bar, and what is reported of it. */
import OpenSeadragon from "openseadragon";
import { OpenSlide, SlideScreen } from "../operations";
import { act, ask, reachable, read, statusOf, Trouble } from "./api";
import { h } from "./dom";
import { Looking, type Look } from "./looking";
import { barOf } from "./measure";
import { Pen } from "./pen";
import { Shapes } from "./shapes";
import { sourceOf } from "./source";
import { say } from "./words";
import type { Geometry, Info, Kind, Position, Screen } from "./wire";

/** Where one looks: the middle in pixels of the image, screen pixels for one of the image, degrees. */
export interface View {
  x: number;
  y: number;
  scale: number;
  turn: number;
}

/** A part of the image, in its pixels. */
export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Who hears of a pane. */
export interface Listener {
  moved(pane: Pane): void;
  drawn(pane: Pane, kind: Kind, geometry: Geometry): void;
  picked(pane: Pane, id: string): void;
  trouble(pane: Pane, trouble: Trouble): void;
  grown(pane: Pane): void;
}

const OPTIONS = {
  drawer: "canvas", // works on every machine, and shows the scanner's own colours
  showNavigationControl: false,
  showNavigator: true,
  navigatorPosition: "TOP_RIGHT",
  navigatorAutoFade: false,
  navigatorSizeRatio: 0.18,
  animationTime: 0.4,
  maxZoomPixelRatio: 2,
  minZoomImageRatio: 0.8,
  visibilityRatio: 0.3,
  preserveImageSizeOnResize: true,
  immediateRender: true, // the coarse levels first: something at once, also on a thin line
  tileRetryMax: 3,
  tileRetryDelay: 1200,
  timeout: 20_000,
  imageLoaderLimit: 8,
  gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: false },
  gestureSettingsTouch: { pinchRotate: true },
} as const;

/** A slide that is shown; `open` makes one. */
export class Pane {
  readonly shapes: Shapes;
  readonly looking: Looking;
  pen: Pen | null = null;
  private readonly bar = h("div", { class: "bar" });
  private readonly cross = h("div", { class: "cross", hidden: true });
  private renewal = 0;
  private opened = false;
  private asking = false;
  private readonly failures = new Map<OpenSeadragon.Tile, number>(); // of each tile, since it was last asked for anew
  private dragged: Position | null = null;

  private constructor(
    readonly element: HTMLElement,
    readonly viewer: OpenSeadragon.Viewer,
    readonly info: Info,
    public screen: Screen,
    private readonly listener: Listener,
  ) {
    this.shapes = new Shapes(viewer, info);
    this.shapes.annotations = screen.annotations;
    this.looking = new Looking(
      screen.shown.slideId,
      (trace) => {
        this.screen = { ...this.screen, trace };
        this.screen.shown.share = trace.share;
        if (this.shapes.trace) this.showTrace(true);
        listener.grown(this);
      },
      (trouble) => listener.trouble(this, trouble),
    );
    element.append(this.bar, this.cross);
    this.listen();
    this.renewLater(info);
    this.shapes.draw();
  }

  /** Shows a slide inside an element; a Trouble says why it cannot be shown. */
  static async open(inside: HTMLElement, slide: string, listener: Listener, view: View | null): Promise<Pane> {
    const { slideScreen } = await ask<{ slideScreen: Screen }>(SlideScreen, { slide });
    const image = slideScreen.shown.imageId;
    if (!image) throw new Trouble("refused", say("noImage"));
    const info = (await read<{ slide: Info }>(`/slides/${image}/info`).catch((error: Trouble) => {
      throw error.cause_ === "fault" ? new Trouble("fault", say("unreadable")) : error;
    })).slide;
    const stage = h("div", { class: "stage", role: "group", "aria-label": say("stage") });
    const element = h("section", { class: "pane" }, stage);
    inside.append(element);
    const viewer = new OpenSeadragon.Viewer({ ...OPTIONS, element: stage } as never);
    viewer.addHandler("canvas-key", (event) => {
      event.preventDefaultAction = true; // the page has keys of its own
    });
    await new Promise<void>((ready) => {
      viewer.addOnceHandler("open", () => ready());
      viewer.open(sourceOf(info) as never);
    });
    const made = new Pane(element, viewer, info, slideScreen, listener);
    if (view) made.look(view, true);
    return made;
  }

  /** Takes it off the screen; what was seen is still reported. */
  close(): void {
    window.clearTimeout(this.renewal);
    this.looking.end();
    this.viewer.destroy();
    this.element.remove();
  }

  /** Where one looks now. */
  view(): View {
    const { viewport } = this.viewer;
    const middle = viewport.viewportToImageCoordinates(viewport.getCenter(true));
    return { x: middle.x, y: middle.y, scale: this.shapes.scale(), turn: viewport.getRotation(true) };
  }

  /** Looks somewhere. */
  look(view: View, at_once = false): void {
    const { viewport } = this.viewer;
    viewport.setRotation(view.turn, true);
    viewport.zoomTo(viewport.imageToViewportZoom(view.scale), undefined, at_once);
    viewport.panTo(viewport.imageToViewportCoordinates(view.x, view.y), at_once);
    viewport.applyConstraints(at_once);
  }

  /** Moves the view, in viewport units as they are on the screen. */
  pan(x: number, y: number): void {
    const { viewport } = this.viewer;
    const way = new OpenSeadragon.Point(x, y).rotate(-viewport.getRotation(true));
    viewport.panBy(way);
    viewport.applyConstraints();
  }

  /** Shows a magnification as under a microscope; the middle stays. */
  magnify(times: number): void {
    const { viewport } = this.viewer;
    viewport.zoomTo(viewport.imageToViewportZoom(times / this.objective()));
    viewport.applyConstraints();
  }

  /** The objective of the scan; from the scale where the file does not tell, 40 where it tells nothing. */
  objective(): number {
    return this.info.magnification ?? (this.info.mpp ? 10 / this.info.mpp : 40);
  }

  /** The part of the image that is visible, cut at its edges; nothing if none is. */
  region(): Region | null {
    const { viewport } = this.viewer;
    return this.cut(viewport.viewportToImageRectangle(viewport.getBounds(true)).getBoundingBox());
  }

  private cut(seen: OpenSeadragon.Rect): Region | null {
    const [left, top] = [Math.max(0, Math.floor(seen.x)), Math.max(0, Math.floor(seen.y))];
    const right = Math.min(this.info.width, Math.ceil(seen.x + seen.width));
    const bottom = Math.min(this.info.height, Math.ceil(seen.y + seen.height));
    return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null;
  }

  /** Puts the pen down for a shape of a kind, or takes it up. */
  take(kind: Kind | null): void {
    this.pen = kind ? new Pen(kind, this.info) : null;
    this.cross.hidden = !kind;
    this.element.classList.toggle("drawing", kind !== null);
    this.sketch();
  }

  /** Sets a place of the shape: that of the pointer, or the middle of the view. */
  set(place: Position = this.middle()): void {
    if (this.pen?.set(place)) this.finish();
    else this.sketch();
  }

  /** Ends the shape; too little of one is dropped. */
  finish(): void {
    const pen = this.pen;
    if (!pen) return;
    const geometry = pen.whole();
    this.take(null);
    if (!geometry) return;
    this.shapes.draft = { geometry, note: "" };
    this.shapes.draw();
    this.listener.drawn(this, pen.kind, geometry);
  }

  /** Shows or hides what was seen. */
  showTrace(shown: boolean): void {
    this.shapes.trace = shown ? this.screen.trace : null;
    this.shapes.draw();
  }

  /** Asks for a new grant and loads again what failed. */
  async refresh(): Promise<void> {
    try {
      const { slide } = await read<{ slide: Info }>(`/slides/${this.info.id}/info`);
      this.renewLater(slide);
      // OpenSeadragon takes a tile that failed for one that is not there, and never asks again.
      for (const tile of this.failures.keys()) tile.exists = true;
      this.failures.clear();
      this.viewer.world.getItemAt(0)?.reset();
      this.viewer.forceRedraw();
    } catch (error) {
      this.listener.trouble(this, error as Trouble);
    }
  }

  private middle(): Position {
    const { x, y } = this.view();
    return [x, y];
  }

  private sketch(): void {
    const geometry = this.pen?.sketch() ?? null;
    this.shapes.draft = geometry ? { geometry, note: "" } : null;
    this.shapes.draw();
  }

  private renewLater(info: Info): void {
    window.clearTimeout(this.renewal);
    const left = new Date(info.grantEndsAt).getTime() - Date.now();
    this.renewal = window.setTimeout(
      () => {
        read<{ slide: Info }>(`/slides/${this.info.id}/info`).then(
          ({ slide }) => this.renewLater(slide),
          (error: Trouble) => this.listener.trouble(this, error),
        );
      },
      Math.max(5000, left * 0.8),
    );
  }

  private place(position: OpenSeadragon.Point): Position {
    const { viewport } = this.viewer;
    const { x, y } = viewport.viewportToImageCoordinates(viewport.pointFromPixel(position, true));
    return [x, y];
  }

  private listen(): void {
    const { viewer } = this;
    for (const name of ["update-viewport", "resize"] as const) viewer.addHandler(name, () => this.showScale());
    viewer.addHandler("viewport-change", () => {
      this.looking.view(() => this.seen());
      this.listener.moved(this);
    });
    viewer.addHandler("tile-drawn", () => this.firstSeen());
    viewer.addHandler("tile-load-failed", (event) => void this.tileFailed(event.tile));
    viewer.addHandler("canvas-click", (event) => {
      const place = this.place(event.position);
      if (event.quick && !this.pen) this.listener.picked(this, this.shapes.at(place)?.id ?? "");
      if (this.pen && event.quick) this.set(place);
      event.preventDefaultAction = true;
    });
    viewer.addHandler("canvas-double-click", (event) => {
      event.preventDefaultAction = true;
      if (this.pen) this.finish();
      else viewer.viewport.zoomBy(2, viewer.viewport.pointFromPixel(event.position, true));
    });
    viewer.addHandler("canvas-press", (event) => {
      this.dragged = this.pen?.kind === "BOX" ? this.place(event.position) : null;
    });
    viewer.addHandler("canvas-drag", (event) => {
      if (!this.pen || !this.dragged) return;
      event.preventDefaultAction = true;
      if (!this.pen.corners.length) this.pen.set(this.dragged);
      this.pen.follow(this.place(event.position));
      this.sketch();
    });
    viewer.addHandler("canvas-drag-end", (event) => {
      if (!this.pen || !this.dragged) return;
      event.preventDefaultAction = true;
      this.set(this.place(event.position));
    });
    new OpenSeadragon.MouseTracker({
      element: viewer.canvas,
      userData: "pen",
      startDisabled: false,
      moveHandler: (event: { position: OpenSeadragon.Point }) => {
        if (!this.pen || this.dragged) return;
        this.pen.follow(this.place(event.position));
        this.sketch();
      },
    } as never);
  }

  /** What rests before the eyes, once its tiles are there. */
  private seen(): Look | null {
    const { viewport } = this.viewer;
    const bounds = viewport.viewportToImageRectangle(viewport.getBounds(true));
    const slanting = viewport.getRotation(true) % 90 !== 0;
    // Of a slanting view only the square that surely lies within it counts.
    const half = Math.min(bounds.width, bounds.height) / 2 / Math.SQRT2;
    const middle = bounds.getCenter();
    const sure = new OpenSeadragon.Rect(middle.x - half, middle.y - half, 2 * half, 2 * half);
    const region = slanting ? this.cut(sure) : this.region();
    if (!region || document.hidden) return null;
    return { ...region, scale: Math.min(1, this.shapes.scale() * window.devicePixelRatio) };
  }

  private firstSeen(): void {
    if (this.opened) return;
    this.opened = true;
    this.looking.view(() => this.seen());
    const { shown } = this.screen;
    act(OpenSlide, { id: shown.slideId }).then(
      () => {
        shown.opened = true;
        this.listener.grown(this);
      },
      (error: Trouble) => {
        this.opened = error.cause_ === "refused"; // whoever may only look opens nothing
        if (!this.opened) this.listener.trouble(this, error);
      },
    );
  }

  /** A tile that fails is tried again by itself; what no trying mends is told at once, the rest when all trying ended. */
  private async tileFailed(tile: OpenSeadragon.Tile): Promise<void> {
    const times = (this.failures.get(tile) ?? 0) + 1;
    this.failures.set(tile, times);
    if (this.asking) return;
    this.asking = true;
    const status = await statusOf(tile.getUrl());
    const cut = status === 0 && !(await reachable());
    this.asking = false;
    const word = cut ? "lineLost" : status === 401 ? "expired" : status === 404 ? "notShown" : "tileFailed";
    const cause = { lineLost: "line", expired: "expired", notShown: "absent", tileFailed: "fault" } as const;
    if (word === "tileFailed" && times <= OPTIONS.tileRetryMax) return;
    this.listener.trouble(this, new Trouble(cause[word], say(word)));
  }

  private showScale(): void {
    const scale = this.shapes.scale();
    const times = this.objective() * scale;
    const shown = times >= 10 ? times.toFixed(0) : times.toPrecision(2);
    const words = this.info.magnification ? `${shown}×` : say("approximate", shown);
    if (!this.info.mpp) {
      this.bar.replaceChildren(h("span", { class: "times" }, words), h("span", {}, say("noScale")));
      return;
    }
    const { width, words: length } = barOf(160, this.info.mpp / scale);
    const line = h("span", { class: "line" });
    line.style.width = `${width.toFixed(1)}px`;
    this.bar.replaceChildren(h("span", { class: "times" }, words), h("span", { class: "ruler" }, length, line));
  }
}
