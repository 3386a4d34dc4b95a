/** Controls that only the steps of pathology need: an opinion, the defects of slides, one of the experts. */
import { Button, Select, TextArea, TextField } from "../../../kit";
import { useReasons } from "../../../kit";
import { useRead } from "../../../net/hooks";
import { PathologyReaders } from "../../../operations";
import { options, useCatalogue } from "../facts";
import { candidates } from "../queue/Assign";
import { words as queueWords } from "../queue/words";
import { words } from "./words";

/** An opinion as it is typed. */
export interface Opinion {
  readonly diagnosticClass: string;
  readonly text: string;
  readonly phonedTo?: string;
  readonly readBack?: string;
}

const NOTHING: Opinion = { diagnosticClass: "", text: "" };

/** What goes on the wire of an opinion; nothing of what was left empty. */
export function opinionOnWire(value: unknown): Opinion | undefined {
  const given = Object.entries((value ?? {}) as Opinion).filter(([, said]) => said.trim());
  return given.length ? ({ ...NOTHING, ...Object.fromEntries(given) } as Opinion) : undefined;
}

interface Given {
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  readonly error: string;
}

/** Class and words of an opinion; with `phone`, who was told and what they read back. */
export function OpinionFields({ value, onChange, error, phone, optional }: Given & { readonly phone?: boolean; readonly optional?: boolean }) {
  const say = words().field;
  const classes = useCatalogue("DIAGNOSTIC_CLASS").filter((one) => one.code !== "NONE");
  const at = (value as Opinion | undefined) ?? NOTHING;
  const set = (change: Partial<Opinion>) => onChange({ ...at, ...change });
  return (
    <div class="stack">
      <Select
        label={optional ? say.ownOpinion : say.diagnosticClass}
        hint={optional ? say.ownHint : undefined}
        required={!optional}
        error={error}
        value={at.diagnosticClass}
        onChange={(diagnosticClass) => set({ diagnosticClass })}
        options={options(classes)}
      />
      <TextArea label={say.text} required={!optional} value={at.text} onChange={(text) => set({ text })} />
      {phone ? (
        <>
          <TextField label={say.phonedTo} required={false} hint={say.phoneHint} value={at.phonedTo ?? ""} onChange={(phonedTo) => set({ phonedTo })} />
          {at.phonedTo ? <TextArea label={say.readBack} required rows={2} value={at.readBack ?? ""} onChange={(readBack) => set({ readBack })} /> : null}
        </>
      ) : null}
    </div>
  );
}

interface Defect {
  readonly code: string;
  readonly barcode: string;
}

/** The defects on the wire: without a barcode it is of all slides. */
export function defectsOnWire(value: unknown): { code: string; barcode?: string }[] {
  return ((value ?? []) as Defect[]).filter((one) => one.code).map(({ code, barcode }) => (barcode ? { code, barcode } : { code }));
}

/** Coded defects, each of one slide or of all. */
export function Defects({ value, onChange, error, barcodes }: Given & { readonly barcodes: readonly string[] }) {
  const say = words();
  const catalogue = useReasons("SLIDE_DEFECT");
  const rows = (value as Defect[] | undefined) ?? [{ code: "", barcode: "" }];
  const set = (index: number, change: Partial<Defect>) => onChange(rows.map((row, at) => (at === index ? { ...row, ...change } : row)));
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
export function ReaderField({ value, onChange, error, label, empty, required, department, subspecialty, without = [] }: ReaderProps) {
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
      options={all.map((one) => ({ value: one.id, label: `${one.name} · ${say[one.fit]} · ${say.load(one.inHand, one.limit)}` }))}
    />
  );
}
