import { useEffect, useState } from "preact/hooks";
import { href } from "../../app/router";
import { Banner, Button, Checkbox, Choices, date, ReasonField, TextField, Trouble, wrongWith } from "../../kit";
import { useRead } from "../../net/hooks";
import type { Problem } from "../../net/problem";
import { LookUpPatient } from "../../operations";
import { isMinor, monthsOf, type PatientValues, type Values } from "./form";
import { type Read, readIdNumber, today } from "./idnumber";
import { words } from "./words";

interface Props {
  readonly value: Values;
  readonly change: (change: Partial<Values>) => void;
  readonly problem: Problem | null;
  /** Gives this draft up for another patient. */
  readonly another: () => void;
}

/** Who is referred: the number is checked as it is typed, and an open case of the patient is shown. */
export function PatientPart({ value, change, problem, another }: Props) {
  const say = words();
  const { patient } = value;
  const set = (more: Partial<PatientValues>) => change({ patient: { ...patient, ...more } });
  if (value.server || value.creating) return <Fixed value={value} another={another} />;
  const minor = isMinor(patient, today());
  return (
    <>
      {patient.unknown ? (
        <Temporary patient={patient} set={set} problem={problem} />
      ) : (
        <Identity value={value} set={set} change={change} problem={problem} />
      )}
      <Checkbox
        label={say.unknownIdentity}
        hint={say.unknownHint}
        value={patient.unknown}
        onChange={(unknown) => set({ unknown })}
      />
      {minor ? (
        <fieldset class="guardian">
          <legend>{say.guardianDue}</legend>
          <div class="pair">
            <TextField
              label={say.guardianName}
              required
              value={patient.guardianName}
              onChange={(guardianName) => set({ guardianName })}
              autoComplete="off"
              error={wrongWith(problem, "patient.guardianName")}
            />
            <Choices
              label={say.relation}
              value={patient.guardianRelation}
              onChange={(guardianRelation) => set({ guardianRelation })}
              options={Object.entries(say.guardians).map(([value, label]) => ({ value, label }))}
            />
            <TextField
              label={say.guardianPhone}
              type="tel"
              inputMode="tel"
              autoComplete="off"
              value={patient.guardianPhone}
              onChange={(guardianPhone) => set({ guardianPhone })}
              required={false}
            />
          </div>
        </fieldset>
      ) : (
        <TextField
          label={say.phone}
          type="tel"
          inputMode="tel"
          autoComplete="off"
          value={patient.phone}
          onChange={(phone) => set({ phone })}
          required={false}
        />
      )}
    </>
  );
}

/** What a number that was read says, or what is wrong with it. */
function sentence(read: Read, text: string, left: boolean): string {
  const say = words();
  if (read.ok || !text) return "";
  if (read.why === "short") return left ? say.idShort(18 - text.replace(/\s/g, "").length) : "";
  return { letters: say.idLetters, date: say.idDate, check: say.idCheck }[read.why];
}

function Identity({
  value,
  set,
  change,
  problem,
}: Pick<Props, "value" | "change" | "problem"> & { readonly set: (more: Partial<PatientValues>) => void }) {
  const say = words();
  const { patient } = value;
  const [left, setLeft] = useState(Boolean(patient.idNumber));
  const read = readIdNumber(patient.idNumber, today());
  const known = useRead(LookUpPatient, { idNumber: read.ok ? read.number : "" }, { skip: !read.ok });
  const found = read.ok ? known.data?.patientLookup : undefined;
  useEffect(() => {
    if (found && !found.openCaseNumber && value.duplicateReason) change({ duplicateReason: "", duplicateComment: "" });
  }, [found]);
  return (
    <>
      <div class="pair">
        <TextField
          label={say.idNumber}
          required
          name="idNumber"
          autoComplete="off"
          maxLength={20}
          value={patient.idNumber}
          onChange={(idNumber) => set({ idNumber })}
          onBlur={() => setLeft(true)}
          error={sentence(read, patient.idNumber, left) || wrongWith(problem, "patient.idNumber")}
        />
        <TextField
          label={say.name}
          required
          name="name"
          autoComplete="off"
          value={patient.name}
          onChange={(name) => set({ name })}
          error={wrongWith(problem, "patient.name")}
        />
      </div>
      <p class="read" role="status">
        {read.ok ? (
          <>
            <strong>{say.sex[read.sex]}</strong> · <strong>{say.age(read.months)}</strong> · {say.born(read.birthDate)}
            {found ? (
              <> · {found.known && found.patient ? say.registered(found.patient.displayName) : say.newHere}</>
            ) : known.busy ? (
              <> · {say.looking}</>
            ) : null}
          </>
        ) : (
          say.digits(patient.idNumber.replace(/\s/g, "").length)
        )}
      </p>
      <Trouble problem={known.problem} retry={() => void known.reload()} />
      {found?.patient?.deceasedAt ? <Banner tone="bad">{say.deceased}</Banner> : null}
      {found?.openCaseNumber ? (
        <div class="stack">
          <Banner
            tone="warn"
            title={say.openCase(found.openCaseNumber)}
            action={<a href={href("/worklist", { box: "OUT", patient: found.openCaseNumber })}>{say.findOpen}</a>}
          >
            {say.openCaseHint(found.openCaseOrigin?.name ?? "", found.openCaseSince ? date(found.openCaseSince) : "")}
          </Banner>
          <ReasonField
            catalogue="DUPLICATE_CASE"
            label={say.duplicateReason}
            required
            value={value.duplicateReason}
            onChange={(duplicateReason) => change({ duplicateReason })}
            error={wrongWith(problem, "duplicateReason")}
            comment={{
              value: value.duplicateComment,
              onChange: (duplicateComment) => change({ duplicateComment }),
              error: wrongWith(problem, "duplicateComment"),
            }}
          />
        </div>
      ) : null}
    </>
  );
}

function Temporary({
  patient,
  set,
  problem,
}: {
  readonly patient: PatientValues;
  readonly set: (more: Partial<PatientValues>) => void;
  readonly problem: Problem | null;
}) {
  const say = words();
  return (
    <>
      <TextField
        label={say.temporary}
        hint={say.temporaryHint}
        required
        value={patient.temporaryIdentity}
        onChange={(temporaryIdentity) => set({ temporaryIdentity })}
        error={wrongWith(problem, "patient.temporaryIdentity")}
      />
      <div class="pair">
        <Choices
          label={say.sexLabel}
          value={patient.sex}
          onChange={(sex) => set({ sex: sex as PatientValues["sex"] })}
          options={(["MALE", "FEMALE"] as const).map((one) => ({ value: one, label: say.sex[one] }))}
        />
        <TextField
          label={say.birthDate}
          hint={say.birthHint}
          type="date"
          max={today()}
          value={patient.birthDate}
          onChange={(birthDate) => set({ birthDate })}
          error={wrongWith(problem, "patient.birthDate")}
          required={false}
        />
      </div>
    </>
  );
}

/** The patient of a draft that the server holds; another one needs another draft. */
function Fixed({ value, another }: { readonly value: Values; readonly another: () => void }) {
  const say = words();
  const { patient } = value;
  const read = readIdNumber(patient.idNumber, today());
  const months = monthsOf(patient, today());
  const sex = read.ok ? read.sex : patient.sex;
  const facts = [sex ? say.sex[sex] : "", months === null ? "" : say.age(months)];
  return (
    <div class="fixed-patient">
      <p>
        <strong>{patient.name || patient.temporaryIdentity}</strong> {facts.filter(Boolean).join(" · ")}
        <br />
        <span class="aside">
          {patient.unknown ? patient.temporaryIdentity : patient.idNumber}
          {patient.guardianName ? ` · ${say.guardianIs(patient.guardianName, patient.guardianRelation)}` : ""}
        </span>
      </p>
      <Button kind="quiet" small onClick={another}>
        {say.another}
      </Button>
    </div>
  );
}
