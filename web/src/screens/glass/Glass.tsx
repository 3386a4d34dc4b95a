import "./style.css";
import { useEffect } from "preact/hooks";
import { href, query, setQuery } from "../../app/router";
import { Button, Clock, Empty, Loading, Select, Table, Trouble } from "../../kit";
import { can } from "../../net/session";
import { type BreakGlassState, type GlassFragment, GlassReviews, OwnGlasses } from "../../operations";
import { isMine, patientOf, runs, Span, Standing, tell, Why } from "./facts";
import { Request } from "./Request";
import { usePages } from "../trail/pages";
import { words } from "./words";

/** Emergency access: for who treats a patient a way in, for the patient's hospital the queue of reviews. */
export default function GlassScreen() {
  const say = words();
  const asks = can("break_glass");
  const reviews = can("review_break_glass", "view_break_glass");
  return (
    <div class="glass stack">
      <h1>{say.title}</h1>
      <p class="aside">{asks ? say.leadMine : say.leadReview}</p>
      {reviews ? <Queue /> : null}
      {asks ? <Mine /> : null}
    </div>
  );
}

function Mine() {
  const say = words();
  const list = usePages(OwnGlasses, {}, (data) => data.breakGlassAccesses);
  const now = list.rows?.filter(runs) ?? [];
  const past = list.rows?.filter((row) => !runs(row)) ?? [];
  useEffect(() => {
    if (list.rows) tell(list.rows);
  }, [list.rows]);
  return (
    <>
      {now.length ? (
        <section class="panel stack" aria-labelledby="running">
          <h2 id="running">{say.running}</h2>
          <ul class="plain stack">
            {now.map((row) => (
              <li key={row.id} class="row spread">
                <a href={href(`/break-glass/${encodeURIComponent(row.id)}`)}>{patientOf(row)}</a>
                <Clock dueAt={row.endsAt} startedAt={row.startedAt} />
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <section class="panel stack" aria-labelledby="request">
        <h2 id="request">{say.request}</h2>
        <Request />
      </section>
      <section class="panel stack" aria-labelledby="mine">
        <h2 id="mine">{say.mine}</h2>
        <Trouble problem={list.problem} retry={list.reload} />
        {!list.rows && list.busy ? <Loading /> : null}
        {list.rows && !list.rows.length ? <Empty title={say.none}>{say.noneHint}</Empty> : null}
        {past.length ? <Accesses caption={say.mine} rows={past} own /> : null}
        {list.more ? (
          <Button small busy={list.busy} onClick={list.follow}>
            {say.more}
          </Button>
        ) : null}
      </section>
    </>
  );
}

const WAITING: readonly BreakGlassState[] = ["RUNNING", "TO_REVIEW", "OVERDUE"];
const STATES: readonly BreakGlassState[] = [...WAITING, "REVIEWED"];

function Queue() {
  const say = words();
  const wanted = query.value.get("state");
  const state = STATES.find((one) => one === wanted);
  const states = state ? [state] : wanted === "ALL" ? null : WAITING;
  const list = usePages(GlassReviews, { state: states && [...states] }, (data) => data.breakGlassReviews);
  return (
    <section class="panel stack" aria-labelledby="queue">
      <h2 id="queue">{say.queue}</h2>
      <div class="filters">
        <Select
          label={say.show}
          value={state ?? (wanted === "ALL" ? "ALL" : "")}
          empty={say.waiting}
          options={[...STATES.map((one) => ({ value: one as string, label: say.states[one] })), { value: "ALL", label: say.everyState }]}
          onChange={(next) => setQuery({ state: next })}
        />
      </div>
      <Trouble problem={list.problem} retry={list.reload} />
      {!list.rows && list.busy ? <Loading /> : null}
      {list.rows && !list.rows.length ? <Empty title={wanted ? say.noQueueFiltered : say.noQueue}>{say.noQueueHint}</Empty> : null}
      {list.rows?.length ? <Accesses caption={say.queue} rows={list.rows} /> : null}
      {list.more ? (
        <Button small busy={list.busy} onClick={list.follow}>
          {say.more}
        </Button>
      ) : null}
    </section>
  );
}

/** Accesses as rows, each with the way to all that is known of it. */
function Accesses({ caption, rows, own }: { readonly caption: string; readonly rows: readonly GlassFragment[]; readonly own?: boolean }) {
  const say = words();
  return (
    <Table
      caption={caption}
      rows={rows}
      keyOf={(row) => row.id}
      columns={[
        {
          key: "patient",
          head: say.patient,
          names: true,
          cell: (row) => <a href={href(`/break-glass/${encodeURIComponent(row.id)}`)}>{patientOf(row)}</a>,
        },
        ...(own ? [] : [{ key: "who", head: say.who, cell: (row: GlassFragment) => `${row.person.name} · ${row.hospital.name}` }]),
        { key: "when", head: say.when, cell: (row) => <Span row={row} /> },
        { key: "why", head: say.why, cell: (row) => <Why row={row} /> },
        {
          key: "state",
          head: say.state,
          cell: (row) => (
            <>
              <Standing row={row} />
              {runs(row) ? <Clock dueAt={row.endsAt} startedAt={row.startedAt} /> : null}
              {!isMine(row) && ["TO_REVIEW", "OVERDUE"].includes(row.state) ? <Clock dueAt={row.reviewDueAt} startedAt={row.endsAt} /> : null}
            </>
          ),
        },
      ]}
    />
  );
}
