import { useEffect, useState } from "preact/hooks";
import { setQuery } from "../../app/router";
import { Banner, Button, Choices, Field, TextArea, TextField, Trouble, wrongWith } from "../../kit";
import { call, newKey } from "../../net/client";
import type { Draft } from "../../net/drafts";
import { useRead } from "../../net/hooks";
import { returned } from "../../net/line";
import type { Problem } from "../../net/problem";
import { CallGreen, GreenTargets, type GreenKindsData } from "../../operations";
import { monthsBetween, readIdNumber, today } from "../new/idnumber";
import { Caller } from "./Caller";
import { bornFor, callOf, type CallValues } from "./facts";
import { Targets } from "./Targets";
import { words } from "./words";

interface Props {
  readonly kind: GreenKindsData["greenKinds"][number];
  readonly draft: Draft<CallValues>;
  readonly done: (id: string) => void;
}

/** The facts of an emergency of a kind, and whom to ask; nothing but the kind and the place is compulsory. */
export function Facts({ kind, draft, done }: Props) {
  const say = words();
  const { value, set } = draft;
  const { busy, problem, nowhere, send } = useCall(kind.concept.code, draft, done);
  const targets = useRead(GreenTargets, { kind: kind.concept.code, origin: value.from }, { skip: !value.from });
  const ranked = targets.data?.greenTargets ?? [];
  const asked = value.targets ?? ranked.slice(0, kind.ringSize).map((one) => one.department.id);
  const read = value.idNumber ? readIdNumber(value.idNumber, today()) : null;
  const born = read?.ok ? read.birthDate : bornFor(value.age, value.unit, today());
  const child = born !== "" && monthsBetween(born, today()) < 14 * 12;
  const wrongNumber = read && !read.ok && read.why !== "short" ? say.wrongNumber : "";
  return (
    <form
      class="green call-facts stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div class="row spread">
        <h1>{kind.concept.label}</h1>
        <Button kind="quiet" onClick={() => setQuery({ kind: null })}>
          {say.otherKind}
        </Button>
      </div>
      <p class="aside">{say.factsHint}</p>
      {value.calling && problem?.kind === "line" ? <Banner tone="warn">{say.unanswered}</Banner> : null}
      <Trouble problem={problem?.field ? null : problem} retry={() => void send()} />
      <div class="two">
        <section class="panel stack">
          <Caller
            value={value.from}
            onChange={(from) => set({ from, targets: null })}
            error={nowhere ? say.fromMissing : wrongWith(problem, "requesterDepartment")}
          />
          <div class="who-line">
            <Choices
              label={say.sexLabel}
              value={value.sex}
              onChange={(sex) => set({ sex: sex as CallValues["sex"] })}
              options={(["MALE", "FEMALE"] as const).map((one) => ({ value: one, label: say.sex[one] }))}
            />
            <Field label={say.age}>
              {(tied) => (
                <span class="with-unit">
                  <input
                    {...tied}
                    class="control"
                    inputMode="numeric"
                    name="age"
                    maxLength={3}
                    value={value.age}
                    onInput={(event) => set({ age: event.currentTarget.value.replace(/\D/g, "") })}
                  />
                  <select
                    class="control"
                    aria-label={say.ageUnit}
                    value={value.unit}
                    onChange={(event) => set({ unit: event.currentTarget.value as CallValues["unit"] })}
                  >
                    <option value="years">{say.years}</option>
                    <option value="months">{say.months}</option>
                  </select>
                </span>
              )}
            </Field>
          </div>
          {child ? (
            <TextField
              label={say.guardian}
              hint={say.guardianHint}
              autoComplete="off"
              value={value.guardianName}
              onChange={(guardianName) => set({ guardianName })}
              required={false}
            />
          ) : null}
          <TextArea
            label={say.summary}
            hint={say.summaryHint}
            rows={2}
            value={value.summary}
            onChange={(summary) => set({ summary })}
            required={false}
            error={wrongWith(problem, "summary")}
          />
          <div class="quick">
            {(["heartRate", "systolic", "diastolic", "spo2"] as const).map((name) => (
              <TextField
                key={name}
                label={say.vital[name]}
                inputMode="decimal"
                maxLength={5}
                value={value[name]}
                onChange={(text) => set({ [name]: text.replace(/[^\d.]/g, "") })}
                error={wrongWith(problem, `vitals.${name}`)}
              />
            ))}
          </div>
          <details open={Boolean(value.idNumber || value.name || wrongWith(problem, "patient"))}>
            <summary>{say.identity}</summary>
            <div class="stack">
              <TextField
                label={say.idNumber}
                autoComplete="off"
                maxLength={20}
                value={value.idNumber}
                onChange={(idNumber) => set({ idNumber })}
                error={wrongNumber || wrongWith(problem, "patient.idNumber")}
                required={false}
              />
              <TextField
                label={say.name}
                autoComplete="off"
                value={value.name}
                onChange={(name) => set({ name })}
                error={wrongWith(problem, "patient.name")}
                required={false}
              />
            </div>
          </details>
        </section>
        <section class="panel stack">
          <h2>{say.whom}</h2>
          <Trouble problem={targets.problem} retry={() => void targets.reload()} />
          <Targets
            targets={ranked}
            busy={targets.busy}
            asked={asked}
            change={(chosen) => set({ targets: chosen })}
            error={wrongWith(problem, "targets")}
          />
        </section>
      </div>
      <div class="thumb">
        <Button kind="primary" type="submit" busy={busy}>
          {asked.length ? say.callNow(asked.length) : say.callAny}
        </Button>
      </div>
    </form>
  );
}

/** Sends the call; one that was not answered is sent again as it was, whatever is typed meanwhile, so that there is one. */
function useCall(kind: string, draft: Draft<CallValues>, done: (id: string) => void) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [tried, setTried] = useState(false);

  async function send(): Promise<void> {
    setTried(true);
    if (busy || !draft.value.from) return;
    setBusy(true);
    const input = draft.value.calling ?? callOf(draft.value, kind, newKey(), today());
    draft.set({ calling: input });
    await draft.keep(); // whatever becomes of this page, the next one calls with the same key
    const answer = await call(CallGreen, { input });
    setBusy(false);
    const made = answer.ok ? answer.data.activateGreenChannel?.referral : null;
    if (made) return done(made.id);
    if (answer.ok) return;
    if (answer.problem.kind !== "line") draft.set({ calling: null });
    setProblem(answer.problem);
  }

  const back = returned.value;
  useEffect(() => {
    if (draft.value.calling) void send();
  }, [back]);
  return { busy, problem, nowhere: tried && !draft.value.from, send };
}
