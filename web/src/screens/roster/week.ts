/** Weeks and days by the hospitals' clock, and the hours in them that nobody answers for. */
import { fromLocal, toLocal } from "../../kit";
import type { DutyShownFragment } from "../../operations";

const DAY = 86_400_000; // milliseconds

/** Milliseconds of the first moment of a day, YYYY-MM-DD, in the hospitals' zone. */
export function startOf(day: string): number {
  return Date.parse(fromLocal(`${day}T00:00`));
}

/** The day of a moment in the hospitals' zone, YYYY-MM-DD. */
export function dayOf(at: number): string {
  return toLocal(at).slice(0, 10);
}

/** The Monday of the week that a moment lies in. */
export function mondayOf(at: number): string {
  const day = dayOf(at);
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay(); // 0 is Sunday
  return dayOf(startOf(day) - ((weekday + 6) % 7) * DAY);
}

/** A day so many days later. */
export function later(day: string, days: number): string {
  return dayOf(startOf(day) + days * DAY);
}

/** The seven days of the week that begins with a Monday. */
export function daysOf(monday: string): readonly string[] {
  return [0, 1, 2, 3, 4, 5, 6].map((one) => later(monday, one));
}

/** A length of time without anybody. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** When nobody is on duty between two moments; the head answers when others do not, and does not count. */
export function gapsOf(duties: readonly DutyShownFragment[], since: number, until: number): readonly Gap[] {
  const runs = duties
    .filter((one) => one.post === "DUTY")
    .map((one) => [Date.parse(one.startsAt), Date.parse(one.endsAt)] as const)
    .sort(([one], [other]) => one - other);
  const gaps: Gap[] = [];
  let covered = since;
  for (const [from, to] of runs) {
    if (from > covered && covered < until) gaps.push({ from: covered, to: Math.min(from, until) });
    covered = Math.max(covered, to);
  }
  if (covered < until) gaps.push({ from: covered, to: until });
  return gaps;
}
