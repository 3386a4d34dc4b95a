import { Fragment } from "preact";
import { Banner, Choices, Select, TextField, wrongWith } from "../../../kit";
import { useRead } from "../../../net/hooks";
import type { Problem } from "../../../net/problem";
import { PathologyPatient } from "../../../operations";
import { words as shared } from "../words";
import { readIdNumber } from "./identity";
import { ageOf, needsGuardian, type Typed } from "./typed";
import { words } from "./words";

interface Props {
  readonly typed: Typed;
  readonly set: (change: Partial<Typed>) => void;
  readonly missing: ReadonlySet<string>;
  readonly problem: Problem | null;
}

// A field that was shortened by its length must not become another one: each way has fields of its own.
/** Who the patient is: by an identity number that is checked as it is typed, or by a label while nobody knows. */
export function PatientFields({ typed, set, missing, problem }: Props) {
  const say = words();
  const common = shared();
  const number = typed.idNumber.trim();
  const said = typed.known === "number" ? readIdNumber(number) : null;
  const { data } = useRead(PathologyPatient, { idNumber: number.toUpperCase() }, { skip: !said });
  const found = said ? data?.patientLookup : null;
  const bind = (name: keyof Typed, label: string) => ({
    label,
    value: typed[name] as string,
    onChange: (value: string) => set({ [name]: value } as Partial<Typed>),
    error: missing.has(name) ? say.missing(label) : wrongWith(problem, `patient.${name}`),
  });
  const age = ageOf(typed);
  const hint = said
    ? say.idSays(common.sex[said.sex], age ?? 0)
    : number.length < 18
      ? say.idHint(18 - number.length)
      : undefined;
  return (
    <>
      <Choices
        label={say.known}
        value={typed.known}
        onChange={(known) => set({ known: known as Typed["known"] })}
        options={[
          { value: "number", label: say.byNumber },
          { value: "label", label: say.byLabel },
        ]}
      />
      {typed.known === "number" ? (
        <Fragment key="number">
          <TextField
            {...bind("idNumber", say.idNumber)}
            hint={hint}
            error={number.length >= 18 && !said ? say.idWrong : bind("idNumber", say.idNumber).error}
            required
            maxLength={18}
            autoComplete="off"
          />
          {found?.patient ? (
            <Banner tone="info">
              {say.isKnown(`${found.patient.displayName} · ${common.sex[found.patient.sex]}`)}
            </Banner>
          ) : null}
          {found?.openCaseNumber ? <Banner tone="warn">{say.openCase(found.openCaseNumber)}</Banner> : null}
          <TextField {...bind("name", say.name)} required autoComplete="off" />
        </Fragment>
      ) : (
        <Fragment key="label">
          <TextField {...bind("temporaryIdentity", say.temporary)} hint={say.temporaryHint} required />
          <TextField {...bind("name", say.name)} required={false} autoComplete="off" />
          <div class="pair">
            <Select
              {...bind("sex", say.sex)}
              required
              options={(["MALE", "FEMALE", "UNKNOWN"] as const).map((value) => ({ value, label: common.sex[value] }))}
            />
            <TextField {...bind("birthDate", say.birthDate)} type="date" required={false} />
          </div>
        </Fragment>
      )}
      <TextField {...bind("phone", say.phone)} type="tel" required={false} autoComplete="off" />
      {needsGuardian(typed) ? (
        <>
          <Banner tone="info">{say.guardianWhy}</Banner>
          <div class="pair">
            <TextField {...bind("guardianName", say.guardianName)} required />
            <TextField {...bind("guardianRelation", say.guardianRelation)} required={false} />
          </div>
          <TextField {...bind("guardianPhone", say.guardianPhone)} type="tel" required />
        </>
      ) : null}
    </>
  );
}
