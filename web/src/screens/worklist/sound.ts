/** A tone for what cannot wait, made here so that nothing is fetched for it; switched by the reader, remembered on this machine. */
import { signal } from "@preact/signals";

const KEPT = "refnet.worklist.sound";

/** Whether the tone is switched on. */
export const sounding = signal(localStorage.getItem(KEPT) === "on");

let context: AudioContext | null = null;

/** Switches the tone; switching on plays it once, which browsers allow only after a click. */
export function switchSound(): void {
  sounding.value = !sounding.value;
  localStorage.setItem(KEPT, sounding.value ? "on" : "off");
  if (sounding.value) ring();
}

/** Two rising notes, if switched on. */
export function ring(): void {
  if (!sounding.peek()) return;
  context ??= new AudioContext();
  void context.resume();
  for (const [at, pitch] of [[0, 660], [0.22, 880]] as const) {
    const tone = context.createOscillator();
    const volume = context.createGain();
    const start = context.currentTime + at;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, start);
    volume.gain.exponentialRampToValueAtTime(0.25, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.2);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + 0.21);
  }
}
