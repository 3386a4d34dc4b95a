/** Figures in words; a withheld count is never shown as nothing. */
import { words } from "./words";

/** 87.5%; a dash when nothing was counted, and the word for withheld when it is. */
export function share(value: number | null, suppressed = false): string {
  if (suppressed) return words().withheld;
  return value === null ? words().nothing : `${(value * 100).toFixed(1)}%`;
}

/** A count; an empty one is withheld. */
export function count(value: number | null): string {
  return value === null ? words().withheld : String(value);
}

/** A length of time measured in minutes, as 2 h 5 min would be said. */
export function minutes(value: number | null): string {
  if (value === null) return words().nothing;
  if (value < 1) return words().underOneMinute;
  const whole = Math.round(value);
  const [days, hours, rest] = [Math.floor(whole / 1440), Math.floor((whole % 1440) / 60), whole % 60];
  return words().length(days, hours, rest);
}
