import { useState } from "preact/hooks";
import { Button, Loading, Trouble, Unmask, useNumbers } from "../../../kit";
import { useRead } from "../../../net/hooks";
import { can } from "../../../net/session";
import { PathologyIdentity } from "../../../operations";
import { words } from "./words";

/** The patient's full identity, fetched only when somebody asks for it: each look is on the audit trail. */
export function Identity({ id }: { readonly id: string }) {
  const say = words();
  const [shown, setShown] = useState(false);
  const [numbers, setNumbers] = useNumbers(id);
  const { data, problem, reload } = useRead(PathologyIdentity, { id }, { skip: !shown });
  if (!can("view_identity")) return null;
  const found = data?.pathologyCase?.patient.identity;
  const { idNumber, phone, guardianPhone } = numbers ?? found ?? {};
  return (
    <section class="panel">
      <h2>{say.identity}</h2>
      {!shown ? (
        <Button small onClick={() => setShown(true)}>
          {say.showIdentity}
        </Button>
      ) : null}
      <Trouble problem={problem} retry={() => void reload()} />
      {shown && !data && !problem ? <Loading /> : null}
      {data && !found ? <p class="aside">{say.noIdentity}</p> : null}
      {found ? (
        <dl class="facts">
          <div>
            <dt>{say.name}</dt>
            <dd>{found.name || "—"}</dd>
          </div>
          <div>
            <dt>{say.idNumber}</dt>
            <dd>{idNumber ?? "—"}</dd>
          </div>
          <div>
            <dt>{say.birthDate}</dt>
            <dd>{found.birthDate ?? "—"}</dd>
          </div>
          <div>
            <dt>{say.phone}</dt>
            <dd>{phone || "—"}</dd>
          </div>
          {found.guardianName ? (
            <div>
              <dt>{say.guardian}</dt>
              <dd>{[found.guardianName, found.guardianRelation, guardianPhone].filter(Boolean).join(" · ")}</dd>
            </div>
          ) : null}
        </dl>
      ) : null}
      {idNumber || phone || guardianPhone ? <Unmask id={id} shown={numbers} change={setNumbers} /> : null}
    </section>
  );
}
