import { Badge, Banner, Button, Clock, type Tone, When } from "../../kit";
import type { CallPartsFragment, OfferRowFragment, OfferStatus } from "../../operations";
import { useReasons } from "../../kit";
import type { Doing } from "./Call";
import { Phone } from "./Phone";
import { places, road } from "./Targets";
import { words } from "./words";

const ORDER: readonly OfferStatus[] = [
  "CHOSEN",
  "OFFERED",
  "NEGOTIATING",
  "READ",
  "ASKED",
  "DECLINED",
  "RELEASED",
  "WITHDRAWN",
];
const TONES: Partial<Record<OfferStatus, Tone>> = {
  CHOSEN: "good",
  OFFERED: "good",
  NEGOTIATING: "info",
  READ: "info",
  DECLINED: "bad",
};

/** The hospitals that were asked, those that can take the patient first; each says how free, how far, and what it answered. */
export function Offers({ call, begin }: { readonly call: CallPartsFragment; readonly begin: (doing: Doing) => void }) {
  const say = words();
  const chooses = call.availableActions.some((one) => one.action === "chooseOffer" && one.allowed);
  const rows = [...call.offers].sort(
    (one, other) =>
      ORDER.indexOf(one.status) - ORDER.indexOf(other.status) || one.ring - other.ring || one.rank - other.rank,
  );
  if (!rows.length) return <Banner tone="warn">{say.nobodyAsked}</Banner>;
  return (
    <ul class="plain offers">
      {rows.map((one) => (
        <OfferCard key={one.id} offer={one} chooses={chooses} begin={begin} />
      ))}
    </ul>
  );
}

function OfferCard({
  offer,
  chooses,
  begin,
}: {
  readonly offer: OfferRowFragment;
  readonly chooses: boolean;
  readonly begin: (doing: Doing) => void;
}) {
  const say = words();
  const reasons = useReasons("GREEN_DECLINE");
  const why = reasons.find((one) => one.code === offer.declineReason)?.label ?? offer.declineReason;
  const phone = offer.availableActions.some((one) => one.action === "recordPhoneAnswer" && one.allowed);
  return (
    <li class={`offer ${offer.status.toLowerCase()}`}>
      <div class="offer-head">
        <span>
          <strong>{offer.performerHospital?.name}</strong> {offer.performerDepartment?.name}
        </span>
        <Badge tone={TONES[offer.status] ?? "plain"}>{say.offer[offer.status]}</Badge>
      </div>
      <p class="aside">
        {places(offer.freePlaces, offer.figureAsOf)} · {road(offer.travelMinutes, offer.travelSource)} ·{" "}
        {say.ring(offer.ring)}
      </p>
      {offer.message ? <p class="words">“{offer.message}”</p> : null}
      {offer.status === "DECLINED" && why ? <p>{say.because(why)}</p> : null}
      {offer.phoneSpokenWith ? (
        <p>
          {say.byPhone(offer.phoneSpokenWith)} {offer.unconfirmed ? <Badge tone="warn">{say.unconfirmed}</Badge> : null}
        </p>
      ) : null}
      <p class="aside">
        {offer.answeredAt ? (
          <>
            {say.answeredAt} <When at={offer.answeredAt} />
          </>
        ) : offer.readAt ? (
          <>
            {say.readAt} <When at={offer.readAt} />
          </>
        ) : null}
        {offer.clock ? (
          <Clock dueAt={offer.clock.dueAt} startedAt={offer.clock.startedAt} holder={offer.performerHospital?.name} />
        ) : null}
      </p>
      {offer.callDueAt && !offer.answeredAt && phone ? <Banner tone="warn">{say.callThem}</Banner> : null}
      <div class="row">
        {chooses && offer.status === "OFFERED" ? (
          <Button kind="primary" onClick={() => begin({ action: "chooseOffer", offer })}>
            {say.choose}
          </Button>
        ) : null}
        {phone ? (
          <>
            <Phone numbers={[offer.performerDepartment?.phone, offer.performerHospital?.phone]} />
            <Button small onClick={() => begin({ action: "recordPhoneAnswer", offer })}>
              {say.typePhone}
            </Button>
          </>
        ) : null}
      </div>
    </li>
  );
}
