import "../style.css";
import { useState } from "preact/hooks";
import { href, query, setQuery } from "../../../app/router";
import { Badge, Button, Dialog, Empty, Loading, Select, StepForm, Table, toast, Trouble } from "../../../kit";
import { useRead } from "../../../net/hooks";
import { me } from "../../../net/session";
import { PathologyDepartments, Pathologists, PathologyReaders, type PathologyReadersData, SetExpertise } from "../../../operations";
import { options, useCatalogue } from "../facts";
import { words as shared } from "../words";
import { words } from "./words";

type Expertise = PathologyReadersData["pathologyReaders"][number];

interface Reader {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly inHand: number;
  readonly held: readonly Expertise[];
}

function byPerson(rows: readonly Expertise[]): readonly Reader[] {
  const found = new Map<string, Expertise[]>();
  for (const row of rows.filter((one) => one.endedAt === null))
    found.set(row.person.id, [...(found.get(row.person.id) ?? []), row]);
  return [...found.values()].flatMap((held) => {
    const [first] = held;
    return first
      ? [{ id: first.person.id, name: first.person.name, title: first.person.title, inHand: first.inHand, held }]
      : [];
  });
}

/** Who reads what for a department, and how much at a time; its lead decides. */
export default function Experts() {
  const say = words();
  const common = shared();
  const places = useRead(PathologyDepartments, {});
  const led = (me.value?.roles ?? []).filter((role) => role.role === "PATHOLOGY_LEAD");
  const home = new Set(led.map((role) => role.hospital?.id));
  const named = led.flatMap(({ department, hospital }) =>
    department ? [{ value: department.id, label: `${hospital?.name ?? ""} ${department.name}` }] : [],
  );
  const nodes = places.data?.departments.nodes ?? [];
  const departments = named.length
    ? named
    : nodes
        .filter((one) => home.has(one.hospital.id))
        .map((one) => ({ value: one.id, label: `${one.hospital.name} ${one.name}` }));
  const department = query.value.get("department") ?? departments[0]?.value ?? "";
  const { data, problem, reload } = useRead(PathologyReaders, { department }, { skip: !department });
  const subspecialties = options(useCatalogue("SUBSPECIALTY"));
  const staff = useRead(Pathologists, { department }, { skip: !department });
  const people = staff.data?.pathologists ?? [];
  const [editing, setEditing] = useState<Expertise | "new" | null>(null);
  const readers = byPerson(data?.pathologyReaders ?? []);
  const add = <Button onClick={() => setEditing("new")}>{say.add}</Button>;
  const done = () => {
    setEditing(null);
    toast(say.saved);
    void reload();
  };
  return (
    <div class="pathology stack">
      <p class="aside">
        <a href={href("/pathology")}>{common.back}</a>
      </p>
      <div class="row spread">
        <h1>{say.experts}</h1>
        {readers.length && people.length ? add : null}
      </div>
      <p class="aside">{say.expertsHint}</p>
      {departments.length > 1 ? (
        <Select
          label={say.department}
          empty={null}
          value={department}
          onChange={(value) => setQuery({ department: value })}
          options={departments}
        />
      ) : null}
      {places.data && !departments.length ? <Empty title={say.noDepartment} /> : null}
      <Trouble problem={problem ?? staff.problem ?? places.problem} retry={() => void reload().then(staff.reload)} />
      {department && !data && !problem ? <Loading /> : null}
      {data && staff.data && !readers.length ? (
        <Empty title={say.none} action={people.length ? add : null}>
          {people.length ? say.noneHint : say.nobodyHint}
        </Empty>
      ) : null}
      {readers.length ? (
        <Table
          caption={say.experts}
          rows={readers}
          keyOf={(row) => row.id}
          columns={[
            {
              key: "person",
              head: say.person,
              names: true,
              cell: (row) => (
                <>
                  {row.name} <span class="aside">{row.title}</span>
                </>
              ),
            },
            {
              key: "what",
              head: say.subspecialties,
              cell: (row) => (
                <ul class="plain held">
                  {row.held.map((one) => (
                    <li key={one.id}>
                      <Badge tone="info">{one.subspecialty.label}</Badge>{" "}
                      <span class="aside">{say.upTo(one.openLimit)}</span>{" "}
                      <Button
                        small
                        kind="quiet"
                        onClick={() => setEditing(one)}
                        aria-label={`${say.change}：${row.name} ${one.subspecialty.label}`}
                      >
                        {say.change}
                      </Button>
                    </li>
                  ))}
                </ul>
              ),
            },
            {
              key: "load",
              head: say.load,
              numeric: true,
              cell: (row) => `${row.inHand} / ${Math.max(...row.held.map((one) => one.openLimit))}`,
            },
          ]}
        />
      ) : null}
      {editing === "new" ? (
        <Dialog title={say.addTitle} onClose={() => setEditing(null)}>
          <StepForm
            operation={SetExpertise}
            row={null}
            extra={{ department }}
            submit={say.save}
            cancel={() => setEditing(null)}
            done={done}
            initial={{ openLimit: "10" }}
            fields={[
              {
                kind: "select",
                name: "person",
                label: say.person,
                required: true,
                options: people.map((one) => ({ value: one.id, label: [one.name, one.title].filter(Boolean).join(" · ") })),
              },
              {
                kind: "select",
                name: "subspecialty",
                label: say.subspecialties,
                required: true,
                options: subspecialties,
              },
              { kind: "number", name: "openLimit", label: say.limit, hint: say.limitHint, min: 1, required: true },
            ]}
          />
        </Dialog>
      ) : null}
      {editing && editing !== "new" ? (
        <Dialog
          title={say.changeTitle(editing.person.name, editing.subspecialty.label)}
          onClose={() => setEditing(null)}
        >
          <StepForm
            operation={SetExpertise}
            row={null}
            extra={{ department, person: editing.person.id, subspecialty: editing.subspecialty.code }}
            submit={say.save}
            cancel={() => setEditing(null)}
            done={done}
            initial={{ openLimit: String(editing.openLimit) }}
            fields={[
              { kind: "number", name: "openLimit", label: say.limit, hint: say.limitHint, min: 1, required: true },
              { kind: "check", name: "ended", label: say.ended },
            ]}
          />
        </Dialog>
      ) : null}
    </div>
  );
}
