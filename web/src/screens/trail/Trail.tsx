import "./style.css";
import { useState } from "preact/hooks";
import { query, setQuery } from "../../app/router";
import { Button, Empty, Loading, Select, TextField, toast, Trouble } from "../../kit";
import type { Problem } from "../../net/problem";
import { Trail, type TrailRowFragment } from "../../operations";
import { Chains } from "./Chains";
import { csvOf, download, everyEntry } from "./csv";
import { usePages } from "./pages";
import { TrailTable } from "./TrailTable";
import { words } from "./words";

const PURPOSES = ["TREATMENT", "BREAK_GLASS", "STATISTICS", "ADMINISTRATION", "AUDIT"];
const FILTERS = ["person", "hospital", "action", "purpose", "since", "until", "number"];
const IDENTITY = /^\d{6,17}[\dXx]?$/; // never put into an address, which histories and logs keep

/** Everything that was seen and done, for who audits it. */
export default function TrailScreen() {
  const say = words();
  const given = query.value;
  const [identity, setIdentity] = useState("");
  const patient = identity || given.get("number") || "";
  const variables = {
    patient: patient || null,
    person: given.get("person"),
    hospital: given.get("hospital"),
    action: given.get("action") ? [given.get("action") ?? ""] : null,
    purpose: given.get("purpose"),
    since: given.get("since") ? `${given.get("since")}T00:00:00+08:00` : null,
    until: given.get("until") ? dayAfter(given.get("until") ?? "") : null,
  };
  const list = usePages(Trail, { ...variables, first: 50 }, (data) => data.auditTrail);
  const narrowed = Boolean(identity) || FILTERS.some((name) => given.get(name));
  return (
    <div class="trail stack">
      <h1>{say.title}</h1>
      <p class="aside">{say.lead}</p>
      <Chains />
      <Filters
        patient={patient}
        find={(text) => {
          const private_ = IDENTITY.test(text);
          setIdentity(private_ ? text : "");
          setQuery({ number: private_ ? null : text });
        }}
        rows={list.rows ?? []}
        clear={
          narrowed
            ? () => {
                setIdentity("");
                setQuery(Object.fromEntries(FILTERS.map((name) => [name, null])));
              }
            : null
        }
      />
      {patient && list.rows?.length ? <Export variables={variables} /> : null}
      <Trouble problem={list.problem} retry={list.reload} />
      {!list.rows && list.busy ? <Loading /> : null}
      {list.rows && !list.rows.length ? <Nothing patient={Boolean(patient)} narrowed={narrowed} /> : null}
      {list.rows?.length ? (
        <TrailTable
          caption={say.list}
          rows={list.rows}
          narrow={{
            person: (person) => setQuery({ person }),
            hospital: (hospital) => setQuery({ hospital }),
            action: (action) => setQuery({ action }),
          }}
        />
      ) : null}
      {list.more ? (
        <Button busy={list.busy} onClick={list.follow}>
          {say.more}
        </Button>
      ) : null}
    </div>
  );
}

interface FiltersProps {
  readonly patient: string;
  readonly find: (text: string) => void;
  readonly rows: readonly TrailRowFragment[];
  readonly clear: (() => void) | null;
}

function Filters({ patient, find, rows, clear }: FiltersProps) {
  const say = words();
  const given = query.value;
  const [typed, type] = useState(patient);
  const [person, hospital, action] = ["person", "hospital", "action"].map((name) => given.get(name));
  const chips = [
    person && { name: "person", label: rows.find((row) => row.actor?.id === person)?.actor?.name ?? say.thisPerson },
    hospital && { name: "hospital", label: rows.find((row) => row.actorHospital?.id === hospital)?.actorHospital?.name ?? say.thisHospital },
    action && { name: "action", label: rows.find((row) => row.action === action)?.label ?? say.thisAct },
  ].filter((one) => one !== null && one !== undefined && one !== "");
  return (
    <search aria-label={say.filters} class="stack">
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          find(typed.trim());
        }}
      >
        <TextField label={say.patient} hint={say.patientHint} value={typed} maxLength={40} onChange={type} />
        <Select
          label={say.purpose}
          value={given.get("purpose") ?? ""}
          empty={say.everyPurpose}
          options={PURPOSES.map((value) => ({ value, label: say.purposes[value] ?? value }))}
          onChange={(purpose) => setQuery({ purpose })}
        />
        <TextField label={say.since} type="date" value={given.get("since") ?? ""} max={given.get("until") ?? undefined} onChange={(since) => setQuery({ since })} />
        <TextField label={say.until} type="date" value={given.get("until") ?? ""} min={given.get("since") ?? undefined} onChange={(until) => setQuery({ until })} />
        <Button type="submit">{say.find}</Button>
      </form>
      {clear ? (
        <div class="row">
          {chips.map(({ name, label }) => (
            <button key={name} type="button" class="chip" aria-label={say.notOnly(label)} onClick={() => setQuery({ [name]: null })}>
              {say.only(label)} <span aria-hidden="true">✕</span>
            </button>
          ))}
          <Button
            small
            kind="quiet"
            onClick={() => {
              type("");
              clear();
            }}
          >
            {say.clear}
          </Button>
        </div>
      ) : null}
    </search>
  );
}

function Export({ variables }: { readonly variables: Parameters<typeof everyEntry>[0] }) {
  const say = words();
  const [read, setRead] = useState<number | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);

  async function run(): Promise<void> {
    setProblem(null);
    setRead(0);
    const found = await everyEntry(variables, setRead);
    setRead(null);
    if (!("rows" in found)) return setProblem(found);
    download(csvOf(found.rows), `${say.file}-${new Date().toISOString().slice(0, 10)}.csv`);
    toast(found.cut ? say.tooMany(found.rows.length) : say.exported(found.rows.length));
  }

  return (
    <div class="row">
      <Button small busy={read !== null} onClick={() => void run()}>
        {say.export}
      </Button>
      {read === null ? null : <span role="status">{say.exporting(read)}</span>}
      <Trouble problem={problem} retry={() => void run()} />
    </div>
  );
}

function Nothing({ patient, narrowed }: { readonly patient: boolean; readonly narrowed: boolean }) {
  const say = words();
  if (patient) return <Empty title={say.nonePatient}>{say.nonePatientHint}</Empty>;
  return narrowed ? <Empty title={say.none}>{say.noneHint}</Empty> : <Empty title={say.empty}>{say.emptyHint}</Empty>;
}

/** The first moment of the day after, in the hospitals' zone. */
function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00+08:00`) + 86_400_000).toISOString();
}
