import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type InputOf, useAct } from "../net/hooks";
import type { Problem } from "../net/problem";
import type { Operation } from "../operations";
import { Banner, Trouble, wrongWith } from "./Banner";
import { Button } from "./Button";
import { isEmpty, StepControl, type StepField, type Values, wireOf } from "./step-fields";
import { words } from "./words";

type NameOf<Variables> = (keyof InputOf<Variables> & string) | `${keyof InputOf<Variables> & string}.${string}`;

/** A field of one mutation's step: its name is one of the input's. */
export type FieldOf<Variables> = StepField<NameOf<Variables>>;

interface Props<Data, Variables> {
  /** The mutation; its key, id and version are seen to here. */
  readonly operation: Operation<Data, Variables>;
  /** The row that is shown and decided on; null for a step that makes one. */
  readonly row: { readonly id: string; readonly version: number } | null;
  readonly fields: readonly FieldOf<Variables>[];
  readonly initial?: Values | undefined;
  /** What else the input needs that nobody types. */
  readonly extra?: Partial<InputOf<Variables>> | undefined;
  /** The word on the button: what will happen, such as 接收. */
  readonly submit: string;
  /** For what cannot be taken back. */
  readonly danger?: boolean | undefined;
  /** Offers to record the step late, with the reason why. */
  readonly late?: boolean | undefined;
  readonly done: (data: Data) => void;
  /** Loads the row anew, after somebody changed it or was faster. */
  readonly refresh?: (() => Promise<void>) | undefined;
  readonly cancel?: (() => void) | undefined;
  /** Stands above the fields, such as what the step means. */
  readonly children?: ComponentChildren;
}

/**
 * A form for one step: asks for the fields, sends them with the version that is shown, and answers every refusal in
 * place. Whatever happens, what was typed stays.
 */
export function StepForm<Data, Variables>(props: Props<Data, Variables>) {
  const { operation, row, initial, extra, submit, danger, late, done, refresh, cancel, children } = props;
  const say = words();
  const { act, busy } = useAct(operation);
  const form = useRef<HTMLFormElement>(null);
  const opened = useRef(row?.version);
  const [values, setValues] = useState<Values>(initial ?? {});
  const [missing, setMissing] = useState<ReadonlySet<string>>(new Set());
  const [problem, setProblem] = useState<Problem | null>(null);
  const fields = [...props.fields, ...(late ? lateFields(say) : [])].filter((one) => !one.when || one.when(values));

  function change(name: string, value: unknown): void {
    setValues((before) => ({ ...before, [name]: value }));
    setMissing((before) => new Set([...before].filter((one) => one !== name)));
  }

  function error(name: string): string {
    const field = fields.find((one) => one.name === name);
    if (missing.has(name) && field) return say.missing(field.label);
    return wrongWith(problem, name);
  }

  useEffect(() => {
    if (missing.size || problem) form.current?.querySelector<HTMLElement>("[aria-invalid], .field.wrong input")?.focus();
  }, [missing, problem]);

  async function send(event: Event) {
    event.preventDefault();
    if (busy) return;
    const empty = fields.filter((one) => one.required && isEmpty(values[one.name]));
    setMissing(new Set(empty.map((one) => one.name)));
    if (empty.length) return;
    const about = row ? { id: row.id, expectedVersion: row.version } : {};
    const answer = await act({ ...about, ...extra, ...wireOf(fields, values) } as InputOf<Variables>);
    if (answer.ok) return done(answer.data);
    setProblem(answer.problem);
    if (["STALE_VERSION", "INVALID_STATE"].includes(answer.problem.code)) await refresh?.();
  }

  const names = new Set<string>(fields.flatMap((one) => (one.kind === "reason" && one.comment ? [one.name, one.comment] : [one.name])));
  return (
    <form ref={form} class="stack step" noValidate onSubmit={(event) => void send(event)} onKeyDown={sendByKeys}>
      {children}
      {row && row.version !== opened.current && problem === null ? <Banner tone="warn">{say.changed}</Banner> : null}
      <Refusal problem={problem} names={names} />
      {fields.filter((one) => !LATE.has(one.name)).map((field) => (
        <StepControl key={field.name} field={field} values={values} change={change} error={error} />
      ))}
      {late ? (
        <details class="late">
          <summary>{say.late}</summary>
          <div class="stack">
            {fields.filter((one) => LATE.has(one.name)).map((field) => (
              <StepControl key={field.name} field={field} values={values} change={change} error={error} />
            ))}
          </div>
        </details>
      ) : null}
      <div class="row">
        <Button kind={danger ? "danger" : "primary"} type="submit" busy={busy}>
          {submit}
        </Button>
        {cancel ? (
          <Button kind="quiet" onClick={cancel}>
            {say.cancel}
          </Button>
        ) : null}
      </div>
    </form>
  );
}

/** Ctrl with Enter sends the form from any of its fields. */
function sendByKeys(event: KeyboardEvent): void {
  if (event.isComposing || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  (event.currentTarget as HTMLFormElement).requestSubmit();
}

const LATE = new Set(["eventAt", "backdatingReason", "backdatingComment"]);

function lateFields(say: ReturnType<typeof words>): readonly StepField[] {
  return [
    { kind: "moment", name: "eventAt", label: say.happenedAt },
    { kind: "reason", name: "backdatingReason", catalogue: "BACKDATING", comment: "backdatingComment", label: say.whyLate, when: (values) => !isEmpty(values.eventAt) },
  ];
}

/** Why the step was not taken, unless a field of the form says so itself. */
function Refusal({ problem, names }: { readonly problem: Problem | null; readonly names: ReadonlySet<string> }) {
  const say = words();
  if (!problem) return null;
  if (problem.code === "STALE_VERSION") return <Banner tone="warn">{say.stale}</Banner>;
  if (problem.code === "INVALID_STATE") {
    return (
      <Banner tone="warn" title={say.faster}>
        {problem.message}
      </Banner>
    );
  }
  const elsewhere = problem.all.filter((one) => !names.has(one.field ?? "") && !names.has((one.field ?? "").split(".")[0] ?? ""));
  if (problem.kind === "refused" && problem.all.length && !elsewhere.length) return null;
  return <Trouble problem={elsewhere[0] ? { ...problem, message: elsewhere.map((one) => one.message).join(" ") } : problem} />;
}
