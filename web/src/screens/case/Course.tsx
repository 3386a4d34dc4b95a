/** What became of a leg: what was asked and answered, booked, travelled and returned. */
import type { ComponentChildren } from "preact";
import { date, dateTime, ReasonWord, useReasons } from "../../kit";
import type { CaseCourseFragment } from "../../operations";
import { labels } from "./labels";
import { Fact, TimeFact } from "./Patient";
import { words } from "./words";

/** Each part that there is something in. */
export function Course({ row }: { readonly row: CaseCourseFragment }) {
  const say = words();
  return (
    <>
      {row.rejectReason ? (
        <Part title={labels().status.REJECTED}>
          <p>
            <ReasonWord catalogue="REJECT" code={row.rejectReason} />
            {row.alternativeHospital ? ` → ${row.alternativeHospital.name}` : ""}
          </p>
        </Part>
      ) : null}
      {row.advice ? (
        <Part title={say.advice}>
          <dl class="facts">
            <Fact name={say.assessment} value={row.advice.assessment ?? ""} />
            <Fact name={say.recommendation} value={row.advice.recommendation} />
            <Fact name={say.redFlags} value={row.advice.redFlags ?? ""} />
            <Fact name={say.review} value={row.advice.review ?? ""} />
          </dl>
        </Part>
      ) : null}
      {row.informationRequests?.length ? (
        <Part title={say.exchange}>
          <Exchange requests={row.informationRequests} />
        </Part>
      ) : null}
      {row.bookings?.length ? (
        <Part title={say.bookings}>
          <ul class="plain">
            {row.bookings.map((one) => (
              <li key={one.id} class={one.state === "ACTIVE" ? undefined : "past"}>
                {labels().booking[one.kind]} · {say.bookedFor(`${one.department.name} ${one.place}`, dateTime(one.startsAt), dateTime(one.endsAt))}
              </li>
            ))}
          </ul>
        </Part>
      ) : null}
      {row.journeys?.length ? (
        <Part title={say.journeys}>
          <ul class="plain">
            {row.journeys.map((one) => (
              <li key={one.id}>
                {[say.left(dateTime(one.departedAt)), one.vehicle, one.escort, one.eta && say.eta(dateTime(one.eta)), one.turnedBackAt && say.turnedBack(dateTime(one.turnedBackAt))]
                  .filter(Boolean)
                  .join(" · ")}
                <p>{one.condition}</p>
              </li>
            ))}
          </ul>
        </Part>
      ) : null}
      {row.handover ? (
        <Part title={say.handover}>
          <dl class="facts">
            <Fact name={say.condition} value={row.handover.condition} />
            <Fact name={say.onTheWay} value={row.handover.onTheWay} />
            <Fact name={say.given} value={row.handover.given} />
            <Fact name={say.remarks} value={row.handover.remarks} />
            <Fact name={say.sender} value={signed(row.handover.sender, row.handover.senderSignedAt)} />
            <Fact name={say.receiver} value={signed(row.handover.receiver, row.handover.receiverSignedAt)} />
          </dl>
        </Part>
      ) : null}
      {row.offers.length ? (
        <Part title={say.offers}>
          <ul class="plain">
            {row.offers.map((one) => (
              <li key={one.id}>
                {[one.performerHospital?.name, one.performerDepartment?.name].filter(Boolean).join(" ")} · <b>{labels().offer[one.status]}</b> {one.message}
              </li>
            ))}
          </ul>
        </Part>
      ) : null}
      {row.milestones?.length ? (
        <Part title={say.milestones}>
          <dl class="facts">
            {row.milestones.map((one) => (
              <TimeFact key={one.id} name={one.kind.label} at={one.at} />
            ))}
          </dl>
        </Part>
      ) : null}
      {row.outcomes?.length ? (
        <Part title={say.outcomes}>
          {[...row.outcomes].sort((one, other) => other.version - one.version).map((one, at) => (
            <Outcome key={one.id} outcome={one} newest={at === 0} />
          ))}
        </Part>
      ) : null}
    </>
  );
}

function signed(who: { readonly name: string } | null, at: string | null): string {
  return who && at ? words().signedBy(who.name, dateTime(at)) : words().notSigned;
}

/** A part of a leg with its heading. */
export function Part({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section class="part">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Exchange({ requests }: { readonly requests: NonNullable<CaseCourseFragment["informationRequests"]> }) {
  const say = words();
  const known = useReasons("INFORMATION_ITEM");
  return (
    <ul class="plain exchange">
      {requests.map((one) => (
        <li key={one.id}>
          <p>
            <b>{say.asked(dateTime(one.askedAt))}</b> {labels().all(one.items.map((code) => known.find((item) => item.code === code)?.label ?? code))} {one.note}
            {one.dueAt && !one.answeredAt ? <span class="aside"> {say.until(dateTime(one.dueAt))}</span> : null}
          </p>
          <p>
            {one.answeredAt ? (
              <>
                <b>{say.answered(dateTime(one.answeredAt))}</b> {one.answer}
              </>
            ) : (
              <span class="aside">{say.notAnswered}</span>
            )}
          </p>
        </li>
      ))}
    </ul>
  );
}

function Outcome({ outcome, newest }: { readonly outcome: NonNullable<CaseCourseFragment["outcomes"]>[number]; readonly newest: boolean }) {
  const say = words();
  return (
    <details class="outcome" open={newest}>
      <summary>
        {say.version(outcome.version)} · {say.returnedBy(outcome.returnedBy.name, dateTime(outcome.returnedAt))}
      </summary>
      <dl class="facts">
        <Fact name={say.diagnosis} value={[labels().all(outcome.diagnoses.map((one) => labels().coded(one.label, one.code))), outcome.diagnosisNote].filter(Boolean).join(" · ")} />
        <Fact name={say.treatment} value={outcome.treatment} />
        <Fact name={say.drugs} value={outcome.drugs} />
        <Fact name={say.redFlags} value={outcome.redFlags} />
        <Fact name={say.rehabilitation} value={outcome.rehabilitation} />
        <Fact name={say.followUp} value={outcome.followUpDate ? date(outcome.followUpDate) : ""} />
      </dl>
      <p class="aside">{outcome.acknowledgedAt ? say.acknowledged(dateTime(outcome.acknowledgedAt)) : say.toAcknowledge}</p>
    </details>
  );
}
