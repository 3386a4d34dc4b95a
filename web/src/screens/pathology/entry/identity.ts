/** Resident identity numbers (GB 11643): whether one is right, and what it says. */

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** What a number says of whoever bears it. */
export interface Said {
  readonly birthDate: string;
  readonly sex: "MALE" | "FEMALE";
}

/** What a whole number says; null while it is too short or its check digit or date is wrong. */
export function readIdNumber(typed: string): Said | null {
  const number = typed.trim().toUpperCase();
  if (!/^\d{17}[\dX]$/.test(number)) return null;
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(number[at]), 0);
  if ("10X98765432"[sum % 11] !== number[17]) return null;
  const birthDate = `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`;
  const day = new Date(`${birthDate}T00:00:00Z`);
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== birthDate || day.getTime() > Date.now())
    return null;
  return { birthDate, sex: Number(number[16]) % 2 ? "MALE" : "FEMALE" };
}

/** Whole years between a day of birth and a moment. */
export function yearsAt(birthDate: string, moment: number): number {
  const [now, then] = [new Date(moment), new Date(birthDate)];
  const before =
    now.getMonth() < then.getMonth() || (now.getMonth() === then.getMonth() && now.getDate() < then.getDate());
  return now.getFullYear() - then.getFullYear() - (before ? 1 : 0);
}
