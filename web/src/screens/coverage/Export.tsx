import { useEffect, useState } from "preact/hooks";
import { Badge, Button, Dialog, Loading, StepForm, Table, Trouble, When } from "../../kit";
import { useAct, useRead } from "../../net/hooks";
import type { Problem } from "../../net/problem";
import { CancelExport, ExportNow, type ExportRowFragment, Exports, type ExportState, type ExportTable, RequestExport } from "../../operations";
import { type Scope, today } from "./scope";
import { words } from "./words";

interface Props {
  readonly scope: Scope;
  /** The period as the server counted it. */
  readonly since: string;
  readonly until: string;
  readonly onClose: () => void;
}

const TABLES: readonly ExportTable[] = ["INDICATORS", "COUNTIES", "MEMBERS", "FLOWS", "HOSPITAL_FLOWS", "TREND", "HOSPITALS"];
const TONES: Readonly<Record<ExportState, "info" | "good" | "bad" | "plain">> = {
  WAITING: "info",
  RUNNING: "info",
  READY: "good",
  FAILED: "bad",
  CANCELLED: "plain",
  EXPIRED: "plain",
};
const PAUSE = 1500; // milliseconds between two questions about a file in the making

/** The figures as a file: made in the background with its progress in sight, kept for some days, the last five listed. */
export function ExportDialog({ scope, since, until, onClose }: Props) {
  const say = words();
  const { data, problem, busy, reload, set } = useRead(Exports, {});
  const rows = data?.exports.nodes;

  function put(row: ExportRowFragment): void {
    set(({ exports }) => {
      const known = exports.nodes.some((one) => one.id === row.id);
      return { exports: { nodes: known ? exports.nodes.map((one) => (one.id === row.id ? row : one)) : [row, ...exports.nodes] } };
    });
  }

  return (
    <Dialog title={say.export} wide onClose={onClose}>
      <StepForm
        operation={RequestExport}
        row={null}
        extra={{ alliance: scope.alliance, since, until, ...(scope.capability && { capability: scope.capability }) }}
        initial={{ format: "XLSX" }}
        submit={say.make}
        done={(answer) => {
          const made = answer.requestExport?.export;
          if (made) put(made);
        }}
        fields={[
          {
            kind: "choices",
            name: "format",
            label: say.format,
            required: true,
            options: [
              { value: "XLSX", label: "Excel" },
              { value: "CSV", label: "CSV (ZIP)" },
            ],
          },
          { kind: "many", name: "tables", label: say.tables, hint: say.tablesHint, options: TABLES.map((one) => ({ value: one, label: say.tableNames[one] })) },
        ]}
      >
        <p class="aside">{say.exportHint(since, until)}</p>
      </StepForm>
      <Trouble problem={problem} retry={() => void reload()} />
      {!rows && busy ? <Loading /> : null}
      {rows?.length ? (
        <>
          <h3>{say.files}</h3>
          <Table
            caption={say.files}
            rows={rows}
            keyOf={(row) => row.id}
            columns={[
              { key: "when", head: say.asked, names: true, cell: (row) => <When at={row.requestedAt} /> },
              { key: "what", head: say.period, cell: (row) => `${row.alliance.name} · ${row.since}–${row.until} · ${row.format}` },
              { key: "state", head: say.state, cell: (row) => <Progress row={row} put={put} /> },
              { key: "act", head: say.file, cell: (row) => <Way row={row} put={put} /> },
            ]}
          />
        </>
      ) : null}
      <Reports scope={scope} />
    </Dialog>
  );
}

const REPORTS = 6; // months, the running one first

/** The months on paper: one page set each, with map and plots, for the alliance's council. */
function Reports({ scope }: { readonly scope: Scope }) {
  const say = words();
  const [year = 0, month = 0] = today().split("-").map(Number);
  const narrowed = scope.capability ? `?capability=${encodeURIComponent(scope.capability)}` : "";
  return (
    <section class="reports">
      <h3>{say.reports}</h3>
      <ul class="plain row">
        {Array.from({ length: REPORTS }, (_, before) => new Date(Date.UTC(year, month - 1 - before, 1)).toISOString().slice(0, 7)).map((name, at) => (
          <li key={name}>
            <a href={`/reports/coverage/${encodeURIComponent(scope.alliance)}/${name}.pdf${narrowed}`} target="_blank" rel="noopener">
              {name}
            </a>
            {at ? null : <span class="aside">{say.runningMonth}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

interface RowProps {
  readonly row: ExportRowFragment;
  readonly put: (row: ExportRowFragment) => void;
}

/** Where a file stands; asks again by itself until it is made. */
function Progress({ row, put }: RowProps) {
  const say = words();
  const making = row.state === "WAITING" || row.state === "RUNNING";
  const { data, reload } = useRead(ExportNow, { id: row.id }, { skip: true });
  const found = data?.export;
  useEffect(() => {
    if (!making) return;
    const timer = window.setInterval(() => void reload(), PAUSE);
    return () => window.clearInterval(timer);
  }, [making, reload]);
  useEffect(() => {
    // What was asked before a step on the row may arrive after it.
    if (found && found.version >= row.version && (found.done !== row.done || found.state !== row.state)) put(found);
  }, [found]);
  return (
    <span role="status">
      <Badge tone={TONES[row.state]}>{say.states[row.state]}</Badge>
      {making ? (
        <>
          {" "}
          <progress max={row.total} value={row.done} aria-label={say.states[row.state]} /> {say.doneOf(row.done, row.total)}
        </>
      ) : null}
      {row.problem ? <span class="aside"> {row.problem}</span> : null}
    </span>
  );
}

function Way({ row, put }: RowProps) {
  const say = words();
  const { act, busy } = useAct(CancelExport);
  const [refused, setRefused] = useState<Problem | null>(null);
  if (row.url) {
    return (
      <a href={row.url} download={row.name}>
        {say.download} {row.size ? <span class="aside">{say.kilobytes(Math.ceil(row.size / 1024))}</span> : null}
      </a>
    );
  }
  if (row.state !== "WAITING" && row.state !== "RUNNING") return <>{say.nothing}</>;
  async function cancel() {
    const answer = await act({ id: row.id, expectedVersion: row.version });
    setRefused(answer.ok ? null : answer.problem);
    const now = answer.ok ? answer.data.cancelExport?.export : null;
    if (now) put(now);
  }
  return (
    <>
      <Button small kind="quiet" busy={busy} onClick={() => void cancel()}>
        {say.stop}
      </Button>
      <Trouble problem={refused} />
    </>
  );
}
