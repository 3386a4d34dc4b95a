import { href } from "../../app/router";
import { Ago, Badge, Banner, Button, Clock, WhoCan } from "../../kit";
import { places, road } from "../green/Targets";
import type { AskedOfferFragment } from "../../operations";
import { ANSWERS } from "./Offers";
import { words } from "./words";

interface Props {
  readonly offer: AskedOfferFragment;
  readonly begin: (action: string) => void;
  /** Shows the keys beside the buttons. */
  readonly keys?: boolean;
}

const KINDS = {
  offerPlace: "primary",
  negotiateOffer: "plain",
  declineOffer: "danger",
  confirmPhoneAnswer: "primary",
} as const;

/** One call in full: the facts without the identity, and our answer. */
export function Detail({ offer, begin, keys }: Props) {
  const say = words();
  const { facts } = offer;
  const steps = offer.availableActions.filter((one) => one.action in ANSWERS);
  const open = steps.filter((one) => one.allowed);
  const blocked = steps.filter((one) => !one.allowed && one.action !== "confirmPhoneAnswer");
  return (
    <section class="panel stack detail" aria-label={offer.number}>
      <div class="row spread">
        <h2>
          {offer.kind?.label ?? offer.number}{" "}
          {facts ? (
            <span>
              {[facts.sex === "UNKNOWN" ? "" : say.sex[facts.sex], facts.age === null ? "" : say.years(facts.age)]
                .filter(Boolean)
                .join(" · ")}
            </span>
          ) : null}
        </h2>
        <span class="aside">{offer.number}</span>
      </div>
      <p>
        {offer.clock ? (
          <Clock
            dueAt={offer.clock.dueAt}
            startedAt={offer.clock.startedAt}
            holder={`${offer.performerHospital?.name ?? ""} ${offer.performerDepartment?.name ?? ""}`}
          />
        ) : (
          <Badge>{say.status[offer.status]}</Badge>
        )}
        {offer.sentAt ? (
          <span class="aside">
            {" "}
            · {say.called} <Ago at={offer.sentAt} />
          </span>
        ) : null}
      </p>
      {offer.status === "CHOSEN" ? (
        <Banner tone="good" action={<a href={href(`/referral/${offer.referralId}`)}>{say.toCase}</a>}>
          {say.chosenUs}
        </Banner>
      ) : null}
      {offer.unconfirmed ? <Banner tone="warn">{say.unconfirmed(offer.phoneSpokenWith)}</Banner> : null}
      {facts ? <Facts facts={facts} /> : <p class="aside">{say.narrowed}</p>}
      <dl class="facts">
        <dt>{say.from}</dt>
        <dd>
          {offer.requesterHospital.name} {offer.requesterDepartment.name}{" "}
          {offer.requesterDepartment.phone || offer.requesterHospital.phone ? (
            <a
              href={`tel:${(offer.requesterDepartment.phone || offer.requesterHospital.phone).replace(/[^\d+]/g, "")}`}
            >
              ☎ {offer.requesterDepartment.phone || offer.requesterHospital.phone}
            </a>
          ) : null}
        </dd>
        <dt>{say.us}</dt>
        <dd>
          {places(offer.freePlaces, offer.figureAsOf)} · {road(offer.travelMinutes, offer.travelSource)}
        </dd>
        {offer.message ? (
          <>
            <dt>{say.ourWords}</dt>
            <dd>{offer.message}</dd>
          </>
        ) : null}
      </dl>
      <div class="answers">
        {open.map((one) => (
          <Button
            key={one.action}
            kind={KINDS[one.action as keyof typeof KINDS]}
            {...(keys && { keyHint: ANSWERS[one.action as keyof typeof ANSWERS] })}
            onClick={() => begin(one.action)}
          >
            {one.label}
          </Button>
        ))}
      </div>
      {!open.length && blocked[0] ? (
        <p class="aside">
          {blocked[0].reason} <WhoCan who={blocked[0].who} />
        </p>
      ) : null}
    </section>
  );
}

function Facts({ facts }: { readonly facts: NonNullable<AskedOfferFragment["facts"]> }) {
  const say = words();
  const { vitals } = facts;
  const signs = [
    vitals.temperature !== null && `${say.vital.temperature} ${vitals.temperature} ℃`,
    vitals.heartRate !== null && `${say.vital.heartRate} ${vitals.heartRate}`,
    vitals.respiratoryRate !== null && `${say.vital.respiratoryRate} ${vitals.respiratoryRate}`,
    vitals.systolic !== null && `${say.vital.pressure} ${vitals.systolic}/${vitals.diastolic ?? "–"}`,
    vitals.spo2 !== null && `${say.vital.spo2} ${vitals.spo2}%`,
    vitals.weight !== null && `${say.vital.weight} ${vitals.weight} kg`,
  ].filter(Boolean);
  const lines: readonly (readonly [string, string])[] = [
    [say.summary, facts.summary],
    [say.vitals, signs.join(" · ")],
    [say.diagnoses, facts.diagnoses.map((one) => `${one.label} ${one.code}`).join("；")],
    [say.exams, facts.exams.map((one) => `${one.name}：${one.result}`).join("；")],
    [say.treatment, facts.treatment],
    [say.allergies, facts.allergies],
  ];
  const told = lines.filter(([, text]) => text);
  if (!told.length) return <p class="aside">{say.noFacts}</p>;
  return (
    <dl class="facts">
      {told.map(([name, text]) => (
        <>
          <dt key={`${name} name`}>{name}</dt>
          <dd key={name}>{text}</dd>
        </>
      ))}
    </dl>
  );
}
