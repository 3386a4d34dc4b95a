import { signal } from "@preact/signals";
import { words } from "./words";

interface Told {
  readonly id: number;
  readonly message: string;
  readonly undo: { readonly label: string; readonly run: () => void } | undefined;
}

const SECONDS = 6;
const toasts = signal<readonly Told[]>([]);
let last = 0;

/** Tells that something was done, for some seconds; what must not be missed belongs in a Banner. */
export function toast(message: string, undo?: { readonly label: string; readonly run: () => void }): void {
  const id = (last += 1);
  toasts.value = [...toasts.peek().slice(-2), { id, message, undo }];
  window.setTimeout(() => dismiss(id), SECONDS * 1000 * (undo ? 2 : 1));
}

function dismiss(id: number): void {
  toasts.value = toasts.peek().filter((one) => one.id !== id);
}

/** Where toasts appear; the shell has one. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, message, undo }) => (
        <div key={id} class="toast">
          <span>{message}</span>
          {undo ? (
            <button
              type="button"
              class="button quiet small"
              onClick={() => {
                dismiss(id);
                undo.run();
              }}
            >
              {undo.label}
            </button>
          ) : null}
          <button type="button" class="button quiet icon" aria-label={words().close} onClick={() => dismiss(id)}>
            <span aria-hidden="true">✕</span>
          </button>
        </div>
      ))}
    </div>
  );
}
