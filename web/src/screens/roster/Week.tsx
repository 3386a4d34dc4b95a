import { Badge, Button, dateTime, time } from "../../kit";
import { moment } from "../../net/moment";
import { can, me } from "../../net/session";
import type { DutyShownFragment } from "../../operations";
import { dayOf, daysOf, later, startOf } from "./week";
import { words } from "./words";

interface Props {
  readonly monday: string;
  readonly duties: readonly DutyShownFragment[];
  /** Begins a duty on a day; null for those who may not. */
  readonly onAdd: ((day: string) => void) | null;
  /** Changes a duty, or proposes to swap one's own. */
  readonly onOpen: (duty: DutyShownFragment) => void;
}

/** Seven days with whoever answers on each; a duty over midnight stands on both. On a phone one day below the other. */
export function Week({ monday, duties, onAdd, onOpen }: Props) {
  const say = words();
  const today = dayOf(moment.value);
  const heads = duties.filter((one) => one.post === "HEAD");
  const others = duties.filter((one) => one.post === "DUTY");
  return (
    <>
      <div class="row heads">
        <span class="aside">{heads.length ? say.heads : say.noHead}</span>
        {heads.map((one) => (
          <Entry key={one.id} duty={one} hours={`${dateTime(one.startsAt)}–${dateTime(one.endsAt)}`} onOpen={onOpen} />
        ))}
      </div>
      <ol class="week">
        {daysOf(monday).map((day, at) => {
          const [from, to] = [startOf(day), startOf(later(day, 1))];
          const here = others.filter((one) => Date.parse(one.startsAt) < to && Date.parse(one.endsAt) > from);
          return (
            <li key={day} class={day === today ? "today" : undefined}>
              <h3>
                {say.day(say.weekdays[at] ?? "")} <span class="aside">{day.slice(5)}</span> {day === today ? <Badge tone="info">{say.today}</Badge> : null}
              </h3>
              {here.length ? (
                <ul class="plain">
                  {here.map((one) => (
                    <li key={one.id}>
                      <Entry duty={one} hours={hoursWithin(one, from, to)} onOpen={onOpen} />
                    </li>
                  ))}
                </ul>
              ) : (
                <p class="aside">{say.none}</p>
              )}
              {onAdd ? (
                <Button small kind="quiet" onClick={() => onAdd(day)}>
                  + {say.add}<span class="unseen"> {day}</span>
                </Button>
              ) : null}
            </li>
          );
        })}
      </ol>
    </>
  );
}

/** The part of a duty that lies in a day. */
function hoursWithin(duty: DutyShownFragment, from: number, to: number): string {
  const starts = Date.parse(duty.startsAt) < from ? "00:00" : time(duty.startsAt);
  return `${starts}–${Date.parse(duty.endsAt) >= to ? "24:00" : time(duty.endsAt)}`;
}

interface EntryProps {
  readonly duty: DutyShownFragment;
  readonly hours: string;
  readonly onOpen: (duty: DutyShownFragment) => void;
}

/** A duty; a button for those who can do something about it. */
function Entry({ duty, hours, onOpen }: EntryProps) {
  const say = words();
  const mine = duty.person.id === me.value?.person.id;
  const told = (
    <>
      <span class="hours">{hours}</span>
      <span>
        <strong>{duty.person.name}</strong> {mine ? <Badge tone="info">{say.mine}</Badge> : null}
      </span>
    </>
  );
  const sets = can("set_duty");
  if (!sets && !(mine && Date.parse(duty.startsAt) > moment.value)) return <span class={`duty ${duty.post}`}>{told}</span>;
  return (
    <button type="button" class={`duty ${duty.post}`} aria-haspopup="dialog" onClick={() => onOpen(duty)}>
      {told}
      <span class="unseen">{sets ? say.change : say.swap}</span>
    </button>
  );
}
