import { href } from "../../app/router";
import { Badge, When } from "../../kit";
import type { CallPartsFragment } from "../../operations";
import { Phone } from "./Phone";
import { words } from "./words";

/** The patient and the way so far. */
export function CallFacts({ call }: { readonly call: CallPartsFragment }) {
  const say = words();
  const { patient, clinical, handover } = call;
  const journey = call.journeys?.at(-1);
  const vitals = clinical
    ? [
        clinical.vitals.heartRate && `${say.vital.heartRate} ${clinical.vitals.heartRate}`,
        clinical.vitals.systolic && `${say.pressure} ${clinical.vitals.systolic}/${clinical.vitals.diastolic ?? "–"}`,
        clinical.vitals.spo2 && `${say.vital.spo2} ${clinical.vitals.spo2}%`,
      ].filter(Boolean)
    : [];
  const who = [
    patient.sex === "UNKNOWN" ? "" : say.sex[patient.sex],
    patient.age === null ? "" : say.yearsOld(patient.age),
  ]
    .filter(Boolean)
    .join(" · ");
  return (
    <section class="panel stack" aria-labelledby="facts">
      <h2 id="facts">{say.facts}</h2>
      <dl class="facts">
        <dt>{say.patient}</dt>
        <dd>
          <strong>{patient.identity?.name ?? patient.displayName}</strong> {who}
          {patient.temporaryIdentity ? (
            <>
              <br />
              <Badge tone="warn">{say.unidentified}</Badge> {patient.temporaryIdentity}
            </>
          ) : null}
        </dd>
        {clinical?.summary ? (
          <>
            <dt>{say.summary}</dt>
            <dd>{clinical.summary}</dd>
          </>
        ) : null}
        {vitals.length ? (
          <>
            <dt>{say.vitals}</dt>
            <dd>{vitals.join(" · ")}</dd>
          </>
        ) : null}
        {call.performerHospital ? (
          <>
            <dt>{say.chosen}</dt>
            <dd>
              <strong>{call.performerHospital.name}</strong> {call.performerDepartment?.name}{" "}
              <Phone numbers={[call.performerDepartment?.phone, call.performerHospital.phone]} />
            </dd>
            <dt>{say.consent}</dt>
            <dd>
              {call.consentAt ? (
                <>
                  {say.consentBy(call.consentBy ?? "", call.consentRelation ?? "")} <When at={call.consentAt} />
                </>
              ) : (
                say.notYet
              )}
            </dd>
          </>
        ) : null}
        {journey ? (
          <>
            <dt>{say.onTheWay}</dt>
            <dd>
              {say.left} <When at={journey.departedAt} />
              {journey.eta ? (
                <>
                  {" "}
                  · {say.expected} <When at={journey.eta} />
                </>
              ) : null}
              {[journey.vehicle, journey.escort].filter(Boolean).map((one) => ` · ${one}`)}
            </dd>
          </>
        ) : null}
        {call.milestones?.length ? (
          <>
            <dt>{say.milestones}</dt>
            <dd>
              <ul class="plain">
                {call.milestones.map((one) => (
                  <li key={one.id}>
                    <When at={one.at} /> {one.kind.label}
                  </li>
                ))}
              </ul>
            </dd>
          </>
        ) : null}
        {call.departedAt || handover ? (
          <>
            <dt>{say.handover}</dt>
            <dd>
              {handover?.senderSignedAt ? `✓ ${say.senderSigned}` : say.senderUnsigned} ·{" "}
              {handover?.receiverSignedAt ? `✓ ${say.receiverSigned}` : say.receiverUnsigned}
            </dd>
          </>
        ) : null}
      </dl>
      <a href={href(`/case/${call.case.id}`)}>{say.wholeCase(call.case.number)}</a>
    </section>
  );
}
