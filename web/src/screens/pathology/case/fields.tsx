/** What only the steps of pathology ask for: an opinion, the defects of slides, one of the experts. */
import { Button, type Option, Select, type StepField, useReasons } from "../../../kit";
import { useRead } from "../../../net/hooks";
import { PathologyReaders } from "../../../operations";
import { candidates } from "../queue/Assign";
import { words as queueWords } from "../queue/words";
import { words } from "./words";

/** Class and words of an opinion; with `phone`, who was told and what they read back; optional where one was given before. */
export function opinionFields(
  classes: readonly Option[],
  { phone = false, optional = false } = {},
): readonly StepField<OpinionName>[] {
  const say = words().field;
  const own: readonly StepField<OpinionName>[] = [
    {
      kind: "select",
      name: "opinion.diagnosticClass",
      label: optional ? say.ownOpinion : say.diagnosticClass,
      required: !optional,
      options: classes,
      ...(optional && { hint: say.ownHint }),
    },
    { kind: "area", name: "opinion.text", label: say.text, required: !optional },
  ];
  if (!phone) return own;
  return [
    ...own,
    { kind: "text", name: "opinion.phonedTo", label: say.phonedTo, hint: say.phoneHint },
    {
      kind: "area",
      name: "opinion.readBack",
      label: say.readBack,
      required: true,
      rows: 2,
      when: (values) => Boolean(values["opinion.phonedTo"]),
    },
  ];
}

type OpinionName = "opinion.diagnosticClass" | "opinion.text" | "opinion.phonedTo" | "opinion.readBack";

interface Given {
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  readonly error: string;
}

interface Defect {
  readonly code: string;
  readonly barcode: string;
}

/** The defects on the wire: without a barcode it is of all slides. */
export function defectsOnWire(value: unknown): { code: string; barcode?: string }[] {
  return ((value ?? []) as Defect[])
    .filter((one) => one.code)
    .map(({ code, barcode }) => (barcode ? { code, barcode } : { code }));
}

/** Coded defects, each of one slide or of all. */
export function Defects({ value, onChange, error, barcodes }: Given & { readonly barcodes: readonly string[] }) {
  const say = words();
  const catalogue = useReasons("SLIDE_DEFECT");
  const rows = (value as Defect[] | undefined) ?? [{ code: "", barcode: "" }];
  const set = (index: number, change: Partial<Defect>) =>
    onChange(rows.map((row, at) => (at === index ? { ...row, ...change } : row)));
  return (
    <fieldset class="stack plain-group">
      <legend>{say.field.defects}</legend>
      {rows.map((row, index) => (
        <div class="pair" key={index}>
          <Select
            label={say.field.defect}
            required
            error={index === 0 ? error : ""}
            value={row.code}
            onChange={(code) => set(index, { code })}
            options={catalogue.map(({ code, label }) => ({ value: code, label }))}
          />
          <Select
            label={say.field.whichSlide}
            empty={say.allSlides}
            value={row.barcode}
            onChange={(barcode) => set(index, { barcode })}
            options={barcodes.map((code) => ({ value: code, label: code }))}
          />
        </div>
      ))}
      <Button small onClick={() => onChange([...rows, { code: "", barcode: "" }])}>
        {say.field.addDefect}
      </Button>
    </fieldset>
  );
}

interface ReaderProps extends Given {
  readonly label: string;
  readonly empty?: string | undefined;
  readonly required?: boolean | undefined;
  readonly department: string;
  readonly subspecialty: string;
  /** People who may not be chosen, such as whoever has it now. */
  readonly without?: readonly (string | undefined)[] | undefined;
}

/** One of the department's pathologists: those of the subspecialty first, with what they have in hand. */
export function ReaderField({
  value,
  onChange,
  error,
  label,
  empty,
  required,
  department,
  subspecialty,
  without = [],
}: ReaderProps) {
  const say = queueWords();
  const { data } = useRead(PathologyReaders, { department }, { skip: !department });
  const all = candidates(data?.pathologyReaders ?? [], subspecialty).filter((one) => !without.includes(one.id));
  return (
    <Select
      label={label}
      error={error}
      required={required}
      empty={empty}
      value={typeof value === "string" ? value : ""}
      onChange={onChange}
      options={all.map((one) => ({
        value: one.id,
        label: `${one.name} · ${say[one.fit]} · ${say.load(one.inHand, one.limit)}`,
      }))}
    />
  );
}
