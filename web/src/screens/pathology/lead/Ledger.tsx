import "../style.css";
import { href, query, setQuery } from "../../../app/router";
import { type Column, Empty, Loading, Select, span, Table, TextField, Trouble } from "../../../kit";
import { useRead } from "../../../net/hooks";
import { now } from "../../../net/moment";
import {
  PathologyLedger,
  type PathologyLedgerData,
  type PathologyLedgerGrouping,
  type PathologyLedgerVariables,
} from "../../../operations";
import { words as shared } from "../words";
import { words } from "./words";

type Entry = PathologyLedgerData["pathologyLedger"][number];
type Share =
  "withinLimit" | "returned" | "undiagnosable" | "preliminaryConcordant" | "preliminaryMajor" | "finalConcordant";

const GROUPS: readonly PathologyLedgerGrouping[] = ["ORGAN", "SENDER", "EXPERT", "KIND", "PERFORMER"];
const DAY = 86_400_000;

function daysAgo(days: number): string {
  return new Date(now() - days * DAY).toISOString().slice(0, 10);
}

/** What became of the cases that were answered: how many, how fast, how well they agreed. */
export default function Ledger() {
  const say = words();
  const common = shared();
  const given = query.value;
  const variables: PathologyLedgerVariables = {
    grouping: (given.get("by") as PathologyLedgerGrouping | null) ?? "ORGAN",
    since: given.get("since") || daysAgo(90),
    until: given.get("until") || daysAgo(0),
    kind: (given.get("kind") as PathologyLedgerVariables["kind"]) || null,
  };
  const { data, problem, reload } = useRead(PathologyLedger, variables, { keep: true });
  const rows = data?.pathologyLedger ?? [];
  const share = (key: Share, head: string): Column<Entry> => ({
    key,
    head,
    numeric: true,
    cell: (row) => {
      const rate = row[key];
      if (rate.suppressed) return say.hidden;
      if (rate.value === null) return "—";
      return (
        <>
          {Math.round(rate.value * 100)}%{" "}
          <span class="aside">
            {rate.numerator} / {rate.denominator}
          </span>
        </>
      );
    },
  });
  return (
    <div class="pathology stack">
      <p class="aside">
        <a href={href("/pathology")}>{common.back}</a>
      </p>
      <h1>{say.ledger}</h1>
      <p class="aside">{say.ledgerHint}</p>
      <div class="filters" role="search">
        <Select
          label={say.by}
          empty={null}
          value={variables.grouping}
          onChange={(by) => setQuery({ by })}
          options={GROUPS.map((value) => ({ value, label: say.groups[value] }))}
        />
        <TextField
          label={say.since}
          type="date"
          value={variables.since ?? ""}
          onChange={(since) => setQuery({ since })}
        />
        <TextField
          label={say.until}
          type="date"
          value={variables.until ?? ""}
          onChange={(until) => setQuery({ until })}
        />
        <Select
          label={say.kind}
          empty={say.allKinds}
          value={variables.kind ?? ""}
          onChange={(kind) => setQuery({ kind })}
          options={(["FROZEN", "ROUTINE", "CYTOLOGY", "SECOND_OPINION"] as const).map((value) => ({
            value,
            label: common.kind[value],
          }))}
        />
      </div>
      <Trouble problem={problem} retry={() => void reload()} />
      {!data && !problem ? <Loading /> : null}
      {data && !rows.length ? <Empty title={say.noCases}>{say.noCasesHint}</Empty> : null}
      {rows.length ? (
        <Table
          caption={say.ledger}
          rows={rows}
          keyOf={(row) => row.group}
          columns={[
            { key: "group", head: say.groups[variables.grouping], names: true, cell: (row) => row.group },
            { key: "cases", head: say.cases, numeric: true, cell: (row) => row.cases },
            {
              key: "median",
              head: say.median,
              numeric: true,
              cell: (row) => (row.medianMinutes === null ? "—" : span(row.medianMinutes * 60_000)),
            },
            share("withinLimit", say.withinLimit),
            share("returned", say.returned),
            share("undiagnosable", say.undiagnosable),
            share("preliminaryConcordant", say.preliminary),
            share("preliminaryMajor", say.major),
            share("finalConcordant", say.final),
          ]}
        />
      ) : null}
    </div>
  );
}
