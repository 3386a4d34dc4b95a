import { Badge, Button, time } from "../../kit";
import { moment } from "../../net/moment";
import { me } from "../../net/session";
import { can } from "../../net/session";
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
  return (
    <ol class="week">
      {daysOf(monday).map((day, at) => {
        const [from, to] = [startOf(day), startOf(later(day, 1))];
        const here = duties.filter((one) => Date.parse(one.startsAt) < to && Date.parse(one.endsAt) > from);
        return (
          <li key={day} class={day === today ? "today" : undefined}>
            <h3>
              {say.day(say.weekdays[at] ?? "")} <span class="aside">{day.slice(5)}</span> {day === today ? <Badge tone="info">{say.today}</Badge> : null}
            </h3>
            {here.length ? (
              <ul class="plain">
                {here.map((one) => (
                  <li key={one.id}>
                    <Entry duty={one} from={from} to={to} onOpen={onOpen} />
                  </li>
                ))}
              </ul>
            ) : (
              <p class="aside">{say.none}</p>
            )}
            {onAdd ? (
              <Button small kind="quiet" aria-label={say.addOn(day)} onClick={() => onAdd(day)}>
                + {say.add}
              </Button>
            ) : null}
          </li>
        );
      })}
    </ol>
  );
}

interface EntryProps {
  readonly duty: DutyShownFragment;
  readonly from: number;
  readonly to: number;
  readonly onOpen: (duty: DutyShownFragment) => void;
}

function Entry({ duty, from, to, onOpen }: EntryProps) {
  const say = words();
  const [starts, ends] = [Date.parse(duty.startsAt), Date.parse(duty.endsAt)];
  const hours = `${starts < from ? "00:00" : time(duty.startsAt)}–${ends >= to ? "24:00" : time(duty.endsAt)}`;
  const mine = duty.person.id === me.value?.person.id;
  const told = (
    <>
      <span class="hours">{hours}</span>
      <span>
        <strong>{duty.person.name}</strong> {mine ? <Badge tone="info">{say.mine}</Badge> : null}
        {duty.post === "HEAD" ? <span class="aside"> {say.posts.HEAD}</span> : null}
      </span>
    </>
  );
  const sets = can("set_duty");
  if (!sets && !(mine && starts > moment.value)) return <span class={`duty ${duty.post}`}>{told}</span>;
  const does = sets ? say.edit(duty.person.name, hours) : say.swapOf(duty.person.name, hours);
  return (
    <button type="button" class={`duty ${duty.post}`} aria-haspopup="dialog" aria-label={does} onClick={() => onOpen(duty)}>
      {told}
    </button>
  );
}
