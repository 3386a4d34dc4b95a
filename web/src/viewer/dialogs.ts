/** What stands in front of the slide: a band with what is wrong, sign-in, help, a link to copy. */
import { signIn, Trouble } from "./api";
import { button, h } from "./dom";
import { say } from "./words";

/** A band across the page; one at a time, the newest. */
export class Band {
  readonly element = h("div", { class: "band", role: "alert", hidden: true });

  /** Shows a sentence; it stays until `hide`, or for some seconds if it only tells that something was done. */
  show(sentence: string, does: (() => void) | null = null, word = say("retry"), seconds = 0): void {
    this.element.replaceChildren(h("span", {}, sentence));
    if (does) this.element.append(button(word, does));
    this.element.classList.toggle("good", seconds > 0);
    this.element.hidden = false;
    if (seconds) window.setTimeout(() => this.saying(sentence) && this.hide(), seconds * 1000);
  }

  /** Tells shortly that something was done. */
  tell(sentence: string): void {
    this.show(sentence, null, "", 4);
  }

  /** Takes it away. */
  hide(): void {
    this.element.hidden = true;
  }

  private saying(sentence: string): boolean {
    return this.element.firstChild?.textContent === sentence;
  }
}

/** Asks for username and password until they are right; what is behind stays as it is. */
export function askToSignIn(sentence: string): Promise<void> {
  const trouble = h("p", { class: "trouble", role: "alert" });
  const name = h("input", { name: "username", autocomplete: "username", required: true, id: "username" });
  const word = h("input", {
    name: "password",
    type: "password",
    autocomplete: "current-password",
    required: true,
    id: "password",
  });
  return new Promise((done) => {
    const form = h(
      "form",
      {
        submit: (event: SubmitEvent) => {
          event.preventDefault();
          signIn(name.value.trim(), word.value).then(
            () => {
              dialog.close();
              dialog.remove();
              done();
            },
            (error: Trouble) => {
              trouble.textContent = error.message;
              word.select();
            },
          );
        },
      },
      h("h2", {}, say("signIn")),
      h("p", {}, sentence),
      h("label", { for: "username" }, say("username")),
      name,
      h("label", { for: "password" }, say("password")),
      word,
      trouble,
      h("button", { type: "submit" }, say("enter")),
    );
    const dialog = h("dialog", { class: "sign-in", cancel: (event: Event) => event.preventDefault() }, form);
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Shows something in front of a page until it is closed. */
export function showDialog(title: string, inside: HTMLElement, front: ParentNode): void {
  const dialog = h("dialog", { "aria-label": title, close: () => dialog.remove() }, h("h2", {}, title), inside);
  dialog.append(button(say("close"), () => dialog.close(), "Esc"));
  front.append(dialog);
  dialog.showModal();
}

/** Copies an address, or shows it to be copied where the browser does not let us. */
export async function copyLink(address: string, front: ParentNode, told: (sentence: string) => void): Promise<void> {
  try {
    await navigator.clipboard.writeText(address);
    told(say("linkCopied"));
  } catch {
    const field = h("input", { value: address, readonly: true, "aria-label": say("linkHere") });
    showDialog(say("linkHere"), field, front);
    field.select();
  }
}
