/** What the reader may do with a leg now, as buttons and forms; and for whom it waits otherwise. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useKeys } from "../../app/keys";
import { Banner, Button, dateTime, StepForm, Steps, toast, Trouble, WhoCan } from "../../kit";
import { intention } from "../../net/hooks";
import type { Problem } from "../../net/problem";
import { me } from "../../net/session";
import type { CaseLegFragment, ReferralRowFragment } from "../../operations";
import { labels } from "./labels";
import { versionOf } from "./receipt";
import { type Answered, type Decided, PLANS, type StepPlan } from "./steps";
import { DANGEROUS, KEYS, ORDER, usual } from "./usual";
import { words } from "./words";

interface Props {
  readonly leg: CaseLegFragment;
  /** A step was taken; the row is as it is now. */
  readonly done: (row: ReferralRowFragment) => void;
  /** Loads the leg anew. */
  readonly refresh: () => Promise<void>;
  /** A step that was asked for elsewhere, such as by a key in the list; `turn` tells one asking from the next. */
  readonly asked?: { readonly action: string; readonly turn: number } | null;
  /** False where the page itself hears the keys of the steps. */
  readonly keyed?: boolean;
  /** Hears whether a form is open. */
  readonly onForm?: (open: boolean) => void;
}

/** The part of a page that takes steps; its keys work while it is shown. */
export function Actions({ leg, done, refresh, asked, keyed = true, onForm }: Props) {
  const say = words();
  const [begun, setBegun] = useState<string | null>(null);
  const { take, problem, busy } = useAtOnce(leg, refresh, done);
  const allowed = leg.steps.filter((one) => one.allowed && PLANS[one.action]);
  // A form that was begun stays when somebody was faster: what was typed is not lost, and who was is said.
  const step = leg.steps.find((one) => one.action === begun);
  const plan = step && PLANS[step.action]?.(leg, decidesForOthers(leg));
  const form = useRef<HTMLDivElement>(null);

  function begin(action: string): void {
    const found = PLANS[action]?.(leg, decidesForOthers(leg));
    const known = leg.steps.find((one) => one.action === action);
    if (!found || !known?.allowed) {
      if (known) toast([known.label, known.reason].filter(Boolean).join(" · "));
      return;
    }
    if (atOnce(found)) void take(action, known.label, found);
    else setBegun(action);
  }

  // One form at a time; its first field is where typing goes.
  useEffect(() => {
    if (step) (form.current?.querySelector<HTMLElement>("input, select, textarea") ?? form.current?.querySelector("button"))?.focus();
  }, [step?.action]);
  useEffect(() => onForm?.(Boolean(step)), [step?.action]);
  useEffect(() => {
    if (asked) begin(asked.action);
  }, [asked?.turn]);

  const offered = allowed.map((one) => `${one.action} ${one.label}`).join(";");
  const latest = useRef(begin);
  latest.current = begin;
  useKeys(
    useMemo(
      () =>
        allowed.flatMap(({ action, label }) => {
          const keys = KEYS[action];
          return keys && keyed ? [{ keys, does: label, run: () => latest.current(action) }] : [];
        }),
      [offered, keyed],
    ),
  );

  // A form that closes takes the focus with it; it goes back to where the steps are.
  const home = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!begun && document.activeElement === document.body) home.current?.querySelector("button")?.focus();
  }, [begun]);

  if (step && plan) {
    return (
      <div ref={form} class="step-panel" onKeyDown={(event) => onKey(event, () => setBegun(null))}>
        <h3>{step.label}</h3>
        {step.allowed ? null : <Overtaken leg={leg} />}
        <StepForm
          key={`${leg.id} ${step.action}`}
          operation={plan.operation}
          row={leg}
          fields={plan.fields}
          initial={plan.initial}
          submit={step.label}
          danger={plan.danger}
          late={plan.late}
          refresh={refresh}
          cancel={() => setBegun(null)}
          done={(data) => {
            setBegun(null);
            finished(data, leg, step.label, done);
          }}
        >
          {plan.note ? <p class="aside">{plan.note}</p> : null}
        </StepForm>
      </div>
    );
  }
  const main = usual(allowed);
  const others = ORDER.filter((one) => !main.includes(one) && allowed.some(({ action }) => action === one));
  return (
    <div class="stack actions" ref={home}>
      <Trouble problem={problem} />
      {busy ? <Banner>{busy}</Banner> : null}
      {main.length ? <Steps actions={allowed} begin={begin} forms={main} dangerous={DANGEROUS} keys={KEYS} /> : null}
      {main.length ? null : <Awaited leg={leg} />}
      {others.length ? (
        <details class="more-steps">
          <summary>{say.others}</summary>
          <div class="row">
            {others.map((one) => {
              const known = allowed.find(({ action }) => action === one);
              return (
                <Button key={one} small kind={DANGEROUS.includes(one) ? "danger" : "plain"} onClick={() => begin(one)} {...(KEYS[one] && { keyHint: KEYS[one] })}>
                  {known?.label}
                </Button>
              );
            })}
          </div>
        </details>
      ) : null}
      <Blocked steps={leg.steps} />
    </div>
  );
}

/** Who changed the leg last, so that a step that was begun can no longer be taken. */
function Overtaken({ leg }: { readonly leg: CaseLegFragment }) {
  const say = words();
  const last = [...leg.events].sort((one, other) => one.version - other.version).at(-1);
  return (
    <Banner tone="warn" title={last ? say.overtaken(last.actor?.name ?? say.system, dateTime(last.eventAt), last.label) : undefined}>
      {say.overtakenHint}
    </Banner>
  );
}

/** Escape leaves the form. */
function onKey(event: KeyboardEvent, leave: () => void): void {
  if (event.defaultPrevented || event.isComposing || event.key !== "Escape") return;
  event.preventDefault();
  leave();
}

/** A step that asks for nothing and that another step undoes is taken without a second question. */
function atOnce(plan: StepPlan): boolean {
  return !plan.fields.length && !plan.note && !plan.danger;
}

function finished(data: Record<string, Answered | null>, leg: Decided, label: string, done: Props["done"]): void {
  const row = Object.values(data)[0]?.referral;
  toast(words().done(label, leg.number));
  done(row ?? leg);
}

/** Takes a step without a form; what is refused stands above the buttons. */
function useAtOnce(leg: Decided, refresh: () => Promise<void>, done: Props["done"]) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState("");
  const intents = useRef(new Map<string, ReturnType<typeof intention>>());
  useEffect(() => setProblem(null), [leg.id]);
  async function take(action: string, label: string, plan: StepPlan): Promise<void> {
    if (busy) return;
    const act = intents.current.get(action) ?? intention(plan.operation);
    intents.current.set(action, act); // its key outlives a line that was cut
    setBusy(`${label}…`);
    const answer = await act({ id: leg.id, expectedVersion: await versionOf(leg) } as never);
    setBusy("");
    setProblem(answer.ok ? null : answer.problem);
    if (answer.ok) finished(answer.data as Record<string, Answered | null>, leg, label, done);
    else if (["STALE_VERSION", "INVALID_STATE"].includes(answer.problem.code)) await refresh();
  }
  return { take, problem, busy };
}

/** Whether the reader holds the receiver's office alone, and so enters what a specialist decided. */
export function decidesForOthers(row: Pick<ReferralRowFragment, "performerHospital">): boolean {
  const here = me.value?.roles.filter((one) => one.hospital?.id === row.performerHospital?.id) ?? [];
  return here.some((one) => one.role === "REFERRAL_OFFICE") && !here.some((one) => one.role === "EXPERT");
}

type StepOf = CaseLegFragment["steps"][number];
const ALWAYS = new Set(["recordDeath", "cancelReferral", "reportError", "confirmError", "standDown", "identifyPatient", "holdReferral", "openReferral", "updateReferral"]);

/** For whom the leg waits: who could take the steps that move it on. */
function Awaited({ leg }: { readonly leg: CaseLegFragment }) {
  const say = words();
  const able = leg.steps.filter((one) => one.possible && !one.allowed && one.code === "FORBIDDEN" && !ALWAYS.has(one.action));
  const parties = new Map<string, StepOf[]>();
  for (const one of able) {
    const place = one.who.map(({ hospital, department }) => [hospital, department].filter(Boolean).join(" ")).filter(Boolean).join(" / ");
    if (place) parties.set(place, [...(parties.get(place) ?? []), one]);
  }
  if (!parties.size || leg.closedAt) return <p class="aside">{say.nothingToDo}</p>;
  return (
    <dl class="facts awaited">
      {[...parties].map(([place, steps]) => (
        <>
          <dt>{say.waitingFor}</dt>
          <dd>
            <b>{place}</b>
            <p class="aside">{labels().all(steps.map((one) => one.label))}</p>
          </dd>
        </>
      ))}
    </dl>
  );
}

/** The steps that cannot be taken now, each with the reason and who could; those that only want something first stand in sight. */
function Blocked({ steps }: { readonly steps: readonly StepOf[] }) {
  const say = words();
  const closed = steps.filter((one) => !one.allowed && PLANS[one.action]);
  const wanting = closed.filter((one) => one.possible && one.code !== "FORBIDDEN" && one.code !== "INVALID_STATE");
  const rest = closed.filter((one) => !wanting.includes(one));
  return (
    <>
      <Reasons steps={wanting} />
      {rest.length ? (
        <details class="blocked-steps">
          <summary>{say.blocked(rest.length)}</summary>
          <Reasons steps={rest} />
        </details>
      ) : null}
    </>
  );
}

function Reasons({ steps }: { readonly steps: readonly StepOf[] }) {
  if (!steps.length) return null;
  return (
    <dl class="blocked">
      {steps.map((one) => (
        <div key={one.action}>
          <dt>{one.label}</dt>
          <dd>
            {one.reason} <WhoCan who={one.who} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
