/** What was done, by whom and when, over all legs; and every limit that ran. */
import { Clock, ReasonWord, roleName, span, When } from "../../kit";
import type { CaseClockFragment, CaseEventFragment, ReferralStatus } from "../../operations";
import { labels } from "./labels";
import { CATALOGUES } from "./catalogues";
import { words } from "./words";

interface Told {
  readonly event: CaseEventFragment;
  readonly number: string;
  /** How often the system did the same in a row, this being the last. */
  readonly times: number;
}

const SAME = 5 * 60_000; // milliseconds within which what happened was also recorded

/** The events of all legs, the newest first. */
export function Timeline({ legs }: { readonly legs: readonly { readonly number: string; readonly events: readonly CaseEventFragment[] }[] }) {
  const told: Told[] = legs.flatMap(({ number, events }) => events.map((event) => ({ event, number, times: 1 })));
  const order = told.map((one, at) => ({ one, at }));
  order.sort((a, b) => Date.parse(b.one.event.eventAt) - Date.parse(a.one.event.eventAt) || b.at - a.at);
  return (
    <ol class="timeline plain">
      {joined(order.map(({ one }) => one)).map((one) => (
        <Line key={one.event.id} {...one} numbered={legs.length > 1} />
      ))}
    </ol>
  );
}

/** Reminders that only repeat become one line, so that they do not bury what people did. */
function joined(told: readonly Told[]): readonly Told[] {
  const all: Told[] = [];
  for (const one of told) {
    const last = all.at(-1);
    const again = last && !one.event.actor && !last.event.actor && last.event.kind === one.event.kind && last.number === one.number;
    if (again) all[all.length - 1] = { ...last, times: last.times + 1 };
    else all.push(one);
  }
  return all;
}

function Line({ event, number, times, numbered }: Told & { readonly numbered: boolean }) {
  const say = words();
  const late = Date.parse(event.recordedAt) - Date.parse(event.eventAt) > SAME;
  const moved = event.toStatus && event.toStatus !== event.fromStatus;
  const catalogue = CATALOGUES[event.kind];
  const who = event.actor
    ? say.byRole(event.actor.name, event.actorRole ? roleName(event.actorRole) : "", event.actorHospital?.name ?? "")
    : say.system;
  return (
    <li class={moved ? "moved" : undefined}>
      <p class="what">
        <b>{event.label}</b>
        {times > 1 ? ` × ${times}` : null}
        {moved ? <span class="status"> {say.toStatus(labels().status[event.toStatus as ReferralStatus] ?? event.toStatus)}</span> : null}
        {numbered ? <span class="aside"> {number}</span> : null}
      </p>
      <p class="aside">
        <When at={event.eventAt} /> · {who}
        {event.onBehalfOf ? ` · ${say.onBehalf(event.onBehalfOf.name)}` : ""}
      </p>
      {event.reasonCode && catalogue ? (
        <p>
          <ReasonWord catalogue={catalogue} code={event.reasonCode} />
        </p>
      ) : null}
      {event.comment ? <p>{event.comment}</p> : null}
      {late ? (
        <p class="aside">
          {say.recordedLater("")}
          <When at={event.recordedAt} /> {event.backdatingReason ? <ReasonWord catalogue="BACKDATING" code={event.backdatingReason} /> : null} {event.backdatingComment}
        </p>
      ) : null}
    </li>
  );
}

/** Every limit of a leg: those that run as clocks with their holder, those that ran with what they took. */
export function Clocks({ clocks }: { readonly clocks: readonly CaseClockFragment[] }) {
  const say = words();
  if (!clocks.length) return <p class="aside">{say.noClocks}</p>;
  const running = clocks.filter((one) => !one.stoppedAt);
  const over = clocks.filter((one) => one.stoppedAt);
  return (
    <ul class="plain clocks">
      {[...running, ...over].map((one) => (
        <li key={one.id}>
          <span class="clock-name">
            {one.label} <span class="aside">{say.clockTarget(span(one.targetMinutes * 60_000))}</span>
          </span>
          <Ran run={one} />
        </li>
      ))}
    </ul>
  );
}

function Ran({ run }: { readonly run: CaseClockFragment }) {
  const say = words();
  const took = span(run.elapsedMinutes * 60_000);
  if (run.stoppedAt) {
    return run.met === false ? <span class="clock over">⚠ {say.clockMissed(took)}</span> : <span class="clock met">✓ {say.clockMet(took)}</span>;
  }
  if (run.pausedAt) return <span class="clock none">{say.clockPaused(run.pausedWhy ?? "")}</span>;
  const holder = run.holder === "PATIENT" ? labels().side.PATIENT : [run.hospital?.name, run.department?.name].filter(Boolean).join(" ");
  return <Clock dueAt={run.dueAt} startedAt={run.startedAt} holder={holder || undefined} />;
}
