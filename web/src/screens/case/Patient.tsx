import { date, Unmask, useNumbers, When } from "../../kit";
import type { CasePatientFragment } from "../../operations";
import { personOf } from "./marks";
import { words } from "./words";

/** Who the patient is, as far as the reader may know. */
export function PatientFacts({ id, patient }: { readonly id: string; readonly patient: CasePatientFragment }) {
  const say = words();
  const { identity } = patient;
  const [numbers, setNumbers] = useNumbers(id);
  const { idNumber, phone, guardianPhone } = numbers ?? identity ?? {};
  return (
    <section class="panel" aria-labelledby="patient">
      <h2 id="patient">{say.patient}</h2>
      {patient.deceasedAt ? <p class="deceased">{say.deceased(date(patient.deceasedAt))}</p> : null}
      {identity ? (
        <>
        <dl class="facts">
          <Fact name={say.name} value={identity.name} />
          <Fact name={say.idNumber} value={idNumber ?? ""} />
          <Fact name={say.temporary} value={patient.temporaryIdentity} />
          <Fact name={say.birth} value={identity.birthDate ? date(identity.birthDate) : ""} />
          <Fact name={say.phone} value={phone ?? ""} />
          <Fact name={say.address} value={identity.address} />
          <Fact
            name={say.guardian}
            value={[say.consentBy(identity.guardianName, identity.guardianRelation), guardianPhone].filter(Boolean).join(" · ")}
          />
        </dl>
        {idNumber || phone || guardianPhone ? <Unmask id={id} shown={numbers} change={setNumbers} /> : null}
        </>
      ) : (
        <>
          <p>{personOf(patient)}</p>
          <p class="aside">{say.identityHidden}</p>
        </>
      )}
    </section>
  );
}

/** A term and what is known of it; nothing when nothing is. */
export function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  if (!value) return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

/** A term and a time. */
export function TimeFact({ name, at }: { readonly name: string; readonly at: string | null }) {
  if (!at) return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <When at={at} />
      </dd>
    </>
  );
}
