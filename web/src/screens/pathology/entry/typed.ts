/** What a lab types of a new case, and what must be there before the server is asked. */
import type { PatientInput } from "../../../operations";
import { now } from "../../../net/moment";
import { readIdNumber, yearsAt } from "./identity";

/** The form as it is typed; every value is text. */
export interface Typed {
  readonly known: "number" | "label";
  readonly name: string;
  readonly idNumber: string;
  readonly temporaryIdentity: string;
  readonly sex: string;
  readonly birthDate: string;
  readonly phone: string;
  readonly guardianName: string;
  readonly guardianRelation: string;
  readonly guardianPhone: string;
  readonly requesterDepartment: string;
  readonly performerDepartment: string;
  readonly kind: string;
  readonly liability: string;
  readonly priority: string;
  readonly organ: string;
  readonly history: string;
  readonly question: string;
  readonly preliminaryClass: string;
  readonly preliminaryDiagnosis: string;
  readonly consentBy: string;
  readonly consentRelation: string;
}

/** A form in which nothing was typed. */
export const EMPTY: Typed = {
  known: "number",
  name: "",
  idNumber: "",
  temporaryIdentity: "",
  sex: "",
  birthDate: "",
  phone: "",
  guardianName: "",
  guardianRelation: "",
  guardianPhone: "",
  requesterDepartment: "",
  performerDepartment: "",
  kind: "ROUTINE",
  liability: "CONSULTATION",
  priority: "ROUTINE",
  organ: "",
  history: "",
  question: "",
  preliminaryClass: "",
  preliminaryDiagnosis: "",
  consentBy: "",
  consentRelation: "",
};

/** Whole years of the patient, null while unknown. */
export function ageOf(typed: Typed): number | null {
  const birthDate = typed.known === "number" ? readIdNumber(typed.idNumber)?.birthDate : typed.birthDate;
  return birthDate ? yearsAt(birthDate, now()) : null;
}

/** Whether the law wants a guardian. */
export function needsGuardian(typed: Typed): boolean {
  const age = ageOf(typed);
  return age !== null && age < 14;
}

/** The names of what is still missing or wrong. */
export function missingIn(typed: Typed): string[] {
  const patient = typed.known === "number" ? ["name", "idNumber"] : ["temporaryIdentity", "sex"];
  const guardian = needsGuardian(typed) ? ["guardianName", "guardianPhone"] : [];
  const needed = [
    ...patient,
    ...guardian,
    "requesterDepartment",
    "performerDepartment",
    "kind",
    "liability",
    "organ",
    "question",
    "history",
    "preliminaryClass",
  ];
  const lacking = needed.filter((name) => !typed[name as keyof Typed].trim());
  const wrong = typed.known === "number" && typed.idNumber && !readIdNumber(typed.idNumber);
  return wrong ? [...lacking, "idNumber"] : lacking;
}

/** The patient as the server takes it; what was left empty is left out. */
export function patientOnWire(typed: Typed): PatientInput {
  const { name, idNumber, temporaryIdentity, sex, birthDate, phone, guardianName, guardianRelation, guardianPhone } =
    typed;
  const guardian = { guardianName, guardianRelation, guardianPhone };
  const given =
    typed.known === "number"
      ? { name, idNumber: idNumber.toUpperCase(), phone, ...guardian }
      : { name, temporaryIdentity, sex, birthDate, phone, ...guardian };
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, value]) => (value.trim() ? [[key, value.trim()]] : [])),
  );
}
