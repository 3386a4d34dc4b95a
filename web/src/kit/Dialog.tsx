import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { words } from "./words";

interface Props {
  readonly title: string;
  /** Called by Escape and the close button; without it the dialog must be answered. */
  readonly onClose?: (() => void) | undefined;
  readonly wide?: boolean | undefined;
  /** Hides what is behind it: whoever sits there now may not be whom it was shown to. */
  readonly veiled?: boolean | undefined;
  readonly children: ComponentChildren;
}

/** The field in which a form begins; none where it is a search, which would open its list over the others. */
function firstField(dialog: HTMLElement): HTMLElement | null {
  const field = dialog.querySelector<HTMLElement>(":is(input, select, textarea):not(.unseen, [type=hidden], [disabled])");
  return field?.role === "combobox" ? null : field;
}

/** A dialog over the page: holds the focus while it is there and gives it back afterwards. Shown while rendered. */
export function Dialog({ title, onClose, wide, veiled, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    shown?.showModal();
    if (shown && !shown.querySelector("[autofocus]")) firstField(shown)?.focus();
    return () => {
      shown?.close(); // while it is open, nothing behind it can be focused
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`dialog${wide ? " wide" : ""}${veiled ? " veiled" : ""}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        {onClose ? (
          <button type="button" class="button quiet icon" aria-label={words().close} onClick={onClose}>
            <span aria-hidden="true">✕</span>
          </button>
        ) : null}
      </div>
      {children}
    </dialog>
  );
}
