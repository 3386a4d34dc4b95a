import { Banner, Button, Combobox, type Option, StepForm, TextField, type Values } from "../../kit";
import { call as ask } from "../../net/client";
import { useRead } from "../../net/hooks";
import { now } from "../../net/moment";
import { me } from "../../net/session";
import {
  type CallPartsFragment,
  GreenChoose,
  GreenConsent,
  GreenDepart,
  GreenDivert,
  GreenHandover,
  GreenIdentify,
  GreenMilestone,
  GreenMilestones,
  GreenPhoneAnswer,
  GreenPlaces,
  GreenRefused,
  GreenStandDown,
  GreenWiden,
} from "../../operations";
import type { Doing } from "./Call";
import { road } from "./Targets";
import { words } from "./words";

interface Props {
  readonly call: CallPartsFragment;
  readonly doing: Doing;
  /** Hears what is there now, null where it is to be loaded, and what was done. */
  readonly changed: (next: CallPartsFragment | null | undefined, said: string) => void;
  readonly refresh: () => Promise<void>;
  readonly cancel: () => void;
  /** Takes another step first. */
  readonly instead: (action: string) => void;
}

/** The form of one step of a call. */
export function CallStep(props: Props) {
  const { call, doing, changed, refresh, cancel, instead } = props;
  const say = words();
  const common = { row: call, refresh, cancel };
  const offer = doing.offer && (call.offers.find((one) => one.id === doing.offer?.id) ?? doing.offer);
  const away = call.offers.find((one) => one.status === "CHOSEN")?.travelMinutes ?? null;
  const child = call.patient.age !== null && call.patient.age < 14;
  switch (doing.action) {
    case "chooseOffer":
      return (
        <StepForm
          {...common}
          operation={GreenChoose}
          fields={[]}
          extra={{ offer: offer?.id ?? "" }}
          submit={say.chooseNow}
          done={(data) => changed(data.chooseOffer?.referral, say.chosenSaid)}
        >
          <p>
            <strong>{offer?.performerHospital?.name}</strong> {offer?.performerDepartment?.name}
            {offer?.travelMinutes == null ? "" : ` · ${road(offer.travelMinutes, offer.travelSource)}`}
          </p>
          <p class="aside">{say.chooseHint}</p>
        </StepForm>
      );
    case "recordPhoneAnswer":
      return (
        <StepForm
          operation={GreenPhoneAnswer}
          row={offer ?? null}
          refresh={refresh}
          cancel={cancel}
          fields={[
            {
              kind: "choices",
              name: "answer",
              label: say.phoneSaid,
              required: true,
              options: [
                { value: "CAN_TAKE", label: say.canTake },
                { value: "CANNOT_TAKE", label: say.cannotTake },
              ],
            },
            { kind: "text", name: "spokenWith", label: say.spokenWith, required: true, maxLength: 60 },
            {
              kind: "reason",
              name: "reason",
              catalogue: "GREEN_DECLINE",
              comment: "comment",
              label: say.whyNot,
              required: true,
              when: (values) => values["answer"] === "CANNOT_TAKE",
            },
          ]}
          submit={say.record}
          done={() => changed(null, say.phoneKept)}
        >
          <p>
            <strong>{offer?.performerHospital?.name}</strong> {offer?.performerDepartment?.name}
          </p>
          <p class="aside">{say.phoneHint}</p>
        </StepForm>
      );
    case "widenBroadcast":
      return (
        <StepForm
          {...common}
          operation={GreenWiden}
          fields={[
            {
              kind: "custom",
              name: "targets",
              label: say.named,
              wire: (value) => [(value as Option).value],
              render: ({ value, onChange, error }) => (
                <Combobox
                  label={say.named}
                  hint={say.namedHint}
                  required={false}
                  least={0}
                  value={(value ?? null) as Option | null}
                  onChange={onChange}
                  error={error}
                  search={(text, signal) => findPlaces(text, signal, call)}
                />
              ),
            },
          ]}
          submit={say.widenNow}
          done={(data) => changed(data.widenBroadcast?.referral, say.widened)}
        >
          <p>{say.widenHint}</p>
        </StepForm>
      );
    case "giveConsent":
      return (
        <StepForm
          {...common}
          operation={GreenConsent}
          fields={[
            { kind: "text", name: "consentBy", label: say.consenter, required: true, maxLength: 60 },
            {
              kind: "text",
              name: "consentRelation",
              label: say.relation,
              hint: child ? say.childHint : say.headHint,
              required: true,
              maxLength: 30,
            },
          ]}
          initial={
            child
              ? {
                  consentBy: call.patient.identity?.guardianName ?? "",
                  consentRelation: call.patient.identity?.guardianRelation ?? "",
                }
              : {}
          }
          submit={say.consentNow}
          late
          done={(data) => changed(data.giveConsent?.referral, say.consented)}
        >
          {child && !call.patient.identity?.guardianName ? (
            <Banner
              tone="warn"
              action={
                <Button small onClick={() => instead("identifyPatient")}>
                  {say.identifyFirst}
                </Button>
              }
            >
              {say.guardianUnknown}
            </Banner>
          ) : null}
        </StepForm>
      );
    case "refuseConsent":
      return (
        <StepForm
          {...common}
          operation={GreenRefused}
          fields={[
            {
              kind: "reason",
              name: "reason",
              catalogue: "GREEN_CONSENT_REFUSED",
              comment: "comment",
              label: say.why,
              required: true,
            },
          ]}
          submit={say.refuseNow}
          danger
          done={(data) => changed(data.refuseConsent?.referral, say.refused)}
        >
          <p>{say.refuseHint}</p>
        </StepForm>
      );
    case "departReferral":
      return (
        <StepForm
          {...common}
          operation={GreenDepart}
          fields={[
            { kind: "area", name: "condition", label: say.condition, required: true, rows: 2 },
            { kind: "text", name: "vehicle", label: say.vehicle, maxLength: 60 },
            { kind: "text", name: "escort", label: say.escort, maxLength: 60 },
            { kind: "moment", name: "eta", label: say.eta, hint: away === null ? say.etaHint : say.etaFrom(away) },
          ]}
          initial={away === null ? {} : { eta: minutesAhead(away) }}
          submit={say.departNow}
          late
          done={(data) => changed(data.departReferral?.referral, say.departed)}
        />
      );
    case "divertReferral":
      return (
        <StepForm
          {...common}
          operation={GreenDivert}
          fields={[
            {
              kind: "search",
              name: "performerDepartment",
              label: say.divertTo,
              required: true,
              least: 0,
              search: (text, signal) => findPlaces(text, signal, call),
            },
            {
              kind: "reason",
              name: "reason",
              catalogue: "GREEN_DIVERT",
              comment: "comment",
              label: say.why,
              required: true,
            },
            { kind: "area", name: "condition", label: say.conditionNow, rows: 2 },
            { kind: "moment", name: "eta", label: say.eta },
          ]}
          submit={say.divertNow}
          danger
          done={() => changed(null, say.diverted)}
        >
          <p>{say.divertHint}</p>
        </StepForm>
      );
    case "signHandover": {
      const taking = receives(call);
      return (
        <StepForm
          {...common}
          operation={GreenHandover}
          fields={
            taking
              ? [{ kind: "area", name: "remarks", label: say.remarks, rows: 2 }]
              : [
                  { kind: "area", name: "condition", label: say.handoverCondition, required: true, rows: 2 },
                  { kind: "area", name: "onTheWay", label: say.treatedOnTheWay, rows: 2 },
                  { kind: "text", name: "given", label: say.given },
                ]
          }
          submit={say.sign}
          late
          done={(data) => changed(data.signHandover?.referral, say.signed)}
        >
          {taking && call.handover?.condition ? <p>{call.handover.condition}</p> : null}
        </StepForm>
      );
    }
    case "recordMilestone":
      return <MilestoneStep {...props} />;
    case "standDown":
      return (
        <StepForm
          {...common}
          operation={GreenStandDown}
          fields={[
            {
              kind: "reason",
              name: "reason",
              catalogue: "GREEN_STAND_DOWN",
              comment: "comment",
              label: say.why,
              required: true,
            },
          ]}
          submit={say.standDownNow}
          danger
          done={(data) => changed(data.standDown?.referral, say.stoodDown)}
        >
          <p>{say.standDownHint}</p>
        </StepForm>
      );
    case "identifyPatient":
      return (
        <StepForm
          {...common}
          operation={GreenIdentify}
          fields={[
            {
              kind: "custom",
              name: "patient",
              label: say.patient,
              required: true,
              render: ({ value, onChange, error }) => <Identity value={value} onChange={onChange} error={error} />,
            },
          ]}
          submit={say.identifyNow}
          done={(data) => changed(data.identifyPatient?.referral, say.identified)}
        />
      );
    default:
      return null;
  }
}

/** When something happened to the patient; each side records its own milestones. */
function MilestoneStep({ call, changed, refresh, cancel }: Props) {
  const say = words();
  const { data } = useRead(GreenMilestones, {});
  const side = receives(call) ? "PERFORMER" : "REQUESTER";
  const kind = call.greenKind?.code ?? "";
  const options = (data?.greenMilestones ?? [])
    .filter((one) => one.side === side && (!one.kinds.length || one.kinds.includes(kind)))
    .map(({ concept }) => ({ value: concept.code, label: concept.label }));
  const again = (values: Values) => call.milestones?.some((one) => one.kind.code === values["kind"]) ?? false;
  return (
    <StepForm
      operation={GreenMilestone}
      row={call}
      refresh={refresh}
      cancel={cancel}
      fields={[
        { kind: "choices", name: "kind", label: say.milestone, required: true, options },
        { kind: "moment", name: "at", label: say.happened, required: true, withNow: true },
        {
          kind: "reason",
          name: "reason",
          catalogue: "MILESTONE_CORRECTION",
          comment: "comment",
          label: say.whyCorrected,
          required: true,
          when: again,
        },
      ]}
      initial={{ at: minutesAhead(0) }}
      submit={say.record}
      done={(data) => changed(data.recordMilestone?.referral, say.milestoneKept)}
    />
  );
}

/** Whether the reader is of the hospital that takes the patient. */
function receives(call: CallPartsFragment): boolean {
  return me.value?.roles.some((one) => one.hospital?.id === call.performerHospital?.id) ?? false;
}

interface Person {
  readonly idNumber?: string;
  readonly name?: string;
  readonly guardianName?: string;
  readonly guardianRelation?: string;
}

function Identity({
  value,
  onChange,
  error,
}: {
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  readonly error: string;
}) {
  const say = words();
  const person = (value ?? {}) as Person;
  const put = (change: Person) =>
    onChange(Object.fromEntries(Object.entries({ ...person, ...change }).filter(([, one]) => one)));
  return (
    <>
      <TextField
        label={say.idNumber}
        required
        maxLength={18}
        autoComplete="off"
        value={person.idNumber ?? ""}
        onChange={(idNumber) => put({ idNumber: idNumber.trim().toUpperCase() })}
        error={error}
      />
      <TextField
        label={say.name}
        required
        autoComplete="off"
        value={person.name ?? ""}
        onChange={(name) => put({ name })}
      />
      <TextField
        label={say.guardian}
        required={false}
        autoComplete="off"
        value={person.guardianName ?? ""}
        onChange={(guardianName) => put({ guardianName })}
      />
      <TextField
        label={say.guardianRelation}
        required={false}
        value={person.guardianRelation ?? ""}
        onChange={(guardianRelation) => put({ guardianRelation })}
      />
    </>
  );
}

async function findPlaces(text: string, signal: AbortSignal, call: CallPartsFragment): Promise<readonly Option[]> {
  const answer = await ask(GreenPlaces, { text: text || null }, { signal });
  if (!answer.ok) return [];
  const out = new Set([
    ...call.offers
      .filter((one) => call.status === "BROADCAST" || one.status === "CHOSEN")
      .map((one) => one.performerHospital?.id),
    call.performerHospital?.id,
  ]);
  return answer.data.departments.nodes
    .filter((one) => !out.has(one.hospital.id) && one.hospital.name !== call.requesterHospital.name)
    .map((one) => ({
      value: one.id,
      label: `${one.hospital.name} ${one.name}`,
      hint: one.distanceKm === null ? undefined : words().km(one.distanceKm),
    }));
}

/** So many minutes from now, as the wire has it. */
function minutesAhead(minutes: number): string {
  return new Date(now() + minutes * 60_000).toISOString();
}
