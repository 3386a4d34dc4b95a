/** A report as it is typed, and its two other shapes: what goes on the wire, and what came from it. */
import type {
  KeyImageInput,
  ReportAnswerInput,
  ReportCellInput,
  ReportDraftData,
  ReportInput,
  ReportTemplatesData,
  SignedReportFragment,
} from "../../../operations";

export type Template = ReportTemplatesData["reportTemplates"][number];
export type Field = Template["sections"][number]["fields"][number];
export type Column = Field["columns"][number];
export type Draft = NonNullable<ReportDraftData["reportDraft"]>;

/** Words and numbers are text, choices are lists of codes. */
export type Cell = string | readonly string[];
export type Row = Readonly<Record<string, Cell>>;
export type Answers = Readonly<Record<string, Cell | readonly Row[]>>;

/** The report as it is typed. */
export interface Written {
  readonly template: string;
  readonly diagnosticClass: string;
  readonly diagnosisCode: string;
  readonly critical: boolean;
  readonly conclusion: string;
  readonly freeText: string;
  readonly answers: Answers;
  readonly keyImages: readonly KeyImageInput[];
}

/** A report in which nothing was written. */
export const BLANK: Written = {
  template: "",
  diagnosticClass: "",
  diagnosisCode: "",
  critical: false,
  conclusion: "",
  freeText: "",
  answers: {},
  keyImages: [],
};

/** Whether something was answered. */
export function isGiven(value: Answers[string] | undefined): boolean {
  return typeof value === "string" ? value.trim() !== "" : Boolean(value?.length);
}

function chosen(value: Answers[string] | undefined): readonly string[] {
  return Array.isArray(value) ? (value as string[]) : typeof value === "string" && value ? [value] : [];
}

/** Whether a field must be answered, given the other answers. */
export function isNeeded(field: Pick<Field, "required" | "requiredIf">, answers: Answers): boolean {
  const holds = (one: Field["requiredIf"][number]) => {
    const given = chosen(answers[one.field]);
    return given.length > 0 && one.negated !== given.some((code) => one.codes.includes(code));
  };
  return field.required || (field.requiredIf.length > 0 && field.requiredIf.every(holds));
}

function cellOnWire(field: Pick<Field, "code" | "kind">, value: Cell): ReportCellInput[] {
  if (!isGiven(value)) return [];
  if (field.kind === "CHOICE") return [{ field: field.code, codes: [...chosen(value)] }];
  if (field.kind === "NUMBER")
    return Number.isFinite(Number(value)) ? [{ field: field.code, number: Number(value) }] : [];
  return [{ field: field.code, text: String(value) }];
}

function answersOnWire(template: Template | undefined, answers: Answers): ReportAnswerInput[] {
  const fields = (template?.sections ?? []).flatMap((section) => section.fields);
  return fields.flatMap((field): ReportAnswerInput[] => {
    const value = answers[field.code];
    if (value === undefined || !isGiven(value)) return [];
    if (field.kind !== "TABLE") return cellOnWire(field, value as Cell);
    const rows = (value as readonly Row[]).map((row) => ({
      cells: field.columns.flatMap((column) => cellOnWire(column, row[column.code] ?? "")),
    }));
    const said = rows.filter((row) => row.cells.length);
    return said.length ? [{ field: field.code, rows: said }] : [];
  });
}

/** The report as the server takes it, whole: what is empty empties. */
export function onWire(template: Template | undefined, written: Written): ReportInput {
  const { diagnosticClass, diagnosisCode, critical, conclusion, freeText, keyImages } = written;
  return {
    diagnosticClass,
    critical,
    conclusion,
    diagnosisCode,
    content: {
      template: written.template,
      answers: answersOnWire(template, written.answers),
      freeText,
      keyImages: [...keyImages],
    },
  };
}

interface Told {
  readonly text: string | null;
  readonly number: number | null;
  readonly codes?: readonly string[] | null;
  readonly options?: readonly { readonly code: string }[];
}

function cellOf(told: Told): Cell {
  const codes = told.codes ?? told.options?.map((one) => one.code) ?? [];
  return codes.length ? codes : told.number !== null ? String(told.number) : (told.text ?? "");
}

function picturesOf(images: Draft["keyImages"]): KeyImageInput[] {
  return images.map(({ slide, x, y, width, height, note, sha256 }) => ({ slide, x, y, width, height, note, sha256 }));
}

/** The draft that the server keeps, as it is typed. */
export function ofDraft(draft: Draft): Written {
  const { template, diagnosticClass, diagnosisCode, critical, conclusion, freeText } = draft;
  const answers = draft.answers.map((one) => [
    one.field,
    one.rows?.length
      ? one.rows.map((row) => Object.fromEntries(row.cells.map((cell) => [cell.field, cellOf(cell)])))
      : cellOf(one),
  ]);
  return {
    template,
    diagnosticClass,
    diagnosisCode,
    critical,
    conclusion,
    freeText,
    answers: Object.fromEntries(answers),
    keyImages: picturesOf(draft.keyImages),
  };
}

/** A signed report as it is typed, to begin an amendment with. */
export function ofReport(report: SignedReportFragment): Written {
  const all = report.sections.flatMap((section) => section.answers);
  const answers = all.map((one) => [
    one.code,
    one.rows.length
      ? one.rows.map((row) => Object.fromEntries(row.cells.map((cell) => [cell.code, cellOf(cell)])))
      : cellOf(one),
  ]);
  return {
    template: report.template,
    diagnosticClass: report.diagnosticClass.code,
    diagnosisCode: report.icd10?.code ?? "",
    critical: report.critical,
    conclusion: report.conclusion,
    freeText: report.freeText,
    answers: Object.fromEntries(answers),
    keyImages: picturesOf(report.keyImages),
  };
}

/** The anchor on the page of what a refusal's path names: report.content.answers.grade → answer-grade. */
export function anchorOf(path: string | null): string {
  const parts = (path ?? "").split(".");
  const at = parts.indexOf("answers");
  if (at >= 0) return `answer-${parts[at + 1] ?? ""}`;
  return `report-${parts.find((one) => !["report", "content"].includes(one)) ?? ""}`;
}
