import { Dialog, fromLocal, Loading, StepForm, Trouble } from "../../kit";
import { type DutyShownFragment, SetDuty } from "../../operations";
import { useStaff } from "../staff/useStaff";
import { later } from "./week";
import { words } from "./words";

interface Props {
  readonly hospital: string;
  readonly department: string;
  /** The duty to change; null for a new one on a day. */
  readonly duty: DutyShownFragment | null;
  readonly day: string;
  readonly refresh: () => Promise<void>;
  readonly onClose: () => void;
  readonly done: () => void;
}

const CHANGE_OVER = "T08:00"; // when one hands over to the next, unless told otherwise

/** Who is on duty from when to when: a new duty, or a change of one that is there. */
export function DutyDialog({ hospital, department, duty, day, refresh, onClose, done }: Props) {
  const say = words();
  const { members, problem, reload } = useStaff(hospital);
  const people = (members ?? []).filter((one) => one.roles.some((role) => !role.department || role.department.id === department));
  const initial = duty
    ? { person: { value: duty.person.id, label: duty.person.name }, post: duty.post, startsAt: duty.startsAt, endsAt: duty.endsAt }
    : { post: "DUTY", startsAt: fromLocal(`${day}${CHANGE_OVER}`), endsAt: fromLocal(`${later(day, 1)}${CHANGE_OVER}`) };
  return (
    <Dialog title={duty ? say.change : say.newDuty} onClose={onClose}>
      <Trouble problem={problem} retry={() => void reload()} />
      {!members && !problem ? <Loading /> : null}
      {members ? (
        <StepForm
          operation={SetDuty}
          row={duty}
          extra={{ department }}
          initial={initial}
          submit={say.save}
          cancel={onClose}
          refresh={refresh}
          done={done}
          fields={[
            {
              kind: "search",
              name: "person",
              label: say.person,
              hint: say.personHint,
              required: true,
              least: 0,
              search: (text) =>
                Promise.resolve(people.filter((one) => one.name.includes(text)).slice(0, 12).map((one) => ({ value: one.id, label: one.name, hint: one.title }))),
            },
            {
              kind: "choices",
              name: "post",
              label: say.post,
              required: true,
              options: [
                { value: "DUTY", label: say.posts.DUTY },
                { value: "HEAD", label: say.posts.HEAD },
              ],
            },
            { kind: "moment", name: "startsAt", label: say.starts, required: true },
            { kind: "moment", name: "endsAt", label: say.ends, required: true },
          ]}
        />
      ) : null}
    </Dialog>
  );
}
