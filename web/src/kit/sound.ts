/** Tones for what cannot wait, made here so that nothing is fetched for them; on or off by the reader's choice on this machine. */
import { signal } from "@preact/signals";

/** When a note begins, in seconds, and its pitch in hertz. */
export type Notes = readonly (readonly [at: number, pitch: number])[];

/** Whether the browser lets us be heard: not before somebody has touched the page. */
export const allowed = signal(false);

let context: AudioContext | null = null;
let listening = false;

/** A sound under the name by which the choice is remembered; `usual` is what holds before one has chosen. */
export function sound(name: string, usual: "on" | "off", notes: Notes) {
  listen();
  const kept = `refnet.${name}.sound`;
  const on = signal((localStorage.getItem(kept) ?? usual) === "on");
  const ring = (): void => {
    if (!on.peek() || context?.state !== "running") return;
    for (const [at, pitch] of notes) note(context, context.currentTime + at, pitch);
  };
  return {
    /** Whether it is switched on. */
    on,
    /** Makes the sound once, if it is on and the browser allows it. */
    ring,
    /** Switches it; on lets it be heard once, so that one knows it. */
    turn(): void {
      on.value = !on.value;
      localStorage.setItem(kept, on.value ? "on" : "off");
      if (on.value) void wake().then(ring);
    },
  };
}

function note(within: AudioContext, at: number, pitch: number): void {
  const voice = within.createOscillator();
  const loudness = within.createGain();
  voice.frequency.value = pitch;
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

/** A browser lets a page be heard only after a touch or a key of its reader. */
function listen(): void {
  if (listening) return;
  listening = true;
  for (const kind of ["pointerdown", "keydown"])
    document.addEventListener(kind, () => void (allowed.peek() || wake()), { passive: true });
}
