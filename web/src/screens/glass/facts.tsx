import { Badge, type Tone, useReasons, dateTime } from "../../kit";
import { now } from "../../net/moment";
import { me } from "../../net/session";
import { remember } from "../../net/glass";
import type { BreakGlassState, GlassFragment } from "../../operations";
import { words } from "./words";

const TONES: Readonly<Record<BreakGlassState, Tone>> = { RUNNING: "warn", TO_REVIEW: "info", OVERDUE: "bad", REVIEWED: "good" };

/** Where an access stands, and what was found. */
export function Standing({ row }: { readonly row: GlassFragment }) {
  const say = words();
  return (
    <>
      <Badge tone={TONES[row.state]}>{say.states[row.state]}</Badge>{" "}
      {row.verdict ? <Badge tone={row.verdict === "JUSTIFIED" ? "good" : "bad"}>{say.verdicts[row.verdict]}</Badge> : null}
    </>
  );
}

/** Why, in words, with what was written beside. */
export function Why({ row }: { readonly row: GlassFragment }) {
  const known = useReasons("BREAK_GLASS");
  const label = known.find((one) => one.code === row.reasonCode)?.label ?? row.reasonCode;
  return <>{row.comment ? `${label} · ${row.comment}` : label}</>;
}

/** From when until when. */
export function Span({ row }: { readonly row: GlassFragment }) {
  return <>{words().until(dateTime(row.startedAt), dateTime(row.endsAt))}</>;
}

/** The patient as lists show them: masked. */
export function patientOf(row: GlassFragment): string {
  const say = words();
  const { displayName, sex, age } = row.patient;
  return [displayName, say.sexes[sex], age === null ? "" : say.years(age)].filter(Boolean).join(" · ");
}

/** Whether the signed-in person holds it. */
export function isMine(row: GlassFragment): boolean {
  return row.person.id === me.value?.person.id;
}

/** Whether it runs this moment. */
export function runs(row: GlassFragment): boolean {
  return row.state === "RUNNING" && Date.parse(row.endsAt) > now();
}

/** Lets every page know which of one's own accesses runs. */
export function tell(rows: readonly GlassFragment[]): void {
  const one = rows.find((row) => isMine(row) && runs(row));
  remember(one ? { id: one.id, person: one.person.id, endsAt: one.endsAt } : null);
}
