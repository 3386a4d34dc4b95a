import { href } from "../../app/router";
import { Table } from "../../kit";
import type { HospitalLevel } from "../../operations";
import { words } from "./words";

interface Props {
  readonly levels: readonly { readonly level: HospitalLevel; readonly count: number }[];
  readonly alliance: string;
}

/** How many active members there are at each level; the directory names them. */
export function Members({ levels, alliance }: Props) {
  const say = words();
  return (
    <>
      <h3>{say.membersAt}</h3>
      <Table
        caption={say.membersAt}
        rows={levels}
        keyOf={(row) => row.level}
        columns={[
          { key: "level", head: say.level, names: true, cell: (row) => say.levels[row.level] },
          { key: "count", head: say.members, numeric: true, cell: (row) => row.count },
        ]}
      />
      <p>
        <a href={href("/admin/members", { alliance })}>{say.toDirectory}</a>
      </p>
    </>
  );
}
