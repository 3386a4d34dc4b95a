import { useEffect, useRef } from "preact/hooks";
import { Badge, Button, Choices, Combobox, Field, type Option, TextArea, TextField, wrongWith } from "../../kit";
import { call } from "../../net/client";
import type { Problem } from "../../net/problem";
import { href } from "../../app/router";
import { can } from "../../net/session";
import { Concepts } from "../../operations";
import { type Content, type ExamValues, type Vital, VITALS } from "./form";
import { words } from "./words";

interface Props {
  readonly value: Content;
  readonly change: (change: Partial<Content>) => void;
  readonly problem: Problem | null;
  /** What is missing for sending, by field; shown once sending was tried. */
  readonly missing: (field: string) => string;
}

const UNITS: Record<Vital, string> = {
  temperature: "℃",
  heartRate: "/min",
  respiratoryRate: "/min",
  systolic: "mmHg",
  diastolic: "mmHg",
  spo2: "%",
  weight: "kg",
};

/** How ill, with what, and what is asked. */
export function ConditionPart({ value, change, problem, missing }: Props) {
  const say = words();
  const wrong = (field: string) => missing(field) || wrongWith(problem, field);
  // Once it holds something it stays open: a field that is emptied keeps its place, and the focus.
  const more = useRef(false);
  more.current ||= Boolean(value.treatment || value.allergies || value.exams.length);
  return (
    <>
      <Choices
        label={say.priority}
        value={value.priority}
        onChange={(priority) => change({ priority: priority as Content["priority"] })}
        options={(["ROUTINE", "URGENT", "ASAP", "STAT"] as const).map((one) => ({
          value: one,
          label: say.priorities[one],
          hint: say.answerWithin[one],
        }))}
      />
      {value.priority === "STAT" && can("activate_green_channel") ? (
        <p class="aside">
          {say.statHint} <a href={href("/green")}>{say.toGreen}</a>
        </p>
      ) : null}
      <Diagnoses value={value.diagnoses} onChange={(diagnoses) => change({ diagnoses })} error={wrong("diagnoses")} />
      <TextArea
        label={say.reason}
        hint={say.reasonHint}
        required
        rows={2}
        value={value.reason}
        onChange={(reason) => change({ reason })}
        error={wrong("reason")}
      />
      <TextArea
        label={say.summary}
        required
        rows={3}
        value={value.summary}
        onChange={(summary) => change({ summary })}
        error={wrong("summary")}
      />
      <Vitals value={value.vitals} onChange={(vitals) => change({ vitals })} problem={problem} />
      <details open={more.current}>
        <summary>{say.more}</summary>
        <div class="stack">
          <TextField
            label={say.allergies}
            value={value.allergies}
            onChange={(allergies) => change({ allergies })}
            required={false}
            error={wrong("allergies")}
          />
          <TextArea
            label={say.treatment}
            rows={2}
            value={value.treatment}
            onChange={(treatment) => change({ treatment })}
            required={false}
            error={wrong("treatment")}
          />
          <Exams value={value.exams} onChange={(exams) => change({ exams })} />
        </div>
      </details>
    </>
  );
}

const SHOWN = 12; // options of a search

/** Diagnoses that fit what was typed: the term itself first, then what begins with it, then the shortest. */
async function findDiagnoses(text: string, signal: AbortSignal): Promise<readonly Option[]> {
  const answer = await call(Concepts, { system: "ICD10", text, first: 100 }, { signal });
  if (!answer.ok) return [];
  const wanted = text.toLowerCase();
  const far = ({ code, label }: { code: string; label: string }) => {
    const [term, own] = [label.toLowerCase(), code.toLowerCase()];
    return own.startsWith(wanted) || term === wanted ? 0 : term.startsWith(wanted) ? 1 : term.endsWith(wanted) ? 2 : 3;
  };
  return [...answer.data.concepts.nodes]
    .sort((one, other) => far(one) - far(other) || one.label.length - other.label.length)
    .slice(0, SHOWN)
    .map(({ code, label }) => ({ value: code, label, hint: code }));
}

/** Diagnoses of ICD-10, the principal one first. */
export function Diagnoses({
  value,
  onChange,
  error,
}: {
  readonly value: readonly Option[];
  readonly onChange: (chosen: readonly Option[]) => void;
  readonly error: string;
}) {
  const say = words();
  const frame = useRef<HTMLDivElement>(null);
  const typing = useRef(false);
  const set = (chosen: readonly Option[]) => {
    typing.current = true;
    onChange(chosen);
  };
  const add = (one: Option | null) =>
    one && !value.some((other) => other.value === one.value) && set([...value, one]);
  // The next one is typed where the last was: the search begins anew, and keeps the focus.
  useEffect(() => {
    if (typing.current) frame.current?.querySelector("input")?.focus();
    typing.current = false;
  }, [value.length]);
  return (
    <div class="diagnoses" ref={frame}>
      <Combobox
        key={value.length}
        search={findDiagnoses}
        label={say.diagnoses}
        hint={say.diagnosesHint}
        required
        value={null}
        onChange={add}
        error={error}
      />
      <ol class="picked" aria-label={say.diagnoses}>
        {value.map((one, at) => (
          <li key={one.value}>
            <span>
              {at === 0 ? <Badge tone="info">{say.principal}</Badge> : null} {one.label}{" "}
              <span class="aside">{one.value}</span>
            </span>
            <Button
              kind="quiet"
              small
              aria-label={say.removeDiagnosis(one.label)}
              onClick={() => set(value.filter((other) => other !== one))}
            >
              ✕
            </Button>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** The vital signs, in one line where there is room. */
export function Vitals(props: {
  readonly value: Content["vitals"];
  readonly onChange: (vitals: Content["vitals"]) => void;
  readonly problem: Problem | null;
}) {
  const say = words();
  return (
    <fieldset class="vitals">
      <legend>{say.vitals}</legend>
      <div class="vital-signs">
        {VITALS.map((name) => (
          <Field key={name} label={say.vital[name]} error={wrongWith(props.problem, `vitals.${name}`)}>
            {(tied) => (
              <span class="with-unit">
                <input
                  {...tied}
                  class="control"
                  inputMode="decimal"
                  autoComplete="off"
                  name={name}
                  value={props.value[name]}
                  onInput={(event) =>
                    props.onChange({ ...props.value, [name]: event.currentTarget.value.replace(/[^\d.]/g, "") })
                  }
                />
                <span class="unit">{UNITS[name]}</span>
              </span>
            )}
          </Field>
        ))}
      </div>
    </fieldset>
  );
}

function Exams({
  value,
  onChange,
}: {
  readonly value: readonly ExamValues[];
  readonly onChange: (exams: readonly ExamValues[]) => void;
}) {
  const say = words();
  const put = (at: number, change: Partial<ExamValues>) =>
    onChange(value.map((one, index) => (index === at ? { ...one, ...change } : one)));
  const frame = useRef<HTMLDivElement>(null);
  const next = useRef<"exam" | "button" | null>(null);
  const set = (exams: readonly ExamValues[], focus: "exam" | "button") => {
    next.current = focus;
    onChange(exams);
  };
  // A line that was added is where typing goes; one that was removed takes the focus with it.
  useEffect(() => {
    if (next.current) frame.current?.querySelector<HTMLElement>(next.current === "exam" ? ".exam:nth-last-child(2) input" : ":scope > div:last-child > button")?.focus();
    next.current = null;
  }, [value.length]);
  return (
    <div class="stack" ref={frame}>
      {value.map((one, at) => (
        <div key={at} class="exam">
          <TextField label={say.exam(at + 1)} value={one.name} onChange={(name) => put(at, { name })} />
          <TextField label={say.result} value={one.result} onChange={(result) => put(at, { result })} />
          <Button
            kind="quiet"
            small
            aria-label={say.removeExam(one.name || String(at + 1))}
            onClick={() => set(value.filter((_, index) => index !== at), "button")}
          >
            ✕
          </Button>
        </div>
      ))}
      <div>
        <Button small onClick={() => set([...value, { name: "", result: "" }], "exam")}>
          {say.addExam}
        </Button>
      </div>
    </div>
  );
}
