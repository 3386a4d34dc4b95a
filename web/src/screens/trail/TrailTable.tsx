import { roleName, Table, When } from "../../kit";
import type { TrailRowFragment } from "../../operations";
import { words } from "./words";

/** Narrows the list to what one entry has: by whom, of which hospital, which act. */
export interface Narrow {
  readonly person: (id: string) => void;
  readonly hospital: (id: string) => void;
  readonly action: (name: string) => void;
}

/** Entries of the trail; with `narrow` a tap on who or what leaves only the like. */
export function TrailTable({ caption, rows, narrow }: { readonly caption: string; readonly rows: readonly TrailRowFragment[]; readonly narrow?: Narrow }) {
  const say = words();
  const only = (label: string, run: (() => void) | undefined) =>
    run ? (
      <button type="button" class="narrow" aria-label={say.only(label)} onClick={run}>
        {label}
      </button>
    ) : (
      label
    );
  return (
    <Table
      caption={caption}
      rows={rows}
      keyOf={(row) => row.id}
      columns={[
        { key: "when", head: say.when, names: true, cell: ({ at }) => <When at={at} /> },
        {
          key: "who",
          head: say.who,
          cell: ({ actor, actorRole, actorHospital }) => (
            <>
              {actor ? only(actor.name, narrow && (() => narrow.person(actor.id))) : say.clock}
              <span class="aside">
                {actorRole ? ` ${roleName(actorRole)}` : ""} {actorHospital ? only(actorHospital.name, narrow && (() => narrow.hospital(actorHospital.id))) : null}
              </span>
            </>
          ),
        },
        { key: "act", head: say.act, cell: ({ label, action }) => only(label, narrow && (() => narrow.action(action))) },
        { key: "why", head: say.why, cell: ({ purpose }) => say.purposes[purpose] ?? purpose },
        { key: "about", head: say.about, cell: ({ objectType, listed }) => [say.types[objectType] ?? objectType, listed ? say.rows(listed) : ""].filter(Boolean).join(" · ") },
        { key: "whose", head: say.whose, cell: ({ patient }) => patient?.displayName ?? "—" },
        {
          key: "place",
          head: say.place,
          numeric: true,
          cell: ({ sequence, requestId }) => <span title={requestId ? say.request(requestId) : undefined}>{sequence ?? "—"}</span>,
        },
      ]}
    />
  );
}
