import { useState } from "preact/hooks";
import { query, setQuery } from "../../app/router";
import { Button, date, Dialog, Empty, Loading, StepForm, TextField, toast, Trouble } from "../../kit";
import { can, me } from "../../net/session";
import { type HeldFragment, RevokeRole } from "../../operations";
import { Frame } from "../admin/Frame";
import { chosenHospital } from "../admin/places";
import { GrantDialog } from "./GrantDialog";
import "./style.css";
import { type Member, useStaff } from "./useStaff";
import { words } from "./words";

/** Who holds which role at the hospital; grants and revokes. */
export default function StaffScreen() {
  const say = words();
  const hospital = chosenHospital();
  const { members, problem, reload } = useStaff(hospital?.id ?? null);
  const [granting, setGranting] = useState<Member | "anybody" | null>(null);
  const [revoking, setRevoking] = useState<string | null>(null);
  const wanted = query.value.get("find") ?? "";
  const shown = members?.filter((one) => fits(one, wanted));
  const row = members?.flatMap((one) => one.roles).find((one) => one.id === revoking);

  const grant = can("grant_role") && hospital ? <Button kind="primary" onClick={() => setGranting("anybody")}>{say.grant}</Button> : null;
  return (
    <Frame title={say.title} lead={say.lead} action={grant} ofHospital>
      {hospital ? null : <Empty title={say.noHospital} />}
      <Trouble problem={problem} retry={() => void reload()} />
      {hospital && !members && !problem ? <Loading /> : null}
      {members && !members.length ? <Empty title={say.empty}>{say.emptyHint}</Empty> : null}
      {members?.length ? (
        <div class="find">
          <TextField label={say.find} hint={say.findHint} type="search" value={wanted} onChange={(find) => setQuery({ find })} />
          <p class="aside" role="status">
            {say.people(shown?.length ?? 0)}
          </p>
        </div>
      ) : null}
      {members?.length && !shown?.length ? <Empty title={say.noneFound}>{say.noneFoundHint}</Empty> : null}
      <ul class="plain panel members">
        {shown?.map((one) => (
          <li key={one.id}>
            <div class="member">
              <strong>{one.name}</strong> <span class="aside">{one.title}</span>
              {can("grant_role") && one.id !== me.value?.person.id ? (
                <Button small kind="quiet" aria-label={say.grantTo(one.name)} onClick={() => setGranting(one)}>
                  + {say.role}
                </Button>
              ) : null}
            </div>
            <ul class="plain held">
              {one.roles.map((role) => (
                <li key={role.id}>
                  <span>
                    {role.label} · {role.department?.name ?? say.whole} <span class="aside">{say.since(date(role.startsAt))}</span>
                  </span>
                  {can("revoke_role") ? (
                    <Button small kind="quiet" aria-label={say.revokeOf(one.name, role.label)} onClick={() => setRevoking(role.id)}>
                      {say.revoke}
                    </Button>
                  ) : null}
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
      {granting && hospital && members ? (
        <GrantDialog
          hospital={hospital.id}
          members={members}
          person={granting === "anybody" ? null : granting}
          onClose={() => setGranting(null)}
          done={() => {
            setGranting(null);
            toast(say.granted);
            void reload();
          }}
        />
      ) : null}
      {row ? (
        <Dialog title={say.revokeOf(row.person.name, row.label)} onClose={() => setRevoking(null)}>
          <StepForm
            operation={RevokeRole}
            row={row}
            fields={[]}
            submit={say.revoke}
            danger
            cancel={() => setRevoking(null)}
            refresh={reload}
            done={() => {
              setRevoking(null);
              toast(say.revoked);
              void reload();
            }}
          >
            <p>{say.revokeHint(row.person.name, row.label, placeOf(row))}</p>
          </StepForm>
        </Dialog>
      ) : null}
    </Frame>
  );
}

function placeOf(row: HeldFragment): string {
  return row.department?.name ?? row.hospital?.name ?? "";
}

function fits(member: Member, wanted: string): boolean {
  const text = [member.name, member.title, ...member.roles.flatMap((one) => [one.label, one.department?.name ?? ""])].join(" ").toLowerCase();
  return wanted.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
