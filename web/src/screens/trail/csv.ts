/** The disclosures of one patient as a file that a spreadsheet opens. */
import { dateTime, roleName } from "../../kit";
import { call } from "../../net/client";
import type { Answer, Problem } from "../../net/problem";
import { Trail, type TrailData, type TrailRowFragment, type TrailVariables } from "../../operations";
import { words } from "./words";

const PAGE = 100;
const MOST = 5000; // entries in one file

/** What became of an export. */
export interface Exported {
  readonly rows: readonly TrailRowFragment[];
  /** Whether there were more than one file takes. */
  readonly cut: boolean;
}

/** Every entry that fits, page by page; `told` hears how many there are so far. */
export async function everyEntry(variables: Omit<TrailVariables, "first" | "after">, told: (n: number) => void): Promise<Exported | Problem> {
  const rows: TrailRowFragment[] = [];
  let after: string | null = null;
  while (rows.length < MOST) {
    const answer: Answer<TrailData> = await call(Trail, { ...variables, first: PAGE, after });
    if (!answer.ok) return answer.problem;
    const page: TrailData["auditTrail"] = answer.data.auditTrail;
    rows.push(...page.nodes);
    told(rows.length);
    if (!page.pageInfo.hasNextPage) return { rows, cut: false };
    after = page.pageInfo.endCursor;
  }
  return { rows, cut: true };
}

/** One cell: quoted, and harmless to a spreadsheet that would run what begins like a formula. */
export function cell(value: string): string {
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return `"${harmless.replaceAll('"', '""')}"`;
}

/** The file's text. */
export function csvOf(rows: readonly TrailRowFragment[]): string {
  const say = words();
  const lines = rows.map((row) => [
    `${dateTime(row.at)} (${row.at})`,
    row.actor?.name ?? say.clock,
    row.actorRole ? roleName(row.actorRole) : "",
    row.actorHospital?.name ?? "",
    row.label,
    say.purposes[row.purpose] ?? row.purpose,
    say.types[row.objectType] ?? row.objectType,
    row.listed ? String(row.listed) : "",
    row.patient?.displayName ?? "",
    row.requestId,
    row.chain ?? "",
    row.sequence === null ? "" : String(row.sequence),
  ]);
  return [say.columns.split("|"), ...lines].map((line) => line.map(cell).join(",")).join("\r\n");
}

/** Hands a text to the browser as a file; the mark in front tells a spreadsheet that it is UTF-8. */
export function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: name });
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 1000);
}
