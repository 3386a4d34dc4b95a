import { useState } from "preact/hooks";
import { Ago, Badge, Banner, Button, TextField, Trouble } from "../../kit";
import { moment } from "../../net/moment";
import type { PlacesFragment } from "../../operations";
import { isOld, usePlaces } from "./usePlaces";
import { words } from "./words";

interface Props {
  readonly row: PlacesFragment;
  readonly put: (row: PlacesFragment) => void;
  readonly reload: () => Promise<void>;
}

/** One capability with its beds: fewer, more, confirm; what was entered stays until the server has it. */
export function PlacesRow({ row, put, reload }: Props) {
  const say = words();
  const { beds, state, problem, stale, enter, send, drop } = usePlaces(row, put, reload);
  const [editing, setEditing] = useState(false);
  const kind = row.kind.label;
  return (
    <li class="places">
      <div class="kind">
        <strong>{kind}</strong>
        <span class="aside">
          {row.asOf ? <Ago at={row.asOf} /> : say.never} {isOld(row.asOf, moment.value) ? <Badge tone="warn">{say.old}</Badge> : null}
        </span>
      </div>
      <div class="stepper" role="group" aria-label={say.freeOf(kind)}>
        <Button aria-label={say.fewer(kind)} disabled={beds.free <= 0} onClick={() => enter({ ...beds, free: beds.free - 1 })}>
          −
        </Button>
        <output class="free" aria-label={say.free}>
          {beds.free}
        </output>
        <Button aria-label={say.more(kind)} disabled={beds.free >= beds.total} onClick={() => enter({ ...beds, free: beds.free + 1 })}>
          +
        </Button>
      </div>
      <div class="rest">
        {say.of(beds.total)}
        <span class="aside">
          {row.held ? `${say.held(row.held)} · ` : ""}
          {say.available(Math.max(0, beds.free - row.held))}
        </span>
      </div>
      <div class="row tools-of-row">
        <Button small busy={state === "sending"} aria-label={say.confirmOf(kind)} onClick={send}>
          {say.confirm}
        </Button>
        <Button small kind="quiet" aria-label={say.totalOf(kind)} aria-expanded={editing} onClick={() => setEditing(!editing)}>
          {say.change}
        </Button>
      </div>
      <p class="unseen" role="status">
        {state === "waiting" ? say.waiting : state === "sending" ? say.saving : ""}
      </p>
      {editing ? <Both beds={beds} kind={kind} done={(next) => (setEditing(false), next && enter(next))} /> : null}
      {stale ? (
        <Banner
          tone="warn"
          action={
            <>
              <Button small onClick={send}>
                {say.sendMine}
              </Button>
              <Button small kind="quiet" onClick={drop}>
                {say.takeTheirs}
              </Button>
            </>
          }
        >
          {say.changed(row.bedsFree ?? 0, row.bedsTotal ?? 0)}
        </Banner>
      ) : (
        <Trouble problem={problem} retry={send} />
      )}
    </li>
  );
}

interface BothProps {
  readonly beds: { readonly free: number; readonly total: number };
  readonly kind: string;
  /** Called with what was entered, null when it was given up. */
  readonly done: (beds: { free: number; total: number } | null) => void;
}

function Both({ beds, kind, done }: BothProps) {
  const say = words();
  const [free, setFree] = useState(String(beds.free));
  const [total, setTotal] = useState(String(beds.total));
  const [wrong, setWrong] = useState(false);
  return (
    <form
      class="both"
      aria-label={say.totalOf(kind)}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const entered = { free: Number(free || "NaN"), total: Number(total || "NaN") };
        const right = [entered.free, entered.total].every((one) => Number.isInteger(one) && one >= 0) && entered.free <= entered.total;
        setWrong(!right);
        if (right) done(entered);
      }}
    >
      <TextField label={say.free} type="number" inputMode="numeric" min={0} value={free} onChange={setFree} error={wrong ? say.whole : ""} />
      <TextField label={say.total} type="number" inputMode="numeric" min={0} value={total} onChange={setTotal} />
      <div class="row">
        <Button small kind="primary" type="submit">
          {say.save}
        </Button>
        <Button small kind="quiet" onClick={() => done(null)}>
          {say.cancel}
        </Button>
      </div>
    </form>
  );
}

/** Capabilities whose beds nobody counts yet, and the way to begin. */
export function Uncounted({ rows, put, reload }: { readonly rows: readonly PlacesFragment[]; readonly put: Props["put"]; readonly reload: Props["reload"] }) {
  const say = words();
  return (
    <details class="uncounted">
      <summary>
        {say.uncounted} · {rows.length}
      </summary>
      <ul class="plain">
        {rows.map((row) => (
          <Beginning key={row.id} row={row} put={put} reload={reload} />
        ))}
      </ul>
    </details>
  );
}

function Beginning({ row, put, reload }: Props) {
  const say = words();
  const { problem, enter, send } = usePlaces(row, put, reload);
  const [open, setOpen] = useState(false);
  return (
    <li>
      <div class="row spread">
        <span>{row.kind.label}</span>
        <Button small kind="quiet" aria-expanded={open} aria-label={say.startCounting(row.kind.label)} onClick={() => setOpen(!open)}>
          {say.start}
        </Button>
      </div>
      {open ? <Both beds={{ free: 0, total: 0 }} kind={row.kind.label} done={(next) => (setOpen(false), next && enter(next))} /> : null}
      <Trouble problem={problem} retry={send} />
    </li>
  );
}
