import { now } from "../net/moment";
import { Field, type FieldProps, type Valued } from "./Field";
import { fromLocal, toLocal } from "./time";
import { words } from "./words";

interface Props extends FieldProps, Valued<string> {
  /** Offers a button that fills in this moment. */
  readonly withNow?: boolean | undefined;
}

/** A date with a time, in the hospitals' zone whatever the machine's is; the value is the wire's, "" for none. */
export function DateTimeField({ value, onChange, withNow, ...frame }: Props) {
  return (
    <Field {...frame}>
      {(tied) => (
        <span class="with-unit">
          <input
            {...tied}
            class="control"
            type="datetime-local"
            value={value ? toLocal(value) : ""}
            onInput={(event) => onChange(fromLocal(event.currentTarget.value))}
          />
          {withNow ? (
            <button type="button" class="button small" onClick={() => onChange(fromLocal(toLocal(now())))}>
              {words().now}
            </button>
          ) : null}
        </span>
      )}
    </Field>
  );
}
