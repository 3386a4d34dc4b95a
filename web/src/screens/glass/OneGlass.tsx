import "./style.css";
import { useEffect, useState } from "preact/hooks";
import { href } from "../../app/router";
import type { ScreenProps } from "../../app/screens";
import { Banner, Button, ButtonLink, Clock, date, Dialog, Empty, Loading, StepForm, toast, Trouble, When } from "../../kit";
import { useRead } from "../../net/hooks";
import { now } from "../../net/moment";
import { can } from "../../net/session";
import { EndGlass, type GlassFragment, GlassReads, GlassWhole, type GlassWholeData, ReviewGlass } from "../../operations";
import { usePages } from "../trail/pages";
import { TrailTable } from "../trail/TrailTable";
import { isMine, patientOf, runs, Span, Standing, tell, Why } from "./facts";
import { words } from "./words";

type Whole = NonNullable<GlassWholeData["breakGlassAccess"]>;

/** One emergency access: for its holder what it opens and how long, for the patient's hospital what was read, and the review. */
export default function OneGlassScreen({ params }: ScreenProps) {
  const say = words();
  const { data, problem, busy, reload } = useRead(GlassWhole, { id: params.id ?? "" }, { keep: true });
  const row = data?.breakGlassAccess;
  useTheEnd(row, reload);
  useEffect(() => {
    if (row && isMine(row)) tell([row]);
  }, [row]);
  return (
    <div class="glass stack">
      <p class="aside">
        <a href={href("/break-glass")}>← {say.back}</a>
      </p>
      <h1>{row ? patientOf(row) : say.oneTitle}</h1>
      {problem?.kind === "refused" || (data && !row) ? (
        <Empty title={say.absent} action={<ButtonLink href={href("/break-glass")}>{say.back}</ButtonLink>}>
          {say.absentHint}
        </Empty>
      ) : (
        <Trouble problem={problem} retry={() => void reload()} />
      )}
      {!row && busy ? <Loading /> : null}
      {row ? <Known row={row} reload={reload} /> : null}
    </div>
  );
}

function Known({ row, reload }: { readonly row: Whole; readonly reload: () => Promise<void> }) {
  const say = words();
  const mine = isMine(row);
  const reviews = can("review_break_glass") && !mine;
  return (
    <>
      {runs(row) ? <Countdown row={row} reload={reload} /> : mine ? <Banner>{say.over}</Banner> : null}
      {mine && runs(row) ? <Opened row={row} /> : null}
      <section class="panel stack" aria-label={say.oneTitle}>
        <dl class="facts">
          <dt>{say.state}</dt>
          <dd>
            <Standing row={row} />
          </dd>
          <dt>{say.who}</dt>
          <dd>
            {row.person.name} {row.person.title} · {row.hospital.name}
          </dd>
          <dt>{say.when}</dt>
          <dd>
            <Span row={row} /> {row.endedBy ? say.endedBy(row.endedBy.name) : ""}
          </dd>
          <dt>{say.why}</dt>
          <dd>
            <Why row={row} />
          </dd>
          <dt>{say.patientHospital}</dt>
          <dd>{row.patientHospital.name}</dd>
          {row.verdict ? (
            <>
              <dt>{say.review}</dt>
              <dd>
                {say.verdicts[row.verdict]} {row.reviewComment} {row.reviewedBy ? say.reviewedBy(row.reviewedBy.name) : ""}{" "}
                {row.reviewedAt ? <When at={row.reviewedAt} /> : null}
              </dd>
            </>
          ) : (
            <>
              <dt>{say.reviewDue}</dt>
              <dd>
                <When at={row.reviewDueAt} /> {row.escalatedAt ? say.escalated : ""}
              </dd>
            </>
          )}
        </dl>
      </section>
      {can("review_break_glass", "view_break_glass") && !mine ? <Reads id={row.id} turn={row.version} /> : null}
      {reviews && !row.verdict ? <Review row={row} reload={reload} /> : null}
      {mine && can("review_break_glass") && !row.verdict ? <Banner>{say.notOwn}</Banner> : null}
    </>
  );
}

/** How long it still lasts, and the way to end it before. */
function Countdown({ row, reload }: { readonly row: GlassFragment; readonly reload: () => Promise<void> }) {
  const say = words();
  const [ending, setEnding] = useState(false);
  const mine = isMine(row);
  const may = mine || can("review_break_glass");
  const verb = mine ? say.end : say.stop;
  return (
    <>
      <Banner
        tone="warn"
        title={say.states.RUNNING}
        action={
          may ? (
            <Button small kind={mine ? "plain" : "danger"} onClick={() => setEnding(true)}>
              {verb}
            </Button>
          ) : null
        }
      >
        <Clock dueAt={row.endsAt} startedAt={row.startedAt} /> {mine ? say.leftHint : null}
      </Banner>
      {ending ? (
        <Dialog title={verb} onClose={() => setEnding(false)}>
          <StepForm
            operation={EndGlass}
            row={row}
            fields={[]}
            submit={verb}
            danger
            cancel={() => setEnding(false)}
            refresh={reload}
            done={() => {
              setEnding(false);
              toast(say.ended);
              void reload();
            }}
          >
            <p>{mine ? say.endHint : say.stopHint}</p>
          </StepForm>
        </Dialog>
      ) : null}
    </>
  );
}

/** What the access opens, as ways to it. */
function Opened({ row }: { readonly row: Whole }) {
  const say = words();
  const cases = row.cases ?? [];
  const pathology = row.pathologyCases ?? [];
  return (
    <section class="panel stack" aria-labelledby="cases">
      <h2 id="cases">{say.cases}</h2>
      {!cases.length && !pathology.length ? <Empty title={say.noCases}>{say.noCasesHint}</Empty> : null}
      <ul class="plain stack">
        {cases.map((one) => (
          <li key={one.id}>
            <a href={href(`/case/${encodeURIComponent(one.id)}`)}>{say.caseOf(one.number, one.origin.name)}</a> <span class="aside">{date(one.openedAt)}</span>
          </li>
        ))}
      </ul>
      {pathology.length ? (
        <>
          <h3>{say.pathology}</h3>
          <ul class="plain stack">
            {pathology.map((one) => (
              <li key={one.id}>
                <a href={href(`/pathology/${encodeURIComponent(one.id)}`)}>{one.number}</a> <span class="aside">{date(one.createdAt)}</span>
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </section>
  );
}

/** Everything that was read by it, from the audit trail. */
function Reads({ id, turn }: { readonly id: string; readonly turn: number }) {
  const say = words();
  const list = usePages(GlassReads, { access: id }, (data) => data.auditTrail);
  useEffect(() => {
    list.reload();
  }, [turn]);
  return (
    <section class="panel stack" aria-labelledby="reads">
      <h2 id="reads">{say.reads}</h2>
      <Trouble problem={list.problem} retry={list.reload} />
      {!list.rows && list.busy ? <Loading /> : null}
      {list.rows && !list.rows.length ? <Empty title={say.noReads}>{say.noReadsHint}</Empty> : null}
      {list.rows?.length ? <TrailTable caption={say.reads} rows={list.rows} /> : null}
      {list.more ? (
        <Button small busy={list.busy} onClick={list.follow}>
          {say.more}
        </Button>
      ) : null}
    </section>
  );
}

function Review({ row, reload }: { readonly row: GlassFragment; readonly reload: () => Promise<void> }) {
  const say = words();
  return (
    <section class="panel stack" aria-labelledby="review">
      <h2 id="review">{say.review}</h2>
      {runs(row) ? (
        <p>{say.reviewLater}</p>
      ) : (
        <StepForm
          operation={ReviewGlass}
          row={row}
          fields={[
            {
              kind: "choices",
              name: "verdict",
              label: say.verdict,
              required: true,
              options: (["JUSTIFIED", "UNJUSTIFIED"] as const).map((value) => ({ value, label: say.verdicts[value] })),
            },
            { kind: "area", name: "comment", label: say.comment, hint: say.commentHint, rows: 2 },
          ]}
          submit={say.submit}
          refresh={reload}
          done={() => {
            toast(say.reviewed);
            void reload();
          }}
        >
          <p class="aside">{say.reviewHint}</p>
        </StepForm>
      )}
    </section>
  );
}

/** Asks anew when the time of an access that runs is over. */
function useTheEnd(row: GlassFragment | null | undefined, reload: () => Promise<void>): void {
  const endsAt = row && runs(row) ? row.endsAt : null;
  useEffect(() => {
    if (!endsAt) return;
    const timer = window.setTimeout(() => void reload(), Math.max(0, Date.parse(endsAt) - now()) + 1000);
    return () => window.clearTimeout(timer);
  }, [endsAt, reload]);
}
