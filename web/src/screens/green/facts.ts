/** The few facts of an emergency, as typed, and as the call carries them. */
import type { ActivateGreenChannelInput, Sex } from "../../operations";

/** What is typed; none of it is compulsory. */
export interface CallValues {
  readonly from: string;
  readonly sex: Sex | "";
  readonly age: string;
  /** Years, or months for an infant. */
  readonly unit: "years" | "months";
  readonly idNumber: string;
  readonly name: string;
  readonly guardianName: string;
  readonly summary: string;
  readonly heartRate: string;
  readonly systolic: string;
  readonly diastolic: string;
  readonly spo2: string;
  /** Whom to ask instead of the first of the ranking; null for the ranking. */
  readonly targets: readonly string[] | null;
  /** A call that was sent and not yet answered. */
  readonly calling: ActivateGreenChannelInput | null;
}

export const NOTHING: CallValues = {
  from: "",
  sex: "",
  age: "",
  unit: "years",
  idNumber: "",
  name: "",
  guardianName: "",
  summary: "",
  heartRate: "",
  systolic: "",
  diastolic: "",
  spo2: "",
  targets: null,
  calling: null,
};

/** A date of birth that gives the age that was told; `today` is yyyy-mm-dd. */
export function bornFor(age: string, unit: "years" | "months", today: string): string {
  const count = Number(age);
  if (!age.trim() || !Number.isInteger(count) || count < 0 || count > 150 * (unit === "months" ? 12 : 1)) return "";
  const [year = 0, month = 0, day = 0] = today.split("-").map(Number);
  const months = year * 12 + month - 1 - count * (unit === "months" ? 1 : 12);
  const [bornYear, bornMonth] = [Math.floor(months / 12), (months % 12) + 1];
  const last = new Date(Date.UTC(bornYear, bornMonth, 0)).getUTCDate();
  return `${bornYear}-${String(bornMonth).padStart(2, "0")}-${String(Math.min(day, last)).padStart(2, "0")}`;
}

/** The call, in the words of the wire. */
export function callOf(
  value: CallValues,
  kind: string,
  idempotencyKey: string,
  today: string,
): ActivateGreenChannelInput {
  const born = value.idNumber.trim() ? "" : bornFor(value.age, value.unit, today);
  const patient = {
    ...(value.idNumber.trim() && { idNumber: value.idNumber.replace(/\s/g, "").toUpperCase() }),
    ...(value.name.trim() && { name: value.name.trim() }),
    ...(value.sex && !value.idNumber.trim() && { sex: value.sex }),
    ...(born && { birthDate: born }),
    ...(value.guardianName.trim() && { guardianName: value.guardianName.trim() }),
  };
  const vitals = Object.fromEntries(
    (["heartRate", "systolic", "diastolic", "spo2"] as const)
      .filter((name) => value[name].trim())
      .map((name) => [name, Number(value[name])]),
  );
  return {
    idempotencyKey,
    kind,
    requesterDepartment: value.from,
    ...(Object.keys(patient).length && { patient }),
    ...(value.summary.trim() && { summary: value.summary.trim() }),
    ...(Object.keys(vitals).length && { vitals }),
    ...(value.targets && { targets: [...value.targets] }),
  };
}
