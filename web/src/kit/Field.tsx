/** Form fields: a label that says what, a hint that says how, an error that says what to do; all tied to the control. */
import type { ComponentChildren, InputHTMLAttributes } from "preact";
import { useId } from "preact/hooks";
import { words } from "./words";

/** What every field takes. */
export interface FieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  /** What is wrong with the value; empty when nothing is. */
  readonly error?: string | undefined;
  readonly required?: boolean | undefined;
}

/** What ties a control to its words; spread it on the control. */
export interface Tied {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": true | undefined;
  readonly "aria-required": true | undefined;
}

/** The frame of a field around any one control. */
export function Field(props: FieldProps & { readonly children: (tied: Tied) => ComponentChildren }) {
  const { label, hint, error, required, children } = props;
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class={error ? "field wrong" : "field"}>
      <label for={id}>
        {label}
        {required === false ? <span class="aside"> {words().optional}</span> : null}
      </label>
      {hint ? (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      ) : null}
      {children({
        id,
        "aria-describedby": described || undefined,
        "aria-invalid": error ? true : undefined,
        "aria-required": required ? true : undefined,
      })}
      <p class="error" id={`${id}-error`} role={error ? "alert" : undefined} hidden={!error}>
        {error}
      </p>
    </div>
  );
}

/** A group of controls under one question, such as radio buttons. */
export function Group(props: FieldProps & { readonly children: ComponentChildren }) {
  const { label, hint, error, required, children } = props;
  const id = useId();
  return (
    <fieldset class={error ? "field wrong" : "field"} aria-describedby={[hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined}>
      <legend>
        {label}
        {required === false ? <span class="aside"> {words().optional}</span> : null}
      </legend>
      {hint ? (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      ) : null}
      {children}
      <p class="error" id={`${id}-error`} role={error ? "alert" : undefined} hidden={!error}>
        {error}
      </p>
    </fieldset>
  );
}

/** A value and who hears of its changes. */
export interface Valued<Value> {
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}

type Native = Pick<
  InputHTMLAttributes<HTMLInputElement>,
  "autoComplete" | "inputMode" | "maxLength" | "placeholder" | "autoFocus" | "disabled" | "min" | "max" | "step" | "list" | "name"
>;

/** One line of text, a number, a date or a password. */
export function TextField(
  props: FieldProps &
    Valued<string> &
    Native & {
      readonly type?: "text" | "password" | "number" | "tel" | "email" | "date" | "time" | "search" | undefined;
      /** The unit behind the control, such as ℃. */
      readonly unit?: string | undefined;
      readonly onBlur?: (() => void) | undefined;
    },
) {
  const { label, hint, error, required, value, onChange, unit, type = "text", ...native } = props;
  return (
    <Field label={label} hint={hint} error={error} required={required}>
      {(tied) => {
        const input = (
          <input {...native} {...tied} class="control" type={type} value={value} onInput={(event) => onChange(event.currentTarget.value)} />
        );
        if (!unit) return input;
        return (
          <span class="with-unit">
            {input}
            <span class="unit">{unit}</span>
          </span>
        );
      }}
    </Field>
  );
}

/** Several lines of text; grows with what is written. */
export function TextArea(
  props: FieldProps & Valued<string> & { readonly rows?: number | undefined; readonly maxLength?: number | undefined; readonly onBlur?: (() => void) | undefined },
) {
  const { label, hint, error, required, value, onChange, rows = 3, ...native } = props;
  return (
    <Field label={label} hint={hint} error={error} required={required}>
      {(tied) => (
        <textarea {...native} {...tied} class="control" rows={rows} value={value} onInput={(event) => onChange(event.currentTarget.value)} />
      )}
    </Field>
  );
}

/** One of a few that are known: its value on the wire and its word. */
export interface Option {
  readonly value: string;
  readonly label: string;
  readonly hint?: string | undefined;
}

/** One of a list. `empty` is the word for none, null where one is always chosen; without it the first look asks to choose. */
export function Select(
  props: FieldProps & Valued<string> & { readonly options: readonly Option[]; readonly empty?: string | null | undefined; readonly disabled?: boolean | undefined },
) {
  const { label, hint, error, required, value, onChange, options, empty, disabled } = props;
  return (
    <Field label={label} hint={hint} error={error} required={required}>
      {(tied) => (
        <select {...tied} class="control" disabled={disabled} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {empty === null ? null : <option value="">{empty ?? words().choose}</option>}
          {options.map((one) => (
            <option key={one.value} value={one.value}>
              {one.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** One of a few, all in sight: one tap. */
export function Choices(props: FieldProps & Valued<string> & { readonly options: readonly Option[] }) {
  const { value, onChange, options, ...frame } = props;
  const name = useId();
  return (
    <Group {...frame}>
      <div class="choices">
        {options.map((one) => (
          <label key={one.value} class="choice">
            <input type="radio" name={name} value={one.value} checked={one.value === value} onChange={() => onChange(one.value)} />
            <span>
              {one.label}
              {one.hint ? <small>{one.hint}</small> : null}
            </span>
          </label>
        ))}
      </div>
    </Group>
  );
}

/** Any of a few, all in sight. */
export function ManyChoices(props: FieldProps & Valued<readonly string[]> & { readonly options: readonly Option[] }) {
  const { value, onChange, options, ...frame } = props;
  return (
    <Group {...frame}>
      <div class="choices">
        {options.map((one) => (
          <label key={one.value} class="choice">
            <input
              type="checkbox"
              checked={value.includes(one.value)}
              onChange={(event) =>
                onChange(event.currentTarget.checked ? [...value, one.value] : value.filter((other) => other !== one.value))
              }
            />
            <span>
              {one.label}
              {one.hint ? <small>{one.hint}</small> : null}
            </span>
          </label>
        ))}
      </div>
    </Group>
  );
}

/** Yes or no, where no is what holds unless told otherwise. */
export function Checkbox(props: { readonly label: string; readonly hint?: string } & Valued<boolean>) {
  return (
    <label class="choice alone">
      <input type="checkbox" checked={props.value} onChange={(event) => props.onChange(event.currentTarget.checked)} />
      <span>
        {props.label}
        {props.hint ? <small>{props.hint}</small> : null}
      </span>
    </label>
  );
}
