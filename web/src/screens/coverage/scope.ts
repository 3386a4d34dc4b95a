/** What the figures are counted over, as the address says it: alliance, capability and period. */
import { toLocal } from "../../kit";
import { now } from "../../net/moment";
import { can, me } from "../../net/session";

const DAY = 86_400_000; // milliseconds

/** The variables that every figure of the screen is asked with. */
export interface Scope {
  readonly alliance: string;
  readonly capability: string | undefined;
  readonly since: string | undefined;
  readonly until: string | undefined;
}

/** Periods that one tap chooses, in days up to today; the server's own default is 90. */
export const PERIODS = ["30", "90", "365"] as const;

interface AllianceChoice {
  readonly code: string;
  readonly name: string;
  readonly lead: { readonly id: string };
}

/** The alliances whose figures the person may read: those their hospital leads; all of them for an observer. */
export function readable<Choice extends AllianceChoice>(alliances: readonly Choice[]): readonly Choice[] {
  if (can("view_suppressed_coverage")) return alliances;
  const places = new Set(me.value?.roles.map((role) => role.hospital?.id));
  return alliances.filter((one) => places.has(one.lead.id));
}

/** Today by the hospitals' clock, YYYY-MM-DD; `before` days earlier. */
export function today(before = 0): string {
  return toLocal(now() - before * DAY).slice(0, 10);
}

/** What the address asks for; null while no alliance is known. */
export function scopeOf(query: URLSearchParams, alliances: readonly AllianceChoice[]): Scope | null {
  const wanted = query.get("alliance");
  const alliance = alliances.find((one) => one.code === wanted) ?? alliances[0];
  if (!alliance) return null;
  const period = periodOf(query);
  return {
    alliance: alliance.code,
    capability: query.get("capability") || undefined,
    since: period === "own" ? query.get("since") || undefined : period === "90" ? undefined : today(Number(period)),
    until: period === "own" ? query.get("until") || undefined : undefined,
  };
}

/** Which period the address names: one of PERIODS, or `own` for two dates. */
export function periodOf(query: URLSearchParams): string {
  const period = query.get("period") ?? "90";
  return period === "own" || (PERIODS as readonly string[]).includes(period) ? period : "90";
}
