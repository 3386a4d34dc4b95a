/** The server's time: clocks of phones go wrong, and a demonstration's clock runs ahead. */
import { signal } from "@preact/signals";

let ahead = 0; // milliseconds by which the server's clock is ahead of this machine's

/** Learns the server's time from an answer's header; what came back faster is nearer the truth, the rest is noise. */
export function learn(header: string | null): void {
  const told = header ? Date.parse(header) : NaN;
  if (Number.isNaN(told)) return;
  const found = told - Date.now();
  // A second of travel is not worth moving every clock on the page for.
  if (Math.abs(found - ahead) > 1500) {
    ahead = found;
    moment.value = now();
  }
}

/** Milliseconds since 1970 by the server's clock. */
export function now(): number {
  return Date.now() + ahead;
}

/** The server's time, moving every ten seconds while the page is looked at; for clocks on the page. */
export const moment = signal(now());

window.setInterval(() => {
  if (!document.hidden) moment.value = now();
}, 10_000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) moment.value = now();
});
