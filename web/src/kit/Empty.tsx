import type { ComponentChildren } from "preact";
import { words } from "./words";

/** Where a list has no rows: says why, and what would bring some. */
export function Empty({
  title,
  children,
  action,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
  readonly action?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children ? <div class="empty-hint">{children}</div> : null}
      {action}
    </div>
  );
}

/** While something is on its way; always a word, never a wheel alone. */
export function Loading({ what }: { readonly what?: string }) {
  return (
    <p class="loading" role="status">
      {what ?? words().loading}
    </p>
  );
}
