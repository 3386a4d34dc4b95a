import type { ButtonHTMLAttributes, ComponentChildren } from "preact";
import { words } from "./words";

type Native = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "type" | "class" | "className">;

interface Props extends Native {
  /** primary: the one next step. danger: cannot be undone. quiet: beside others. */
  readonly kind?: "primary" | "plain" | "danger" | "quiet";
  readonly type?: "button" | "submit";
  readonly small?: boolean;
  /** While true it says that it is working and does nothing. */
  readonly busy?: boolean;
  /** The key that does the same. */
  readonly keyHint?: string;
  readonly children: ComponentChildren;
}

/** A button; a busy one keeps its place and the focus, and says that it works. */
export function Button({ kind = "plain", type = "button", small, busy, keyHint, children, onClick, ...rest }: Props) {
  return (
    <button
      {...rest}
      type={type}
      class={`button ${kind}${small ? " small" : ""}`}
      aria-disabled={busy || undefined}
      aria-keyshortcuts={keyHint}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {busy ? words().working : children}
      {keyHint && !busy ? <kbd aria-hidden="true">{keyHint}</kbd> : null}
    </button>
  );
}

/** A link that looks like a button, for going somewhere. */
export function ButtonLink(props: {
  readonly href: string;
  readonly kind?: "primary" | "plain" | "quiet";
  readonly children: ComponentChildren;
}) {
  return (
    <a class={`button ${props.kind ?? "plain"}`} href={props.href}>
      {props.children}
    </a>
  );
}
