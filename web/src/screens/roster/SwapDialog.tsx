import { dateTime, Dialog, Empty, Loading, StepForm, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { moment } from "../../net/moment";
import { type DutyShownFragment, Roster, SwapDuty } from "../../operations";
import { dayOf, later, startOf } from "./week";
import { words } from "./words";

interface Props {
  /** One's own duty, not yet begun. */
  readonly duty: DutyShownFragment;
  readonly onClose: () => void;
  readonly done: () => void;
}

const AHEAD = 28; // days in which a colleague's duty is looked for

/** Proposes to give one's own duty for a colleague's of the same department. */
export function SwapDialog({ duty, onClose, done }: Props) {
  const say = words();
  const today = dayOf(moment.value);
  const since = new Date(startOf(today)).toISOString();
  const until = new Date(startOf(later(today, AHEAD))).toISOString();
  const { data, problem, busy, reload } = useRead(Roster, { department: duty.department.id, since, until });
  const others = data?.roster.filter((one) => one.person.id !== duty.person.id && Date.parse(one.startsAt) > moment.value);
  return (
    <Dialog title={say.swap} onClose={onClose}>
      <Trouble problem={problem} retry={() => void reload()} />
      {!data && busy ? <Loading /> : null}
      {others && !others.length ? <Empty title={say.noOther}>{say.noOtherHint}</Empty> : null}
      {others?.length ? (
        <StepForm
          operation={SwapDuty}
          row={null}
          extra={{ id: duty.id }}
          submit={say.propose}
          cancel={onClose}
          refresh={reload}
          done={done}
          fields={[
            {
              kind: "select",
              name: "other",
              label: say.other,
              required: true,
              options: others.map((one) => ({ value: one.id, label: `${one.person.name} · ${hoursOf(one)} · ${say.posts[one.post]}` })),
            },
          ]}
        >
          <p>{say.swapHint(hoursOf(duty))}</p>
        </StepForm>
      ) : null}
    </Dialog>
  );
}

/** From when to when a duty runs. */
export function hoursOf(duty: { readonly startsAt: string; readonly endsAt: string }): string {
  return `${dateTime(duty.startsAt)}–${dateTime(duty.endsAt)}`;
}
