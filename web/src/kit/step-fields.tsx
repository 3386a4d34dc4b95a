/** What a step asks for, described: each description becomes a field, and its value what goes on the wire. */
import type { ComponentChildren } from "preact";
import type { ConceptSystem } from "../operations";
import { ConceptField, ReasonField, useReasons } from "./catalogue";
import { Combobox } from "./Combobox";
import { DateTimeField } from "./DateTimeField";
import { Checkbox, Choices, ManyChoices, type Option, Select, TextArea, TextField } from "./Field";
import { words } from "./words";

/** What is typed so far, by the names of the fields. */
export type Values = Readonly<Record<string, unknown>>;

interface Common<Name extends string> {
  /** The name in the mutation's input, dotted within an object: outcome.treatment. */
  readonly name: Name;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly required?: boolean | undefined;
  /** Asked for only while this holds. */
  readonly when?: ((values: Values) => boolean) | undefined;
}

/** One field of a step. */
export type StepField<Name extends string = string> = Common<Name> &
  (
    | { readonly kind: "text"; readonly maxLength?: number | undefined; readonly type?: "text" | "tel" | "date" | "time" | undefined }
    | { readonly kind: "area"; readonly rows?: number | undefined }
    | {
        readonly kind: "number";
        readonly unit?: string | undefined;
        readonly min?: number | undefined;
        readonly max?: number | undefined;
        readonly step?: number | "any" | undefined;
      }
    | { readonly kind: "moment"; readonly withNow?: boolean | undefined }
    /** One of a list; `empty` is the word for none, null where one is always chosen. */
    | { readonly kind: "select"; readonly options: readonly Option[]; readonly empty?: string | null | undefined }
    | { readonly kind: "choices" | "many"; readonly options: readonly Option[] }
    | { readonly kind: "check" }
    /** Codes of a catalogue of reasons, any number of them. */
    | { readonly kind: "codes"; readonly catalogue: string }
    /** A coded reason; `comment` is the input's name for the words beside it. */
    | { readonly kind: "reason"; readonly catalogue: string; readonly comment?: Name | undefined }
    | { readonly kind: "concept" | "concepts"; readonly system: ConceptSystem }
    /** One of very many, such as a department; the option's value goes on the wire. */
    | {
        readonly kind: "search";
        readonly search: (text: string, signal: AbortSignal) => Promise<readonly Option[]>;
        readonly least?: number | undefined;
      }
    /** Any control; `value` is what it last gave, and goes on the wire as it is unless `wire` makes something of it. */
    | {
        readonly kind: "custom";
        readonly render: (given: { value: unknown; onChange: (value: unknown) => void; error: string; values: Values }) => ComponentChildren;
        readonly wire?: ((value: unknown) => unknown) | undefined;
      }
  );

interface Props {
  readonly field: StepField;
  readonly values: Values;
  readonly change: (name: string, value: unknown) => void;
  readonly error: (name: string) => string;
}

/** The control of a description. */
export function StepControl({ field, values, change, error }: Props) {
  const frame = { label: field.label, hint: field.hint, required: field.required ?? false, error: error(field.name) };
  const given = values[field.name];
  const text = { value: typeof given === "string" ? given : "", onChange: (value: string) => change(field.name, value) };
  const option = { value: (given as Option | null | undefined) ?? null, onChange: (value: Option | null) => change(field.name, value) };
  const many = { value: Array.isArray(given) ? (given as string[]) : [], onChange: (value: readonly string[]) => change(field.name, value) };
  switch (field.kind) {
    case "text":
      return <TextField {...frame} {...text} type={field.type} maxLength={field.maxLength} />;
    case "area":
      return <TextArea {...frame} {...text} rows={field.rows} />;
    case "number":
      return <TextField {...frame} {...text} type="number" inputMode="decimal" unit={field.unit} min={field.min} max={field.max} step={field.step ?? 1} />;
    case "moment":
      return <DateTimeField {...frame} {...text} withNow={field.withNow} />;
    case "select":
      return <Select {...frame} {...text} options={field.options} empty={field.empty} />;
    case "choices":
      return <Choices {...frame} {...text} options={field.options} />;
    case "many":
      return <ManyChoices {...frame} {...many} options={field.options} />;
    case "check":
      return <Checkbox label={field.label} {...(field.hint && { hint: field.hint })} value={given === true} onChange={(value) => change(field.name, value)} />;
    case "codes":
      return <Codes catalogue={field.catalogue} frame={frame} many={many} />;
    case "reason": {
      const { comment } = field;
      const beside = comment === undefined ? undefined : values[comment];
      const said =
        comment === undefined
          ? undefined
          : {
              value: typeof beside === "string" ? beside : "",
              onChange: (value: string) => change(comment, value),
              error: error(comment),
            };
      return <ReasonField {...frame} {...text} catalogue={field.catalogue} comment={said} />;
    }
    case "concept":
      return <ConceptField {...frame} {...option} system={field.system} />;
    case "concepts":
      return <Concepts system={field.system} frame={frame} many={{ value: (given as readonly Option[] | undefined) ?? [], onChange: (value) => change(field.name, value) }} />;
    case "search":
      return <Combobox {...frame} {...option} search={field.search} least={field.least} />;
    case "custom":
      return <>{field.render({ value: given, onChange: (value) => change(field.name, value), error: frame.error, values })}</>;
  }
}

function Codes(props: {
  readonly catalogue: string;
  readonly frame: { label: string; hint: string | undefined; required: boolean; error: string };
  readonly many: { value: readonly string[]; onChange: (value: readonly string[]) => void };
}) {
  const reasons = useReasons(props.catalogue);
  return <ManyChoices {...props.frame} {...props.many} options={reasons.map(({ code, label }) => ({ value: code, label }))} />;
}

/** Any number of concepts: each chosen one becomes a line that can be taken away. */
function Concepts(props: {
  readonly system: ConceptSystem;
  readonly frame: { label: string; hint: string | undefined; required: boolean; error: string };
  readonly many: { value: readonly Option[]; onChange: (value: readonly Option[]) => void };
}) {
  const { value, onChange } = props.many;
  const rest = (one: Option) => value.filter((other) => other.value !== one.value);
  return (
    <div class="chosen">
      <ConceptField
        {...props.frame}
        key={value.length}
        system={props.system}
        value={null}
        onChange={(found) => found && onChange([...rest(found), found])}
      />
      <ul class="plain">
        {value.map((one) => (
          <li key={one.value}>
            {one.value} {one.label}{" "}
            <button type="button" class="button quiet small" aria-label={words().remove(one.label)} onClick={() => onChange(rest(one))}>
              <span aria-hidden="true">✕</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Whether nothing was given. */
export function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "" || value === false || (Array.isArray(value) && !value.length);
}

/** What goes on the wire of the fields that are asked for; what was left empty is left out. */
export function wireOf(fields: readonly StepField[], values: Values): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const field of fields) {
    if (field.when && !field.when(values)) continue;
    const value = values[field.name];
    if (field.kind === "check") put(input, field.name, value === true);
    else if (!isEmpty(value)) put(input, field.name, onWire(field, value));
    if (field.kind === "reason" && field.comment && !isEmpty(values[field.comment])) put(input, field.comment, values[field.comment]);
  }
  return input;
}

/** Puts a value where a name such as outcome.treatment says. */
function put(input: Record<string, unknown>, name: string, value: unknown): void {
  const [outer = "", inner] = name.split(".");
  if (inner) input[outer] = { ...(input[outer] as object | undefined), [inner]: value };
  else input[outer] = value;
}

function onWire(field: StepField, value: unknown): unknown {
  if (field.kind === "number") return Number(value);
  if (field.kind === "concept" || field.kind === "search") return (value as Option).value;
  if (field.kind === "concepts") return (value as readonly Option[]).map((one) => one.value);
  if (field.kind === "custom") return field.wire ? field.wire(value) : value;
  return typeof value === "string" ? value.trim() : value;
}
