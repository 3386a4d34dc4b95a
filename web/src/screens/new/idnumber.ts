/** The resident identity number, checked as it is typed (GB 11643-1999); the server checks it again. */
import { now } from "../../net/moment";

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS = "10X98765432";

/** What a number says of its holder, or what is wrong with it; "short" while it is still being typed. */
export type Read =
  | {
      readonly ok: true;
      readonly number: string;
      readonly birthDate: string;
      readonly sex: "MALE" | "FEMALE";
      readonly age: number;
      readonly months: number;
    }
  | { readonly ok: false; readonly why: "short" | "letters" | "date" | "check" };

/** Reads a number as far as it goes; `today` is yyyy-mm-dd. */
export function readIdNumber(text: string, today: string): Read {
  const number = text.replace(/\s/g, "").toUpperCase();
  if (!/^\d{0,17}[\dX]?$/.test(number) || (number.length < 18 && number.includes("X")))
    return { ok: false, why: "letters" };
  if (number.length < 18) return { ok: false, why: "short" };
  const birthDate = `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`;
  const born = new Date(`${birthDate}T00:00:00Z`);
  const real = !Number.isNaN(born.getTime()) && born.toISOString().startsWith(birthDate);
  if (!real || birthDate < "1850-01-01" || birthDate > today) return { ok: false, why: "date" };
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(number[at]), 0);
  if (CHECKS[sum % 11] !== number[17]) return { ok: false, why: "check" };
  const months = monthsBetween(birthDate, today);
  return {
    ok: true,
    number,
    birthDate,
    sex: Number(number[16]) % 2 ? "MALE" : "FEMALE",
    age: Math.floor(months / 12),
    months,
  };
}

/** Completed months from one day to another, both yyyy-mm-dd. */
export function monthsBetween(birthDate: string, today: string): number {
  const [year = 0, month = 0, day = 0] = birthDate.split("-").map(Number);
  const [thisYear = 0, thisMonth = 0, thisDay = 0] = today.split("-").map(Number);
  return (thisYear - year) * 12 + thisMonth - month - (thisDay < day ? 1 : 0);
}

/** The day in the hospitals' zone, yyyy-mm-dd. */
export function today(): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short" }).format(now());
}
