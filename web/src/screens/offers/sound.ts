/** The sound of a new call: two short tones made here, on or off by the reader's choice on this machine. */
import { signal } from "@preact/signals";

const KEPT = "refnet.offers.sound";

/** Whether a new call is heard. */
export const audible = signal(localStorage.getItem(KEPT) !== "off");

/** Whether the browser lets us be heard: not before somebody has touched the page. */
export const allowed = signal(false);

let context: AudioContext | null = null;

/** Switches the sound on or off; on lets it be heard once, so that one knows it. */
export function hear(on: boolean): void {
  audible.value = on;
  localStorage.setItem(KEPT, on ? "on" : "off");
  if (on) void wake().then(ring);
}

/** Makes the sound once, if it is on and the browser allows it. */
export function ring(): void {
  if (!audible.peek() || context?.state !== "running") return;
  for (const [at, tone] of [
    [0, 880],
    [0.22, 1175],
    [0.6, 880],
    [0.82, 1175],
  ] as const)
    beep(context, context.currentTime + at, tone);
}

function beep(within: AudioContext, at: number, tone: number): void {
  const voice = within.createOscillator();
  const loudness = within.createGain();
  voice.frequency.value = tone;
  loudness.gain.setValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(0.25, at + 0.02);
  loudness.gain.linearRampToValueAtTime(0, at + 0.18);
  voice.connect(loudness).connect(within.destination);
  voice.start(at);
  voice.stop(at + 0.2);
}

async function wake(): Promise<void> {
  context ??= new AudioContext();
  await context.resume();
  allowed.value = context.state === "running";
}

// A browser lets a page be heard only after a touch or a key of its reader.
for (const kind of ["pointerdown", "keydown"])
  document.addEventListener(kind, () => void (allowed.peek() || wake()), { passive: true });
