import { Banner, Button, StepForm, type Values } from "../../kit";
import { useRead } from "../../net/hooks";
import { now } from "../../net/moment";
import { me } from "../../net/session";
import {
  type CallPartsFragment,
  GreenConsent,
  GreenDepart,
  GreenDivert,
  GreenHandover,
  GreenMilestone,
  GreenMilestones,
  GreenRefused,
} from "../../operations";
import { findPlaces, type StepProps } from "./find";
import { words } from "./words";

/** The form of a step between the choice and the door: consent, departure, diversion, handover, times. */
export function WayStep(props: StepProps) {
  const { call, doing, changed, refresh, cancel, instead } = props;
  const say = words();
  const common = { row: call, refresh, cancel };
  const away = call.offers.find((one) => one.status === "CHOSEN")?.travelMinutes ?? null;
  const child = call.patient.age !== null && call.patient.age < 14;
  switch (doing.action) {
    case "giveConsent":
      return (
        <StepForm
          {...common}
          operation={GreenConsent}
          fields={[
            {
              kind: "text",
              name: "consentBy",
              label: say.consenter,
              hint: child ? say.childHint : say.headHint,
              required: true,
              maxLength: 60,
            },
            { kind: "text", name: "consentRelation", label: say.relation, hint: say.postHint, required: true, maxLength: 30 },
            {
              kind: "reason",
              name: "emergencyBasis",
              catalogue: "EMERGENCY_APPROVAL",
              comment: "comment",
              label: say.emergency,
              hint: say.emergencyHint,
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
    default:
      return null;
  }
}

/** When something happened to the patient; each side records its own milestones. */
function MilestoneStep({ call, changed, refresh, cancel }: StepProps) {
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

/** So many minutes from now, as the wire has it. */
function minutesAhead(minutes: number): string {
  return new Date(now() + minutes * 60_000).toISOString();
}
