/** The emergency access that the signed-in person has running, so that every page can say how long it still lasts. */
import { signal } from "@preact/signals";

/** One that runs: where it is shown and until when; no patient. */
export interface Running {
  readonly id: string;
  /** Whose it is; another person of the same machine is not shown it. */
  readonly person: string;
  readonly endsAt: string;
}

const PLACE = "refnet.glass";

function kept(): Running | null {
  try {
    return JSON.parse(sessionStorage.getItem(PLACE) ?? "null") as Running | null;
  } catch {
    return null;
  }
}

/** The one that runs in this tab, as far as is known; it may have ended since. */
export const running = signal<Running | null>(kept());

/** Remembers what runs, until the tab is closed; null when nothing does. */
export function remember(now: Running | null): void {
  running.value = now;
  if (now) sessionStorage.setItem(PLACE, JSON.stringify(now));
  else sessionStorage.removeItem(PLACE);
}
