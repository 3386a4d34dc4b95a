/** Whether somebody is there: what a page asks by itself must not keep its session alive. */

const AWAY_AFTER = 60_000; // milliseconds since the last touch
let touched = Date.now();

for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
  window.addEventListener(kind, () => (touched = Date.now()), { capture: true, passive: true });
}

/** The header of a request that the page makes by itself; none while somebody is there. */
export function presence(): Record<string, string> {
  return Date.now() - touched > AWAY_AFTER ? { "X-Refnet-Quiet": "1" } : {};
}
