/** Beside the slide: the slides of the case, the annotations, the key images, and the form for what was just drawn. */
import { button, h } from "./dom";
import { sizeOf } from "./measure";
import type { Pane } from "./pane";
import { say } from "./words";
import type { Annotation, Glass, KeyImage } from "./wire";

/** What somebody may ask for beside the slide. */
export interface Wishes {
  open(slide: string): void;
  select(id: string): void;
  change(each: Annotation, input: object): void;
  remove(each: Annotation): void;
  visit(image: KeyImage): void;
  discard(image: KeyImage): void;
}

/** A form for words about something new; `save` is given them. */
export interface Asking {
  title: string;
  note: string;
  required: boolean;
  hideable: boolean;
  save: ((words: string, hidden: boolean) => void) | null;
  discard: () => void;
}

/** The lists beside a pane. */
export class Panel {
  private readonly form = h("div", { class: "asking" });
  private readonly slides = h("ul", { class: "slides" });
  private readonly annotations = h("ul", { class: "annotations" });
  private readonly images = h("ul", { class: "key-images" });

  constructor(
    readonly element: HTMLElement,
    private readonly wishes: Wishes,
  ) {
    const part = (title: string, list: HTMLElement) => h("section", {}, h("h2", {}, title), list);
    this.element.append(
      this.form,
      part(say("slides"), this.slides),
      part(say("annotations"), this.annotations),
      part(say("keyImages"), this.images),
      h("p", { class: "small" }, say("colours")),
    );
  }

  /** Shows what a pane has; `beside` is the slide of the other pane, if there is one. */
  show(pane: Pane, beside: string | null): void {
    const { screen, shapes } = pane;
    const shown = screen.shown.slideId;
    this.slides.replaceChildren(...screen.slides.map((each) => this.glass(each, each.slideId === shown, beside)));
    this.annotations.replaceChildren(...shapes.annotations.map((each) => this.annotation(each, pane)));
    this.images.replaceChildren(...screen.keyImages.map((each) => this.image(each)));
    for (const list of [this.annotations, this.images]) {
      if (!list.childElementCount) list.append(h("li", { class: "small" }, say("none")));
    }
  }

  /** Asks for words, or stops asking. */
  ask(asking: Asking | null): void {
    this.form.replaceChildren();
    if (!asking) return;
    const { save } = asking;
    const words = h("input", {
      id: "words",
      maxlength: 500,
      required: asking.required,
      placeholder: say("label"),
      "aria-label": asking.title,
    });
    const hidden = h("input", { type: "checkbox", id: "hidden" });
    const form = h(
      "form",
      {
        submit: (event: SubmitEvent) => {
          event.preventDefault();
          save?.(words.value, hidden.checked);
        },
        keydown: (event: KeyboardEvent) => {
          if (event.key === "Escape") asking.discard();
        },
      },
      h("h2", {}, asking.title),
      asking.note ? h("p", { class: "size" }, asking.note) : null,
      save ? words : h("p", { class: "small" }, say("readOnly")),
      save && asking.hideable ? h("label", {}, hidden, say("hideFromOthers")) : null,
      save ? h("button", { type: "submit" }, say("save")) : null,
      button(say("discard"), asking.discard, "Esc"),
    );
    this.form.append(form);
    if (save) words.focus();
  }

  private glass(each: Glass, shown: boolean, beside: string | null): HTMLElement {
    const name = `${each.barcode} · ${each.marker || each.stain}`;
    const read = each.opened ? say("seen", Math.round(each.share * 100)) : say("notOpened");
    const open = button(name, () => this.wishes.open(each.slideId));
    if (shown) open.setAttribute("aria-current", "true");
    if (!each.imageId) open.disabled = true;
    const mark = each.slideId === beside ? " ◨" : "";
    return h("li", {}, open, h("span", { class: each.opened ? "small" : "small unread" }, read + mark));
  }

  private annotation(each: Annotation, pane: Pane): HTMLElement {
    const size = sizeOf(each.geometry, pane.info);
    const name = [each.label || say(each.kind), size].filter(Boolean).join(" · ");
    const pick = button(name, () => this.wishes.select(each.id));
    const selected = each.id === pane.shapes.selected;
    if (selected) pick.setAttribute("aria-current", "true");
    const row = h("li", { "data-id": each.id }, pick, h("span", { class: "small" }, each.person.name));
    if (selected && each.mine && pane.screen.mayAnnotate) row.append(this.edit(each));
    return row;
  }

  private edit(each: Annotation): HTMLElement {
    const words = h("input", { value: each.label, maxlength: 500, "aria-label": say("label") });
    const hidden = h("input", { type: "checkbox", checked: each.visibility === "HIDDEN" });
    const save = (event: SubmitEvent) => {
      event.preventDefault();
      this.wishes.change(each, { label: words.value, visibility: hidden.checked ? "HIDDEN" : "SHOWN" });
    };
    return h(
      "form",
      { submit: save },
      words,
      h("label", {}, hidden, say("hideFromOthers")),
      h("button", { type: "submit" }, say("save")),
      button(say("remove"), () => this.wishes.remove(each), "Delete"),
    );
  }

  private image(each: KeyImage): HTMLElement {
    const picture = h("img", { src: each.url, alt: each.caption || say("keyImages"), loading: "lazy" });
    const visit = h("button", { type: "button", click: () => this.wishes.visit(each) }, picture);
    const row = h("li", {}, visit, h("span", {}, each.caption));
    if (each.mine) row.append(button(say("discard"), () => this.wishes.discard(each)));
    return row;
  }
}
