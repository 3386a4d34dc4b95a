/** One call of the green channel, from the first answer to the door: who can take the patient, and what comes next. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { ScreenProps } from "../../app/screens";
import { href } from "../../app/router";
import { Badge, Banner, Button, Clock, Dialog, Loading, span, Steps, toast, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { useLive } from "../../net/live";
import { moment } from "../../net/moment";
import {
  type CallPartsFragment,
  GreenCall,
  GreenCaseChanged,
  OfferMoved,
  type OfferRowFragment,
} from "../../operations";
import { CallFacts } from "./CallFacts";
import { CallStep } from "./CallStep";
import { Offers } from "./Offers";
import "./style.css";
import { words } from "./words";

const FORMS = [
  "giveConsent",
  "departReferral",
  "signHandover",
  "widenBroadcast",
  "recordMilestone",
  "identifyPatient",
  "divertReferral",
  "refuseConsent",
  "standDown",
] as const;
const DANGEROUS = ["standDown", "refuseConsent", "divertReferral"] as const;

/** What is being done: a step of the call, or of one offer. */
export interface Doing {
  readonly action: string;
  readonly offer?: OfferRowFragment;
}

export default function Call({ params }: ScreenProps) {
  const id = params["id"] ?? "";
  const { data, problem, reload, set } = useRead(GreenCall, { id });
  const call = data?.referral ?? null;
  const [doing, setDoing] = useState<Doing | null>(null);
  const [heard, setHeard] = useState("");
  const soon = useRef(0);
  useEffect(() => () => window.clearTimeout(soon.current), []);

  function again(): void {
    window.clearTimeout(soon.current);
    soon.current = window.setTimeout(() => void reload(), 250);
  }

  useLive(
    OfferMoved,
    {},
    {
      next: ({ offersChanged: { offer } }) => {
        if (offer.referralId !== id) return;
        setHeard(words().heard(offer.performerHospital?.name ?? "", words().offer[offer.status]));
        set(({ referral }) => ({ referral: referral && { ...referral, offers: withOffer(referral.offers, offer) } }));
      },
      gap: again,
    },
  );
  useLive(GreenCaseChanged, { id: call?.case.id ?? "" }, { next: again, gap: again }, { skip: !call });

  function changed(next: CallPartsFragment | null | undefined, said: string): void {
    setDoing(null);
    toast(said);
    if (next) set(() => ({ referral: next }));
    else void reload();
  }

  const say = words();
  if (!call) {
    return (
      <>
        <h1>{say.title}</h1>
        <Trouble problem={problem} retry={() => void reload()} />
        {problem ? null : data ? <Banner tone="warn">{say.absent}</Banner> : <Loading />}
      </>
    );
  }
  const first = nextStep(call);
  const next = call.followedBy.find((one) => one.pathway === "GREEN_CHANNEL");
  return (
    <div class="green call stack">
      <Trouble problem={problem} retry={() => void reload()} />
      <Head call={call} />
      <p class="unseen" aria-live="polite">
        {heard}
      </p>
      {next ? (
        <Banner tone="info" action={<a href={href(`/green/${next.id}`)}>{next.number}</a>}>
          {say.goesOn}
        </Banner>
      ) : null}
      <div class="two">
        <section class="stack" aria-labelledby="asked">
          <h2 id="asked">{say.asked(call.offers.length)}</h2>
          <Offers call={call} begin={setDoing} />
        </section>
        <div class="stack">
          <section class="panel stack" aria-labelledby="steps">
            <h2 id="steps">{say.otherSteps}</h2>
            <Steps
              actions={call.availableActions}
              forms={FORMS.filter((one) => one !== first?.doing.action)}
              dangerous={DANGEROUS}
              begin={(action) => setDoing({ action })}
            />
          </section>
          <CallFacts call={call} />
        </div>
      </div>
      {first ? (
        <div class="thumb">
          <Button kind="primary" onClick={() => setDoing(first.doing)}>
            {first.label}
          </Button>
        </div>
      ) : null}
      {doing ? (
        <Dialog key={doing.action} title={titleOf(call, doing)} onClose={() => setDoing(null)}>
          <CallStep
            call={call}
            doing={doing}
            changed={changed}
            refresh={reload}
            cancel={() => setDoing(null)}
            instead={(action) => setDoing({ action })}
          />
        </Dialog>
      ) : null}
    </div>
  );
}

function withOffer(offers: readonly OfferRowFragment[], one: OfferRowFragment): OfferRowFragment[] {
  return offers.some((other) => other.id === one.id)
    ? offers.map((other) => (other.id === one.id ? one : other))
    : [...offers, one];
}

function titleOf(call: CallPartsFragment, doing: Doing): string {
  const all = doing.offer && doing.action !== "chooseOffer" ? doing.offer.availableActions : call.availableActions;
  return all.find((one) => one.action === doing.action)?.label ?? words().title;
}

/** The step that the call waits for, which a thumb finds at the foot of the page; null when it waits for nobody here. */
function nextStep(call: CallPartsFragment): { readonly doing: Doing; readonly label: string } | null {
  const say = words();
  const can = (action: string) => call.availableActions.find((one) => one.action === action && one.allowed);
  const [best] = call.offers
    .filter((one) => one.status === "OFFERED")
    .sort((one, other) => (one.travelMinutes ?? Infinity) - (other.travelMinutes ?? Infinity));
  if (best && can("chooseOffer")) {
    return {
      doing: { action: "chooseOffer", offer: best },
      label: say.chooseOf(best.performerHospital?.name ?? ""),
    };
  }
  const signed = call.handover?.senderSignedAt ?? null;
  const wanted = [
    "giveConsent",
    "departReferral",
    ...(call.departedAt && !signed ? ["signHandover"] : []),
    "widenBroadcast",
  ];
  const step = wanted.flatMap((one) => can(one) ?? [])[0];
  return step ? { doing: { action: step.action }, label: step.label } : null;
}

const STAGES = ["BROADCAST", "ACCEPTED", "consent", "IN_TRANSIT", "ARRIVED"] as const;

/** Which stage waits to be done; as many as there are when none does. */
function stageOf(call: CallPartsFragment): number {
  if (call.arrivedAt) return 5;
  if (call.departedAt) return 4;
  if (call.status === "BROADCAST") return call.offers.some((one) => one.status === "OFFERED") ? 1 : 0;
  return call.consentAt ? 3 : 2;
}

/** What, since when, whose move, and how far it has come. */
function Head({ call }: { readonly call: CallPartsFragment }) {
  const say = words();
  const at = stageOf(call);
  const over = ["CANCELLED", "REDIRECTED", "CLOSED"].includes(call.status);
  const status = say.status[call.status as keyof typeof say.status] ?? call.status;
  const holder =
    call.clock?.holder === "PERFORMER"
      ? call.performerHospital?.name
      : call.clock?.holder === "REQUESTER"
        ? call.requesterHospital.name
        : undefined;
  return (
    <header class="call-head">
      <div class="row spread">
        <h1>
          {call.greenKind?.label} <span class="aside">{call.number}</span>
        </h1>
        <Badge tone={call.status === "BROADCAST" ? "stat" : over ? "plain" : "info"}>{status}</Badge>
      </div>
      <p class="running-time">
        <strong>{say.since(span(moment.value - Date.parse(call.createdAt)))}</strong>
        {call.clock ? (
          <>
            {" "}
            · {say.clockOf[call.clock.kind as keyof typeof say.clockOf] ?? ""}{" "}
            <Clock dueAt={call.clock.dueAt} startedAt={call.clock.startedAt} holder={holder} />
          </>
        ) : null}
      </p>
      <ol class="stages" aria-label={say.stagesLabel}>
        {STAGES.map((one, index) => (
          <li
            key={one}
            class={index < at ? "done" : index === at && !over ? "now" : ""}
            aria-current={index === at && !over ? "step" : undefined}
          >
            <span aria-hidden="true">{index < at ? "✓" : index + 1}</span> {say.stages[one]}
          </li>
        ))}
      </ol>
    </header>
  );
}
