/** Times in words, by the hospitals' clock wherever the reader is. */
import { language } from "../words";
import { words } from "./words";

const ZONE = "Asia/Shanghai";
const MINUTE = 60_000;

function format(at: string, parts: Intl.DateTimeFormatOptions): string {
  const locale = language.value === "en" ? "en-GB" : "zh-CN";
  return new Intl.DateTimeFormat(locale, { timeZone: ZONE, hourCycle: "h23", ...parts }).format(new Date(at));
}

/** 11-22 17:40, with the year when it is not this one. */
export function dateTime(at: string): string {
  const thisYear = new Date().getFullYear() === new Date(at).getFullYear();
  const year = thisYear ? {} : ({ year: "numeric" } as const);
  return format(at, { ...year, month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });
}

/** 17:40 */
export function time(at: string): string {
  return format(at, { hour: "2-digit", minute: "2-digit" });
}

/** 2026-11-22 in the reader's way. */
export function date(at: string): string {
  return format(at, { year: "numeric", month: "2-digit", day: "2-digit" });
}

/** A length of time in its two largest units: 2 天 3 小时, 42 分. */
export function span(milliseconds: number): string {
  const say = words();
  const minutes = Math.floor(Math.abs(milliseconds) / MINUTE);
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60];
  if (days) return hours && days < 10 ? `${say.days(days)} ${say.hours(hours)}` : say.days(days);
  if (hours) return rest ? `${say.hours(hours)} ${say.minutes(rest)}` : say.hours(hours);
  return say.minutes(rest);
}

/** How long ago something was, seen from `now` (milliseconds). */
export function ago(at: string, now: number): string {
  const passed = now - Date.parse(at);
  return passed < MINUTE ? words().justNow : words().ago(span(passed));
}

/** A moment for `datetime-local` controls, in the hospitals' zone; the other way is `fromLocal`. */
export function toLocal(at: string | number): string {
  const parts = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE, dateStyle: "short", timeStyle: "short" });
  return parts.format(new Date(at)).replace(" ", "T");
}

/** The wire's time of what a `datetime-local` control holds; the zone has had no summer time since 1991. */
export function fromLocal(value: string): string {
  return value ? `${value.slice(0, 16)}:00+08:00` : "";
}
