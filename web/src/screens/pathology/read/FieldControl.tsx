import { Button, Choices, ManyChoices, Select, TextArea, TextField } from "../../../kit";
import { type Answers, type Cell, type Column, type Field, isNeeded, type Row } from "./answers";
import { words } from "./words";

const FEW = 5; // options that stand side by side; more are a list

interface Props {
  readonly field: Field | Column;
  readonly value: Cell;
  readonly needed: boolean;
  readonly error: string;
  readonly onChange: (value: Cell) => void;
}

/** One answer of a template: words, a number, one or several codes. */
export function Answer({ field, value, needed, error, onChange }: Props) {
  const say = words();
  const text = Array.isArray(value) ? "" : (value as string);
  const codes = Array.isArray(value) ? (value as readonly string[]) : value ? [value as string] : [];
  const frame = { label: needed ? `${field.label} ＊` : field.label, error };
  const options = field.options.map(({ code, label }) => ({
    value: code,
    label: /^ICD/.test(field.system) && !label.startsWith(code) ? `${code} ${label}` : label,
  }));
  if (field.kind === "NUMBER") {
    const low = field.minimum ?? 0;
    const hint = field.maximum === null ? undefined : say.range(low, field.maximum);
    return (
      <TextField
        {...frame}
        hint={hint}
        type="number"
        inputMode="decimal"
        unit={field.unit}
        min={low}
        max={field.maximum ?? undefined}
        step={field.decimals ? 10 ** -field.decimals : 1}
        value={text}
        onChange={onChange}
      />
    );
  }
  if (field.kind === "CHOICE") {
    if (field.multiple) return <ManyChoices {...frame} options={options} value={codes} onChange={onChange} />;
    if (needed && options.length <= FEW)
      return (
        <Choices
          {...frame}
          options={options}
          value={codes[0] ?? ""}
          onChange={(code) => onChange(code ? [code] : [])}
        />
      );
    return (
      <Select {...frame} options={options} value={codes[0] ?? ""} onChange={(code) => onChange(code ? [code] : [])} />
    );
  }
  const hint = field.example ? say.example(field.example) : undefined;
  return field.maxLength > 120 ? (
    <TextArea {...frame} hint={hint} rows={2} maxLength={field.maxLength} value={text} onChange={onChange} />
  ) : (
    <TextField {...frame} hint={hint} maxLength={field.maxLength} value={text} onChange={onChange} />
  );
}

/** A table of answers, such as immunohistochemistry: a row for each marker. */
export function AnswerTable(props: {
  readonly field: Field;
  readonly rows: readonly Row[];
  readonly needed: boolean;
  readonly error: string;
  readonly onChange: (rows: readonly Row[]) => void;
}) {
  const { field, rows, needed, error, onChange } = props;
  const say = words();
  const set = (index: number, code: string, value: Cell) =>
    onChange(rows.map((row, at) => (at === index ? { ...row, [code]: value } : row)));
  return (
    <fieldset class={error ? "plain-group field wrong" : "plain-group"}>
      <legend>{needed ? `${field.label} ＊` : field.label}</legend>
      {rows.map((row, index) => (
        <div class="answer-row" role="group" aria-label={say.row(index + 1)} key={index}>
          {field.columns.map((column) => (
            <Answer
              key={column.code}
              field={column}
              value={row[column.code] ?? ""}
              needed={isNeeded(column, row as Answers)}
              error=""
              onChange={(value) => set(index, column.code, value)}
            />
          ))}
          <Button
            small
            kind="quiet"
            aria-label={say.lessRow(index + 1)}
            onClick={() => onChange(rows.filter((_, at) => at !== index))}
          >
            <span aria-hidden="true">✕</span>
          </Button>
        </div>
      ))}
      {rows.length < field.maxRows ? (
        <div>
          <Button small onClick={() => onChange([...rows, {}])}>
            {say.addRow}
          </Button>
        </div>
      ) : null}
      <p class="error" role={error ? "alert" : undefined} hidden={!error}>
        {error}
      </p>
    </fieldset>
  );
}
