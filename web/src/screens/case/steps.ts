/** Every step of a referral that a page can take: its mutation, what it asks for, and how it looks. */
import type { StepField, Values } from "../../kit";
import type { InputOf } from "../../net/hooks";
import * as o from "../../operations";
import { labels } from "./labels";
import { words } from "./step-words";
import { places, hospitals, milestones, specialists } from "./search";

/** What a step answers: the row as it is now. */
export interface Answered {
  readonly referral: o.ReferralRowFragment | null;
}

/** The row that a step is taken on. */
export type Decided = o.ReferralRowFragment & { readonly needs?: { readonly code: string } | null };

/** A step as a form. */
export interface StepPlan {
  // Each step has its own variables; what they share is that the form fills them by name.
  readonly operation: o.Operation<Record<string, Answered | null>, { input: Record<string, unknown> }>;
  readonly fields: readonly StepField[];
  readonly initial?: Values;
  /** What it means, where the label alone does not say. */
  readonly note?: string;
  readonly danger?: boolean;
  /** Whether it may be recorded late. */
  readonly late?: boolean;
}

type Named<Variables> = (keyof InputOf<Variables> & string) | `${keyof InputOf<Variables> & string}.${string}`;

/** A plan whose names TypeScript has held against the mutation's input. */
function plan<Data, Variables extends { input: unknown }>(
  operation: o.Operation<Data, Variables>,
  fields: readonly StepField<Named<Variables>>[] = [],
  rest: Omit<StepPlan, "operation" | "fields"> = {},
): StepPlan {
  return { operation: operation as unknown as StepPlan["operation"], fields: fields as readonly StepField[], ...rest };
}

const coded = (catalogue: string) => {
  const say = words();
  return { kind: "reason", name: "reason", comment: "comment", catalogue, label: say.reason, required: true } as const;
};

const priorities = () => (["STAT", "ASAP", "URGENT", "ROUTINE"] as const).map((value) => ({ value, label: labels().priority[value] }));

/** Accepting and waitlisting ask the same; an office says whose decision it enters. */
const decision = (row: Decided, office: boolean) => {
  const say = words();
  return [
    ...(office
      ? [{ kind: "search", name: "onBehalfOf", label: say.onBehalfOf, hint: say.onBehalfHint, search: specialists(row.id), least: 0, required: true } as const]
      : []),
    { kind: "area", name: "instructions", label: say.instructions, hint: say.instructionsHint, rows: 2 } as const,
    { kind: "select", name: "priority", label: say.changePriority, empty: say.samePriority, options: priorities().filter((one) => one.value !== row.priority) } as const,
    {
      kind: "reason",
      name: "priorityReason",
      comment: "priorityComment",
      catalogue: "PRIORITY_CHANGE",
      label: say.priorityReason,
      when: (values: Values) => Boolean(values.priority),
    } as const,
  ];
};

const booking = () => {
  const say = words();
  return [
    {
      kind: "choices",
      name: "kind",
      label: say.kind,
      required: true,
      options: (["BED", "SLOT"] as const).map((value) => ({ value, label: labels().booking[value] })),
    },
    { kind: "text", name: "place", label: say.place, hint: say.placeHint, required: true },
    { kind: "moment", name: "startsAt", label: say.startsAt, required: true },
    { kind: "moment", name: "endsAt", label: say.endsAt, hint: say.endsHint },
  ] as const;
};

const outcome = () => {
  const say = words();
  return [
    { kind: "concepts", system: "ICD10", name: "outcome.diagnoses", label: say.diagnoses, required: true },
    { kind: "area", name: "outcome.diagnosisNote", label: say.diagnosisNote, rows: 2 },
    { kind: "area", name: "outcome.treatment", label: say.treatment, required: true },
    { kind: "area", name: "outcome.drugs", label: say.drugs, rows: 2 },
    { kind: "area", name: "outcome.redFlags", label: say.redFlags, hint: say.redFlagsHint, rows: 2 },
    { kind: "area", name: "outcome.rehabilitation", label: say.rehabilitation, rows: 2 },
    { kind: "text", type: "date", name: "outcome.followUpDate", label: say.followUp },
  ] as const;
};

const consent = () => {
  const say = words();
  return [
    { kind: "text", name: "consentBy", label: say.consentBy, required: true },
    { kind: "text", name: "consentRelation", label: say.consentRelation, required: true },
  ] as const;
};

/** Makes the form of each step for a row; `office` says that the reader decides in a specialist's name. */
export const PLANS: Readonly<Record<string, (row: Decided, office: boolean) => StepPlan>> = {
  submitReferral: () => plan(o.StepSubmitReferral),
  approveReferral: () => plan(o.StepApproveReferral),
  returnReferral: () => plan(o.StepReturnReferral, [coded("OFFICE_RETURN")]),
  openReferral: () => plan(o.StepOpenReferral, [], { note: words().openNote }),
  claimReferral: () => plan(o.StepClaimReferral),
  releaseReferral: () => plan(o.StepReleaseReferral),
  requestInformation: () =>
    plan(o.StepRequestInformation, [
      { kind: "codes", name: "items", catalogue: "INFORMATION_ITEM", label: words().items, required: true },
      { kind: "area", name: "note", label: words().note, rows: 2 },
      { kind: "moment", name: "dueAt", label: words().neededBy, hint: words().neededByHint },
    ]),
  supplyInformation: () =>
    plan(o.StepSupplyInformation, [{ kind: "area", name: "answer", label: words().answer, hint: words().answerHint, required: true }]),
  acceptReferral: (row, office) =>
    plan(o.StepAcceptReferral, decision(row, office), { note: words().acceptNote(row.neededCapability?.label ?? ""), late: true }),
  waitlistReferral: (row, office) => plan(o.StepWaitlistReferral, decision(row, office), { late: true }),
  adviseReferral: () =>
    plan(o.StepAdviseReferral, [
      { kind: "area", name: "advice.assessment", label: words().assessment, rows: 2 },
      { kind: "area", name: "advice.recommendation", label: words().recommendation, required: true },
      { kind: "area", name: "advice.redFlags", label: words().redFlags, hint: words().redFlagsHint, rows: 2 },
      { kind: "area", name: "advice.review", label: words().review, rows: 2 },
    ]),
  rejectReferral: (row) =>
    plan(
      o.StepRejectReferral,
      [
        coded("REJECT"),
        { kind: "search", name: "alternativeHospital", label: words().alternative, hint: words().alternativeHint, search: hospitals(row.needs?.code), least: 0 },
        {
          kind: "reason",
          name: "noAlternativeReason",
          catalogue: "NO_ALTERNATIVE",
          label: words().noAlternative,
          when: (values) => !values.alternativeHospital,
        },
      ],
      { note: words().rejectNote, danger: true },
    ),
  redirectReferral: (row) =>
    plan(
      o.StepRedirectReferral,
      [
        { kind: "search", name: "performerDepartment", label: words().where, hint: words().whereHint, search: places(row.needs?.code), least: 0, required: true },
        coded("REDIRECT"),
      ],
      { note: words().redirectNote },
    ),
  resendReferral: (row) =>
    plan(o.StepResendReferral, [
      { kind: "search", name: "performerDepartment", label: words().where, hint: words().whereHint, search: places(row.needs?.code), least: 0, required: true },
      { kind: "area", name: "reason", label: words().purpose, rows: 2 },
      { kind: "select", name: "priority", label: words().changePriority, empty: words().samePriority, options: priorities() },
    ]),
  closeReferral: () => plan(o.StepCloseReferral, [coded("LOCAL_END")]),
  bookReferral: () => plan(o.StepBookReferral, booking(), { initial: { kind: "BED" } }),
  rescheduleReferral: () => plan(o.StepRescheduleReferral, [...booking(), coded("RESCHEDULE")], { initial: { kind: "BED" } }),
  loseBooking: () => plan(o.StepLoseBooking, [coded("LOSE_SLOT")]),
  holdReferral: () => plan(o.StepHoldReferral, [coded("HOLD"), { kind: "moment", name: "reviewAt", label: words().reviewAt }]),
  resumeReferral: () => plan(o.StepResumeReferral),
  departReferral: () =>
    plan(
      o.StepDepartReferral,
      [
        { kind: "area", name: "condition", label: words().condition, required: true },
        { kind: "text", name: "vehicle", label: words().vehicle },
        { kind: "text", name: "escort", label: words().escort },
        { kind: "moment", name: "eta", label: words().eta },
      ],
      { late: true },
    ),
  turnBackReferral: () => plan(o.StepTurnBackReferral, [coded("TURN_BACK")]),
  arriveReferral: () => plan(o.StepArriveReferral, [], { note: words().arriveNote, late: true }),
  recordNoShow: () =>
    plan(o.StepRecordNoShow, [{ kind: "reason", name: "reason", comment: "comment", catalogue: "NO_SHOW", label: words().reason }]),
  sendRecord: () => plan(o.StepSendRecord, [{ kind: "area", name: "note", label: words().record, required: true }]),
  returnOutcome: () => plan(o.StepReturnOutcome, outcome()),
  referDown: (row) =>
    plan(o.StepReferDown, [
      ...outcome(),
      { kind: "area", name: "reason", label: words().downPurpose, rows: 2, required: true },
      { kind: "search", name: "performerDepartment", label: words().downWhere, hint: words().downWhereHint, search: places(row.needs?.code), least: 0 },
      ...consent(),
    ]),
  broadcastDown: () =>
    plan(o.StepBroadcastDown, [...outcome(), { kind: "area", name: "reason", label: words().downPurpose, rows: 2, required: true }, ...consent()]),
  acknowledgeOutcome: () => plan(o.StepAcknowledgeOutcome, [], { note: words().acknowledgeNote }),
  amendOutcome: () => plan(o.StepAmendOutcome, outcome()),
  recordFollowUp: () => plan(o.StepRecordFollowUp, [{ kind: "area", name: "note", label: words().followUpNote, required: true }], { late: true }),
  cancelReferral: () => plan(o.StepCancelReferral, [coded("CANCEL")], { note: words().cancelNote, danger: true }),
  recordDeath: () =>
    plan(o.StepRecordDeath, [{ kind: "area", name: "comment", label: words().comment, rows: 2 }], { note: words().deathNote, danger: true, late: true }),
  confirmExpiry: () => plan(o.StepConfirmExpiry, [coded("EXPIRY")], { note: words().expiryNote, danger: true }),
  reportError: () => plan(o.StepReportError, [coded("ENTERED_IN_ERROR")], { danger: true }),
  confirmError: () => plan(o.StepConfirmError, [], { note: words().errorNote, danger: true }),
  identifyPatient: () =>
    plan(o.StepIdentifyPatient, [
      { kind: "text", name: "patient.name", label: words().patientName, required: true },
      { kind: "text", name: "patient.idNumber", label: words().idNumber, required: true },
      { kind: "text", type: "tel", name: "patient.phone", label: words().phone },
      { kind: "text", name: "patient.guardianName", label: words().guardianName },
      { kind: "text", name: "patient.guardianRelation", label: words().guardianRelation },
      { kind: "text", type: "tel", name: "patient.guardianPhone", label: words().guardianPhone },
    ]),
  giveConsent: () =>
    plan(
      o.StepGiveConsent,
      [...consent(), { kind: "reason", name: "emergencyBasis", catalogue: "EMERGENCY_APPROVAL", comment: "comment", label: words().emergency, hint: words().emergencyHint }],
      { late: true },
    ),
  refuseConsent: () => plan(o.StepRefuseConsent, [coded("GREEN_CONSENT_REFUSED")], { danger: true }),
  divertReferral: (row) =>
    plan(o.StepDivertReferral, [
      { kind: "search", name: "performerDepartment", label: words().where, hint: words().whereHint, search: places(row.needs?.code), least: 0, required: true },
      coded("GREEN_DIVERT"),
      { kind: "area", name: "condition", label: words().condition, rows: 2 },
      { kind: "moment", name: "eta", label: words().eta },
    ]),
  signHandover: () =>
    plan(
      o.StepSignHandover,
      [
        { kind: "area", name: "condition", label: words().condition, rows: 2 },
        { kind: "area", name: "onTheWay", label: words().onTheWay, rows: 2 },
        { kind: "area", name: "given", label: words().given, rows: 2 },
        { kind: "area", name: "remarks", label: words().remarks, rows: 2 },
      ],
      { note: words().handoverHint, late: true },
    ),
  recordMilestone: () =>
    plan(o.StepRecordMilestone, [
      { kind: "search", name: "kind", label: words().milestone, search: milestones, least: 0, required: true },
      { kind: "moment", name: "at", label: words().at, required: true, withNow: true },
      { kind: "reason", name: "reason", comment: "comment", catalogue: "MILESTONE_CORRECTION", label: words().correction, hint: words().correctionHint },
    ]),
  standDown: () => plan(o.StepStandDown, [coded("GREEN_STAND_DOWN")], { danger: true }),
  reviewQuality: () =>
    plan(o.StepReviewQuality, [
      { kind: "search", name: "fromKind", label: words().from, search: milestones, least: 0, required: true },
      { kind: "search", name: "toKind", label: words().to, search: milestones, least: 0, required: true },
      { kind: "reason", name: "cause", comment: "comment", catalogue: "GREEN_BREACH", label: words().cause, required: true },
    ]),
};
