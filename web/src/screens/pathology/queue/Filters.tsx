import { useEffect, useState } from "preact/hooks";
import { setQuery } from "../../../app/router";
import { Select, TextField } from "../../../kit";
import { can, me } from "../../../net/session";
import type { PathologyBox, PathologyQueueVariables } from "../../../operations";
import { options, useCatalogue } from "../facts";
import { words as shared } from "../words";
import { words } from "./words";

/** A box of the worklist. */
export type Box = PathologyBox;

/** The boxes in the order in which somebody begins with them, and to whom they are offered. */
export const BOXES: readonly { readonly value: Box; readonly offered: () => boolean }[] = [
  { value: "POOL", offered: () => can("claim_pathology", "assign_pathology") },
  { value: "IN", offered: () => can("pass_quality", "claim_pathology") && !mostlySends() },
  { value: "MINE", offered: () => can("claim_pathology", "create_pathology") },
  { value: "OUT", offered: () => can("view_sent_pathology") },
];

/** A county's lab sends; what others send it is not the first thing that it looks at. */
function mostlySends(): boolean {
  return (
    (me.value?.roles ?? []).every((role) => role.role !== "PATHOLOGY_LAB" || role.hospital?.level === "COUNTY") &&
    !can("claim_pathology", "assign_pathology")
  );
}

/** Which cases: as links in a row, the chosen one marked. */
export function Boxes({ value, onChange }: { readonly value: Box; readonly onChange: (box: Box) => void }) {
  const say = words();
  const shown = BOXES.filter((one) => one.offered() || (one.value === "IN" && can("view_received_pathology")));
  return (
    <div class="boxes" role="group" aria-label={say.boxes}>
      {shown.map((one) => (
        <button
          key={one.value}
          type="button"
          class="box"
          aria-pressed={one.value === value}
          onClick={() => onChange(one.value)}
        >
          {say.box[one.value]}
        </button>
      ))}
    </div>
  );
}

/** What narrows the list; everything chosen here stands in the address. */
export function Filters({ variables }: { readonly variables: PathologyQueueVariables }) {
  const say = words();
  const common = shared();
  const subspecialties = useCatalogue("SUBSPECIALTY");
  const [patient, setPatient] = useState(variables.patient ?? "");
  useEffect(() => {
    if (patient === (variables.patient ?? "")) return;
    const later = window.setTimeout(() => setQuery({ patient: patient.trim() }), 400);
    return () => window.clearTimeout(later);
  }, [patient]);
  const only = variables.overdue ? "overdue" : variables.open ? "open" : "all";
  return (
    <div class="filters" role="search" aria-label={say.filters}>
      <Select
        label={say.only}
        value={only}
        empty={null}
        onChange={(value) => setQuery({ only: value === "open" ? null : value })}
        options={[
          { value: "open", label: say.onlyOpen },
          { value: "overdue", label: say.onlyOverdue },
          { value: "all", label: say.everything },
        ]}
      />
      <Select
        label={say.kind}
        value={variables.kind ?? ""}
        empty={say.allKinds}
        onChange={(kind) => setQuery({ kind })}
        options={(["FROZEN", "ROUTINE", "CYTOLOGY", "SECOND_OPINION"] as const).map((value) => ({
          value,
          label: common.kind[value],
        }))}
      />
      <Select
        label={say.subspecialty}
        value={variables.subspecialty ?? ""}
        empty={say.allSubspecialties}
        onChange={(subspecialty) => setQuery({ subspecialty })}
        options={options(subspecialties)}
      />
      <Select
        label={say.sort}
        value={variables.sort ?? "NEAREST_DEADLINE"}
        empty={null}
        onChange={(sort) => setQuery({ sort: sort === "NEAREST_DEADLINE" ? null : sort })}
        options={(["NEAREST_DEADLINE", "MOST_URGENT", "NEWEST"] as const).map((value) => ({
          value,
          label: say.sorts[value],
        }))}
      />
      <TextField label={say.patient} type="search" value={patient} onChange={setPatient} />
    </div>
  );
}
