/** The viewer: one slide or two in step, what is drawn and kept on them, and what the keys do. */
import { AnnotateSlide, ChangeAnnotation, DeleteAnnotation, DiscardKeyImage, KeepKeyImage } from "../operations";
import { act, reachable, Trouble } from "./api";
import { askToSignIn, Band, copyLink, showDialog } from "./dialogs";
import { button, h } from "./dom";
import { listed, obey, type Key } from "./keys";
import { linkTo, readLink } from "./link";
import { sizeOf } from "./measure";
import { Pane, type Listener, type View } from "./pane";
import { Panel } from "./panel";
import { Step } from "./step";
import { say, switchLanguage } from "./words";
import type { Annotation, Geometry, KeyImage, Kind, Screen } from "./wire";

const TOOLS: Kind[] = ["POINT", "BOX", "POLYGON", "LINE", "TEXT"];

/** A page of the front that shows the viewer inside itself; without one the viewer is the page. */
export interface Host {
  /** What is shown, what was opened, or what was kept has changed. */
  changed(screen: Screen): void;
  /** The session ended; resolves to whether the same person signed in again. */
  signInAgain(): Promise<boolean>;
  /** The key `e`: the way out of the viewer. */
  leave(): void;
}

/** The viewer; `open` shows the slide that the page's address names, `show` any. */
export class App implements Listener {
  private readonly band = new Band();
  private readonly hint = h("span", { class: "hint", "aria-live": "polite" });
  private readonly title: HTMLElement;
  private readonly stages: HTMLElement;
  private readonly over = new AbortController();
  private readonly panel: Panel;
  private readonly keys: Key[];
  private readonly tools = new Map<Kind, HTMLButtonElement>();
  private first: Pane | null = null;
  private second: Pane | null = null;
  private active: Pane | null = null;
  private step: Step | null = null;
  private repair: Promise<void> | null = null;
  private opening = 0;
  private linkLater = 0;

  constructor(
    private readonly page: HTMLElement,
    private readonly host: Host | null = null,
  ) {
    // A page has one heading and one main part; inside another page there are both already.
    this.title = h(host ? "p" : "h1", { class: "title" });
    this.stages = h(host ? "div" : "main", { class: "stages" });
    this.panel = new Panel(h(host ? "div" : "aside", { class: "panel" }), {
      open: (slide) => void this.show(slide),
      select: (id) => this.active && this.select(this.active, id, true),
      change: (each, input) => void this.change(each, input),
      remove: (each) => void this.remove(each),
      visit: (image) => void this.visit(image),
      discard: (image) => void this.discard(image),
    });
    this.keys = this.table();
    const tools = TOOLS.map((kind) => {
      const made = button(
        say(kind),
        () => this.take(kind),
        this.keys.find((row) => row.word === toolWord(kind))!.shown,
      );
      this.tools.set(kind, made);
      return made;
    });
    const bar = h(
      host ? "div" : "header",
      { class: "head" },
      this.title,
      h("div", { class: "tools", role: "toolbar" }, ...tools, ...this.buttons()),
      this.hint,
    );
    page.replaceChildren(bar, this.band.element, this.stages, this.panel.element);
    const { signal } = this.over;
    obey(this.keys, host ? page : document, signal);
    const tell = () => this.panes().forEach((pane) => void pane.looking.send());
    document.addEventListener("visibilitychange", () => document.hidden && tell(), { signal });
    window.addEventListener("pagehide", tell, { signal });
    if (!host) window.addEventListener("hashchange", () => void this.open(), { signal });
  }

  /** Takes the viewer off the page; what was seen is still reported. */
  close(): void {
    this.over.abort();
    this.opening += 1;
    window.clearTimeout(this.linkLater);
    for (const pane of this.panes()) pane.close();
    this.first = this.second = this.active = null;
    this.page.replaceChildren();
  }

  /** Gives the keys to the slide. */
  focus(): void {
    this.active?.viewer.canvas.focus();
  }

  /** Goes to where a key image was taken. */
  async visit(image: Pick<KeyImage, "slideId" | "x" | "y" | "width" | "height">): Promise<void> {
    const pane = this.first;
    if (!pane) return;
    const { clientWidth, clientHeight } = pane.element;
    const scale = Math.min(clientWidth / image.width, clientHeight / image.height);
    const view = { x: image.x + image.width / 2, y: image.y + image.height / 2, scale, turn: 0 };
    if (image.slideId === pane.screen.shown.slideId) pane.look(view);
    else await this.show(image.slideId, view);
  }

  /** Shows what the address names. */
  async open(): Promise<void> {
    const { slide, view, beside, besideView } = readLink();
    await this.show(slide, view);
    if (beside && this.first) await this.compare(beside, view, besideView);
  }

  // --- what a pane tells -----------------------------------------------------------------------------------------

  moved(pane: Pane): void {
    this.step?.moved(pane);
    window.clearTimeout(this.linkLater);
    if (!this.host) this.linkLater = window.setTimeout(() => history.replaceState(null, "", this.link()), 400);
  }

  drawn(pane: Pane, kind: Kind, geometry: Geometry): void {
    this.mark(null);
    const save = pane.screen.mayAnnotate
      ? (label: string, hidden: boolean) => {
          const given = { slide: pane.screen.shown.slideId, kind, geometry, label };
          void this.save(pane, { ...given, visibility: hidden ? "HIDDEN" : "SHOWN" });
        }
      : null;
    const note = sizeOf(geometry, pane.info);
    pane.shapes.draft = { geometry, note };
    pane.shapes.draw();
    this.panel.ask({
      title: say(kind),
      note,
      required: kind === "TEXT",
      hideable: true,
      save,
      discard: () => this.drop(),
    });
  }

  picked(pane: Pane, id: string): void {
    this.active = pane;
    this.select(pane, id);
  }

  grown(pane: Pane): void {
    const { slideId, opened, share } = pane.screen.shown;
    for (const each of this.panes().flatMap(({ screen }) => screen.slides)) {
      if (each.slideId === slideId) Object.assign(each, { opened, share });
    }
    this.list();
  }

  /** Tells what is wrong and mends it: signs in again, waits for the line, loads again. */
  trouble(pane: Pane | null, trouble: Trouble): void {
    // What mends the line or the session mends it for every pane, once.
    if (!this.repair) void this.mend(trouble, () => this.refreshed());
    if (trouble.cause_ === "absent" && pane) pane.element.classList.add("gone");
  }

  private async mend(trouble: Trouble, again: () => Promise<void>): Promise<void> {
    if (trouble.cause_ !== "expired" && trouble.cause_ !== "line") {
      this.band.show(trouble.message, () => {
        this.band.hide();
        void again();
      });
      return;
    }
    this.repair ??= (trouble.cause_ === "expired" ? this.signIn(trouble.message) : this.lineIsBack()).finally(() => {
      this.repair = null;
    });
    await this.repair;
    await again();
  }

  private async signIn(sentence: string): Promise<void> {
    if (!this.host) return askToSignIn(sentence);
    while (!(await this.host.signInAgain())) await new Promise((later) => window.setTimeout(later, 2000));
  }

  private async refreshed(): Promise<void> {
    await Promise.all(this.panes().map((pane) => pane.refresh()));
  }

  private async lineIsBack(): Promise<void> {
    this.band.show(say("lineLost"));
    while (!this.over.signal.aborted && !(await reachable()))
      await new Promise((later) => window.setTimeout(later, 2000));
    this.band.hide();
  }

  /** Does something with the server; what goes wrong is told and, once mended, done again. */
  private async doing(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      await this.mend(error, () => this.doing(work));
    }
  }

  // --- slides ----------------------------------------------------------------------------------------------------

  /** Shows a slide. */
  async show(slide: string, view: View | null = null): Promise<void> {
    const opening = ++this.opening;
    this.drop();
    this.apart();
    // The slide before it stays in sight, and takes no room, until the new one is there.
    this.first?.element.classList.add("leaving");
    await this.doing(async () => {
      const made = await Pane.open(this.stages, slide, this, view);
      if (opening !== this.opening) return made.close();
      this.first?.close();
      this.first = this.active = made;
      const { shown, caseNumber } = made.screen;
      this.title.textContent = [caseNumber, shown.barcode, shown.marker || shown.stain, shown.site].join(" · ");
      this.list();
      this.touch();
      if (this.host) return;
      document.title = `${shown.barcode} · Refnet`;
      history.replaceState(null, "", this.link());
    });
  }

  private next(by: number): void {
    const slides = this.first?.screen.slides.filter((each) => each.imageId) ?? [];
    const here = slides.findIndex((each) => each.slideId === this.first!.screen.shown.slideId);
    const there = slides[here + by];
    if (there) void this.show(there.slideId);
    else this.band.tell(say(by > 0 ? "lastSlide" : "firstSlide"));
  }

  /** Puts another slide of the case beside the first; the views are those of a link, if one was followed. */
  private async compare(slide?: string, view?: View | null, besideView?: View | null): Promise<void> {
    const { first } = this;
    if (!first) return;
    const others = first.screen.slides.filter((each) => each.imageId && each.slideId !== first.screen.shown.slideId);
    const chosen = others.find((each) => each.slideId === slide) ?? others[0];
    if (!chosen) return this.band.tell(say("oneSlide"));
    await this.doing(async () => {
      this.second = await Pane.open(this.stages, chosen.slideId, this, null);
      this.stages.classList.add("two");
      // Both are laid out anew before they are joined.
      await new Promise((later) => window.setTimeout(later, 120));
      if (view) first.look(view, true);
      const { scale, turn } = first.view();
      this.second.look(besideView ?? { ...this.second.view(), scale, turn }, true);
      this.step = new Step(first, this.second);
      this.list();
      this.touch();
    });
  }

  private apart(): void {
    this.second?.close();
    this.second = this.step = null;
    this.active = this.first;
    this.stages.classList.remove("two");
  }

  // --- annotations and key images --------------------------------------------------------------------------------

  private take(kind: Kind): void {
    if (!this.active) return;
    this.drop();
    this.active.take(kind);
    this.mark(kind);
  }

  private mark(kind: Kind | null): void {
    for (const [each, made] of this.tools) made.setAttribute("aria-pressed", String(each === kind));
    this.hint.textContent = kind ? say(kind === "BOX" ? "boxHelp" : "drawHelp") : "";
  }

  private drop(): void {
    for (const pane of this.panes()) {
      pane.take(null);
      pane.shapes.draft = null;
      pane.shapes.draw();
    }
    this.panel.ask(null);
    this.mark(null);
    this.active?.viewer.canvas.focus();
  }

  private save(pane: Pane, input: object): Promise<void> {
    return this.doing(async () => {
      const made = await act<{ annotation: Annotation }>(AnnotateSlide, input);
      pane.shapes.annotations = [...pane.shapes.annotations, made.annotation];
      this.drop();
      this.list();
      this.band.tell(say("saved"));
    });
  }

  private change(each: Annotation, input: object): Promise<void> {
    return this.doing(async () => {
      const given = { id: each.id, expectedVersion: each.version, ...input };
      const { annotation } = await act<{ annotation: Annotation }>(ChangeAnnotation, given);
      this.replaced(each.id, annotation);
      this.band.tell(say("saved"));
    });
  }

  private remove(each: Annotation): Promise<void> {
    return this.doing(async () => {
      await act(DeleteAnnotation, { id: each.id, expectedVersion: each.version });
      this.replaced(each.id, null);
    });
  }

  private replaced(id: string, by: Annotation | null): void {
    for (const pane of this.panes()) {
      pane.shapes.annotations = pane.shapes.annotations.flatMap((row) => (row.id === id ? (by ?? []) : row));
      pane.shapes.draw();
    }
    this.list();
  }

  private select(pane: Pane, id: string, visit = false): void {
    pane.shapes.selected = id;
    pane.shapes.draw();
    const found = pane.shapes.annotations.find((each) => each.id === id);
    if (found && visit) {
      const [x, y] = found.geometry.coordinates.flat(3) as [number, number];
      pane.look({ ...pane.view(), x, y });
    }
    this.list();
  }

  private selectNext(): void {
    const pane = this.active;
    const rows = pane?.shapes.annotations ?? [];
    if (!pane || !rows.length) return;
    const here = rows.findIndex((each) => each.id === pane.shapes.selected);
    this.select(pane, rows[(here + 1) % rows.length]!.id, true);
  }

  private keep(): void {
    const pane = this.active;
    const region = pane?.region();
    if (!pane || !region) return;
    this.drop();
    const save = (caption: string) =>
      void this.doing(async () => {
        const given = { slide: pane.screen.shown.slideId, ...region, caption };
        const made = await act<{ keyImage: KeyImage }>(KeepKeyImage, given);
        pane.screen.keyImages.push(made.keyImage);
        this.drop();
        this.list();
        this.band.tell(say("kept"));
      });
    const asking = { title: say("caption"), note: "", required: false, hideable: false, discard: () => this.drop() };
    this.panel.ask({ ...asking, save: pane.screen.mayKeep ? save : null });
  }

  private discard(image: KeyImage): Promise<void> {
    return this.doing(async () => {
      await act(DiscardKeyImage, { id: image.id });
      for (const pane of this.panes()) {
        pane.screen.keyImages = pane.screen.keyImages.filter((each) => each.id !== image.id);
      }
      this.list();
    });
  }

  // --- the page --------------------------------------------------------------------------------------------------

  private panes(): Pane[] {
    return [this.first, this.second].filter((pane) => pane !== null);
  }

  private list(): void {
    if (!this.first) return;
    this.panel.show(this.active ?? this.first, this.second?.screen.shown.slideId ?? null);
    this.host?.changed(this.first.screen);
  }

  /** Where dialogs go: the page, or the tree of its own in which the viewer stands. */
  private front(): ParentNode {
    const root = this.page.getRootNode();
    return root instanceof ShadowRoot ? root : document.body;
  }

  /** The pane that was touched last is the one that keys and tools are about. */
  private touch(): void {
    for (const pane of this.panes()) {
      pane.element.onpointerdown = () => {
        this.active = pane;
        this.list();
      };
    }
  }

  private link(): string {
    const slide = this.first?.screen.shown.slideId ?? readLink().slide;
    const beside = this.second?.screen.shown.slideId ?? null;
    return linkTo({ slide, view: this.first?.view() ?? null, beside, besideView: this.second?.view() ?? null });
  }

  private buttons(): HTMLButtonElement[] {
    const does = (word: Parameters<typeof say>[0]) => {
      const row = this.keys.find((each) => each.word === word)!;
      return button(say(word), () => row.does(new KeyboardEvent("keydown", { key: row.keys[0]! })), row.shown);
    };
    const words = ["kPrevious", "kNext", "kCompare", "kRotate", "kKeep", "kHide", "kTrace", "kShare", "kHelp"] as const;
    if (this.host) return [...words.slice(2).map(does), does("kPanel"), does("kLeave")];
    const other = button(say("language"), () => {
      switchLanguage();
      window.location.reload();
    });
    return [...words.map(does), other];
  }

  private table(): Key[] {
    const port = () => this.active?.viewer.viewport;
    const pan = (event: KeyboardEvent) => {
      const far = event.shiftKey ? 0.02 : 0.15;
      const way = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] }[event.key]!;
      const { width } = port()?.getBounds() ?? { width: 0 };
      this.active?.pan(way[0]! * width, way[1]! * width);
    };
    const turn = (degrees: number) => port()?.setRotation((port()!.getRotation() + degrees + 360) % 360);
    const row = (keys: string[], shown: string, word: Key["word"], does: Key["does"]): Key => ({
      keys,
      shown,
      word,
      does,
    });
    const { host } = this;
    const inside = host
      ? [
          row(["l"], "l", "kPanel", () => this.page.classList.toggle("listing")),
          row(["e"], "e", "kLeave", () => host.leave()),
        ]
      : [];
    return [
      ...inside,
      row(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], "← → ↑ ↓", "kPan", pan),
      row(["+", "=", "-", "_"], "+ −", "kZoom", (event) => {
        port()?.zoomBy("+=".includes(event.key) ? 1.4 : 1 / 1.4);
        port()?.applyConstraints();
      }),
      row(["0"], "0", "kFit", () => port()?.goHome()),
      row(["1", "2", "3", "4", "5"], "1 – 5", "kMagnify", (event) =>
        this.active?.magnify([2, 5, 10, 20, 40][Number(event.key) - 1]!),
      ),
      row(["r", "]", "["], "r [ ]", "kRotate", (event) => turn({ r: 90, "]": 5, "[": -5 }[event.key] ?? 0)),
      row(["R"], "Shift+R", "kUpright", () => port()?.setRotation(0)),
      row(["n", "PageDown"], "n", "kNext", () => this.next(1)),
      row(["p", "PageUp"], "p", "kPrevious", () => this.next(-1)),
      row(["c"], "c", "kCompare", () => {
        if (!this.second) return void this.compare();
        this.apart();
        return this.list();
      }),
      row(["x"], "x", "kStep", () => {
        this.step?.toggle();
        if (this.step) this.band.tell(say(this.step.joined ? "inStep" : "apart"));
      }),
      row(["d"], "d", "kPoint", () => this.take("POINT")),
      row(["b"], "b", "kBox", () => this.take("BOX")),
      row(["g"], "g", "kPolygon", () => this.take("POLYGON")),
      row(["m"], "m", "kLine", () => this.take("LINE")),
      row(["t"], "t", "kText", () => this.take("TEXT")),
      row([" "], "Space", "kSet", () => this.active?.set()),
      row(["Enter"], "Enter", "kDone", () => this.active?.finish()),
      row(["Escape"], "Esc", "kEscape", () => this.drop()),
      row(["j"], "j", "kSelect", () => this.selectNext()),
      row(["Delete"], "Delete", "kDelete", () => {
        const found = this.active?.shapes.annotations.find((each) => each.id === this.active?.shapes.selected);
        if (found?.mine) void this.remove(found);
      }),
      row(["h"], "h", "kHide", () => {
        for (const pane of this.panes()) {
          pane.shapes.hidden = !pane.shapes.hidden;
          pane.shapes.draw();
        }
      }),
      row(["k"], "k", "kKeep", () => this.keep()),
      row(["y"], "y", "kTrace", () => this.panes().forEach((pane) => pane.showTrace(!pane.shapes.trace))),
      row(["o"], "o", "kOverview", () => this.stages.classList.toggle("no-overview")),
      row(["s"], "s", "kShare", () => {
        const address = window.location.origin + this.link();
        void copyLink(address, this.front(), (sentence) => this.band.tell(sentence));
      }),
      row(["?"], "?", "kHelp", () => showDialog(say("help"), listed(this.keys), this.front())),
    ];
  }
}

function toolWord(kind: Kind): Key["word"] {
  return ({ POINT: "kPoint", BOX: "kBox", POLYGON: "kPolygon", LINE: "kLine", TEXT: "kText" } as const)[kind];
}
