import { StepForm } from "../../kit";
import { type AskedOfferFragment, OfferConfirmed, OfferDeclined, OfferDiscussed, OfferTaken } from "../../operations";
import type { ANSWERS } from "./Offers";
import { words } from "./words";

interface Props {
  readonly offer: AskedOfferFragment;
  readonly action: keyof typeof ANSWERS;
  readonly done: (offer: AskedOfferFragment | null | undefined) => void;
  readonly refresh: () => Promise<void>;
  readonly cancel: () => void;
}

/** The form of one answer. */
export function Answer({ offer, action, done, refresh, cancel }: Props) {
  const say = words();
  const common = { row: offer, refresh, cancel };
  switch (action) {
    case "offerPlace":
      return (
        <StepForm
          {...common}
          operation={OfferTaken}
          fields={[{ kind: "area", name: "message", label: say.tellThem, hint: say.tellHint, rows: 2 }]}
          submit={say.does.offerPlace}
          done={(data) => done(data.offerPlace?.offer)}
        />
      );
    case "negotiateOffer":
      return (
        <StepForm
          {...common}
          operation={OfferDiscussed}
          fields={[{ kind: "area", name: "message", label: say.askThem, hint: say.askHint, required: true, rows: 2 }]}
          submit={say.does.negotiateOffer}
          done={(data) => done(data.negotiateOffer?.offer)}
        />
      );
    case "declineOffer":
      return (
        <StepForm
          {...common}
          operation={OfferDeclined}
          fields={[
            {
              kind: "reason",
              name: "reason",
              catalogue: "GREEN_DECLINE",
              comment: "comment",
              label: say.why,
              required: true,
            },
          ]}
          submit={say.does.declineOffer}
          danger
          done={(data) => done(data.declineOffer?.offer)}
        >
          {offer.status === "OFFERED" ? <p>{say.takeBack}</p> : null}
        </StepForm>
      );
    case "confirmPhoneAnswer":
      return (
        <StepForm
          {...common}
          operation={OfferConfirmed}
          fields={[]}
          submit={say.does.confirmPhoneAnswer}
          done={(data) => done(data.confirmPhoneAnswer?.offer)}
        >
          <p>{say.unconfirmed(offer.phoneSpokenWith)}</p>
        </StepForm>
      );
  }
}
