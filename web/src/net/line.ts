/** Whether the server can be reached, told to the whole page, and found out again by itself after a cut. */
import { effect, signal } from "@preact/signals";

/** True while the last thing we sent was answered. */
export const online = signal(navigator.onLine);

/** True once the server has told that this page is older than itself; only a reload helps. */
export const outdated = signal(false);

/** How often the line came back; a reader that failed for want of it asks again when this moves. */
export const returned = signal(0);

let asking = 0;

/** Tells that something was answered. */
export function lineHeld(): void {
  if (online.peek()) return;
  online.value = true;
  returned.value += 1;
}

/** Tells that something was not; from now on the server is asked every few seconds until it answers. */
export function lineCut(): void {
  online.value = false;
}

async function probe(): Promise<void> {
  try {
    const answer = await fetch("/session/", { cache: "no-store", credentials: "same-origin" });
    if (answer.status < 500) lineHeld();
  } catch {
    // Still cut: the next probe will tell.
  }
}

effect(() => {
  window.clearInterval(asking);
  if (!online.value) asking = window.setInterval(() => void probe(), 3000);
});
window.addEventListener("offline", lineCut);
window.addEventListener("online", () => void probe());
