/** What is typed of a new referral, what of it the server holds, and how the two are told apart. */
import type { Option } from "../../kit";
import type {
  CreateReferralInput,
  WriteDraftData,
  Priority,
  Sex,
  UpdateReferralInput,
  VitalsInput,
} from "../../operations";
import { monthsBetween, readIdNumber } from "./idnumber";

/** Who is referred, as typed; fixed once the server holds the draft. */
export interface PatientValues {
  readonly name: string;
  readonly idNumber: string;
  /** Whether a temporary identity stands in for the number. */
  readonly unknown: boolean;
  readonly temporaryIdentity: string;
  readonly sex: Sex | "";
  readonly birthDate: string;
  readonly phone: string;
  readonly guardianName: string;
  readonly guardianRelation: string;
  readonly guardianPhone: string;
}

/** An examination as typed. */
export interface ExamValues {
  readonly name: string;
  readonly result: string;
}

/** The vital signs that are asked for, in the order of a ward round. */
export const VITALS = [
  "temperature",
  "heartRate",
  "respiratoryRate",
  "systolic",
  "diastolic",
  "spo2",
  "weight",
] as const;
export type Vital = (typeof VITALS)[number];

/** What may be changed until it is sent. */
export interface Content {
  readonly priority: Priority;
  readonly neededCapability: Option | null;
  readonly diagnoses: readonly Option[];
  readonly reason: string;
  readonly summary: string;
  readonly vitals: Readonly<Record<Vital, string>>;
  readonly exams: readonly ExamValues[];
  readonly treatment: string;
  readonly allergies: string;
  readonly performerDepartment: Option | null;
  readonly consentBy: string;
  readonly consentRelation: string;
}

/** The whole draft on this machine. */
export interface Values {
  readonly patient: PatientValues;
  readonly duplicateReason: string;
  readonly duplicateComment: string;
  readonly from: string;
  readonly content: Content;
  /** The server's draft, null until there is one. */
  readonly server: {
    readonly id: string;
    readonly number: string;
    readonly version: number;
    readonly caseId: string;
  } | null;
  /** What the server holds of the content. */
  readonly synced: Content | null;
  /** A draft that was sent and not yet answered: sent again as it was, so that there is never a second one. */
  readonly creating: CreateReferralInput | null;
}

const NO_VITALS = Object.fromEntries(VITALS.map((name) => [name, ""])) as Record<Vital, string>;

export const EMPTY: Values = {
  patient: {
    name: "",
    idNumber: "",
    unknown: false,
    temporaryIdentity: "",
    sex: "",
    birthDate: "",
    phone: "",
    guardianName: "",
    guardianRelation: "",
    guardianPhone: "",
  },
  duplicateReason: "",
  duplicateComment: "",
  from: "",
  content: {
    priority: "URGENT",
    neededCapability: null,
    diagnoses: [],
    reason: "",
    summary: "",
    vitals: NO_VITALS,
    exams: [],
    treatment: "",
    allergies: "",
    performerDepartment: null,
    consentBy: "",
    consentRelation: "",
  },
  server: null,
  synced: null,
  creating: null,
};

const GUARDIAN_AGE = 14; // completed years below which a guardian must consent

/** Completed months of the patient's life, null while no date of birth is known. */
export function monthsOf(patient: PatientValues, today: string): number | null {
  const masked = patient.idNumber.includes("*"); // a draft that the server holds shows no whole number
  if (!patient.unknown && !masked) {
    const read = readIdNumber(patient.idNumber, today);
    return read.ok ? read.months : null;
  }
  return patient.birthDate ? monthsBetween(patient.birthDate, today) : null;
}

/** Whether a guardian has to consent. */
export function isMinor(patient: PatientValues, today: string): boolean {
  const months = monthsOf(patient, today);
  return months !== null && months < GUARDIAN_AGE * 12;
}

/** Whether enough is known of the patient for the server to hold a draft. */
export function patientReady(patient: PatientValues, today: string): boolean {
  const known = patient.unknown
    ? patient.temporaryIdentity.trim()
    : patient.name.trim() && readIdNumber(patient.idNumber, today).ok;
  return Boolean(known) && (!isMinor(patient, today) || Boolean(patient.guardianName.trim()));
}

/** Whether anything was written beside the patient. */
export function contentBegun(content: Content): boolean {
  return JSON.stringify(content) !== JSON.stringify(EMPTY.content);
}

const PLAIN = ["priority", "reason", "summary", "treatment", "allergies", "consentBy", "consentRelation"] as const;

/** The content that differs from what the server holds, in the words of the wire. */
export function changes(content: Content, synced: Content): Partial<UpdateReferralInput> {
  const all = onWire(content);
  const held = onWire(synced);
  return Object.fromEntries(
    Object.entries(all).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(held[name as keyof Wire])),
  );
}

type Wire = Pick<
  UpdateReferralInput,
  (typeof PLAIN)[number] | "neededCapability" | "diagnoses" | "vitals" | "exams" | "performerDepartment"
>;

/** The content in the words of the wire. */
export function onWire(content: Content): Wire {
  const plain = Object.fromEntries(PLAIN.map((name) => [name, content[name].trim()])) as Pick<
    Content,
    (typeof PLAIN)[number]
  >;
  return {
    ...plain,
    neededCapability: content.neededCapability?.value ?? "",
    diagnoses: content.diagnoses.map((one) => one.value),
    vitals: vitalsOnWire(content.vitals),
    exams: content.exams
      .filter((one) => one.name.trim() && one.result.trim())
      .map((one) => ({ name: one.name.trim(), result: one.result.trim() })),
    ...(content.performerDepartment && { performerDepartment: content.performerDepartment.value }),
  };
}

function vitalsOnWire(vitals: Content["vitals"]): VitalsInput {
  const given = VITALS.filter((name) => vitals[name].trim() && Number.isFinite(Number(vitals[name])));
  return Object.fromEntries(given.map((name) => [name, Number(vitals[name])]));
}

/** Everything typed, as the first saving sends it. */
export function creation(values: Values, idempotencyKey: string, today: string): CreateReferralInput {
  const { patient } = values;
  const read = patient.unknown ? null : readIdNumber(patient.idNumber, today);
  const known = Object.fromEntries(
    (["phone", "guardianName", "guardianRelation", "guardianPhone"] as const)
      .filter((name) => patient[name].trim())
      .map((name) => [name, patient[name].trim()]),
  );
  const who = read?.ok
    ? { name: patient.name.trim(), idNumber: read.number }
    : {
        temporaryIdentity: patient.temporaryIdentity.trim(),
        ...(patient.name.trim() && { name: patient.name.trim() }),
        ...(patient.sex && { sex: patient.sex }),
        ...(patient.birthDate && { birthDate: patient.birthDate }),
      };
  return {
    idempotencyKey,
    requesterDepartment: values.from,
    patient: { ...who, ...known },
    ...onWire(values.content),
    ...(values.duplicateReason && {
      duplicateReason: values.duplicateReason,
      duplicateComment: values.duplicateComment,
    }),
  };
}

/** A draft as the server holds it. */
export type Held = NonNullable<NonNullable<WriteDraftData["createReferral"]>["referral"]>;

/** The content of a draft that the server holds. */
export function contentOf(held: Held): Content {
  const { clinical, performerDepartment: to } = held;
  return {
    priority: held.priority,
    neededCapability: held.neededCapability && {
      value: held.neededCapability.code,
      label: held.neededCapability.label,
    },
    diagnoses: (clinical?.diagnoses ?? []).map(({ code, label }) => ({ value: code, label, hint: code })),
    reason: held.reason ?? "",
    summary: clinical?.summary ?? "",
    vitals: Object.fromEntries(VITALS.map((name) => [name, String(clinical?.vitals[name] ?? "")])) as Record<
      Vital,
      string
    >,
    exams: (clinical?.exams ?? []).map(({ name, result }) => ({ name, result })),
    treatment: clinical?.treatment ?? "",
    allergies: clinical?.allergies ?? "",
    performerDepartment: to && { value: to.id, label: `${to.hospital.name} ${to.name}` },
    consentBy: held.consentBy ?? "",
    consentRelation: held.consentRelation ?? "",
  };
}

/** The patient of a draft that the server holds. */
export function patientOf(held: Held): PatientValues {
  const { identity, temporaryIdentity, sex } = held.patient;
  return {
    name: identity?.name ?? held.patient.displayName,
    idNumber: identity?.idNumber ?? "",
    unknown: Boolean(temporaryIdentity),
    temporaryIdentity,
    sex,
    birthDate: identity?.birthDate ?? "",
    phone: identity?.phone ?? "",
    guardianName: identity?.guardianName ?? "",
    guardianRelation: identity?.guardianRelation ?? "",
    guardianPhone: identity?.guardianPhone ?? "",
  };
}

/** What was typed here laid over what changed elsewhere since `base`; and which fields came from elsewhere. */
export function merged(
  mine: Content,
  base: Content,
  theirs: Content,
): { content: Content; fromElsewhere: (keyof Content)[] } {
  const names = Object.keys(mine) as (keyof Content)[];
  const same = (one: Content, other: Content, name: keyof Content) =>
    JSON.stringify(one[name]) === JSON.stringify(other[name]);
  const fromElsewhere = names.filter((name) => same(mine, base, name) && !same(theirs, base, name));
  const content = { ...mine, ...Object.fromEntries(fromElsewhere.map((name) => [name, theirs[name]])) };
  return { content, fromElsewhere };
}
