import { Dialog, type Option, roleName, Select, StepForm } from "../../kit";
import { call } from "../../net/client";
import { useRead } from "../../net/hooks";
import { can } from "../../net/session";
import { Colleague, GrantRole, type Role, StaffDepartments } from "../../operations";
import type { Member } from "./useStaff";
import { words } from "./words";

interface Props {
  readonly hospital: string;
  readonly members: readonly Member[];
  /** To whom; null to choose. */
  readonly person: Member | null;
  readonly onClose: () => void;
  readonly done: () => void;
}

/** The staff by a part of the name; else who signs in by just this name, for somebody's first role here. */
async function found(members: readonly Member[], text: string, signal: AbortSignal): Promise<readonly Option[]> {
  const staff = members.filter((one) => one.name.includes(text)).slice(0, MOST);
  if (staff.length || !text) return staff.map(optionOf);
  const answer = await call(Colleague, { username: text }, { signal });
  return answer.ok && answer.data.colleague ? [optionOf(answer.data.colleague)] : [];
}

function optionOf({ id, name, title }: { readonly id: string; readonly name: string; readonly title: string }): Option {
  return { value: id, label: name, hint: title };
}

const MOST = 12; // people offered at a time

// Roles of a division are the operator's to give.
const AT_A_HOSPITAL: readonly Role[] = [
  "REFERRING_DOCTOR",
  "REFERRAL_OFFICE",
  "EXPERT",
  "PATHOLOGIST",
  "PATHOLOGY_LEAD",
  "PATHOLOGY_LAB",
  "HOSPITAL_ADMIN",
  "ALLIANCE_ADMIN",
];

// These are the security administrator's to give (三员分立).
const ADMINISTRATORS: readonly Role[] = ["SYSTEM_ADMIN", "SECURITY_ADMIN", "AUDITOR"];

/** Asks for person, role and place; whether the role fits there is the server's to say, in place. */
export function GrantDialog({ hospital, members, person, onClose, done }: Props) {
  const say = words();
  const departments = useRead(StaffDepartments, { hospital }).data?.departments.nodes ?? [];
  return (
    <Dialog title={person ? say.grantTo(person.name) : say.grant} onClose={onClose}>
      <StepForm
        operation={GrantRole}
        row={null}
        extra={{ hospital, ...(person && { person: person.id }) }}
        submit={say.grant}
        cancel={onClose}
        done={done}
        fields={[
          ...(person
            ? []
            : [
                {
                  kind: "search",
                  name: "person",
                  label: say.person,
                  hint: say.personHint,
                  required: true,
                  least: 0,
                  search: (text: string, signal: AbortSignal) => found(members, text, signal),
                } as const,
              ]),
          { kind: "select", name: "role", label: say.role, required: true, options: [...AT_A_HOSPITAL, ...(can("appoint_administrator") ? ADMINISTRATORS : [])].map((role) => ({ value: role, label: roleName(role) })) },
          {
            kind: "custom",
            name: "department",
            label: say.place,
            render: ({ value, onChange, error }) => (
              <Select
                label={say.place}
                empty={say.whole}
                value={String(value ?? "")}
                options={departments.map(({ id, name }) => ({ value: id, label: name }))}
                onChange={onChange}
                error={error}
              />
            ),
          },
        ]}
      />
    </Dialog>
  );
}
