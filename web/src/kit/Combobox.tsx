import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Field, type FieldProps, type Option } from "./Field";
import { words } from "./words";

interface Props extends FieldProps {
  /** The option that is chosen, null for none. */
  readonly value: Option | null;
  readonly onChange: (chosen: Option | null) => void;
  /** Finds options for what is typed, the best first; give up when the signal says so. */
  readonly search: (text: string, signal: AbortSignal) => Promise<readonly Option[]>;
  /** How many characters a search needs; 0 offers options at once. */
  readonly least?: number | undefined;
  readonly placeholder?: string | undefined;
}

const PAUSE = 180; // milliseconds of silence after which a search is sent

/** One of very many, found by typing: arrows choose, Enter takes, Escape closes; words tell a screen reader the same. */
export function Combobox({ value, onChange, search, least = 1, placeholder, ...frame }: Props) {
  const say = words();
  const list = useId();
  const [text, setText] = useState(value?.label ?? "");
  const [open, setOpen] = useState(false);
  const [found, setFound] = useState<readonly Option[] | null>(null);
  const [at, setAt] = useState(-1);
  const asked = useRef({ cut: new AbortController(), timer: 0 });
  const input = useRef<HTMLInputElement>(null);

  useEffect(() => {
    setText(value?.label ?? "");
  }, [value?.value, value?.label]);
  useEffect(() => () => stop(), []);

  function stop(): void {
    window.clearTimeout(asked.current.timer);
    asked.current.cut.abort();
  }

  function look(wanted: string): void {
    stop();
    setAt(-1);
    setFound(null);
    setOpen(true);
    // An input method shows what is not yet chosen: a search waits for the characters themselves.
    if (wanted.trim().length < least) return;
    const cut = new AbortController();
    asked.current = {
      cut,
      timer: window.setTimeout(() => {
        void search(wanted.trim(), cut.signal).then((options) => {
          if (cut.signal.aborted) return;
          setFound(options);
          setAt(options.length ? 0 : -1);
        });
      }, PAUSE),
    };
  }

  function take(option: Option | undefined): void {
    if (!option) return;
    stop();
    setText(option.label);
    setOpen(false);
    onChange(option);
  }

  function close(): void {
    stop();
    setOpen(false);
    setText(value?.label ?? "");
  }

  function onKey(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const count = found?.length ?? 0;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) look(text === value?.label ? "" : text);
      else if (count) setAt((at + (event.key === "ArrowDown" ? 1 : -1) + count) % count);
    } else if (event.key === "Enter" && open && at >= 0) {
      event.preventDefault();
      take(found?.[at]);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  }

  const told = !open
    ? ""
    : found === null
      ? text.trim().length < least
        ? say.typeToSearch(least)
        : say.loading
      : found.length
        ? say.found(found.length)
        : say.nothingFound;
  return (
    <Field {...frame}>
      {(tied) => (
        <div class="combobox">
          <input
            {...tied}
            ref={input}
            class="control"
            role="combobox"
            autoComplete="off"
            aria-autocomplete="list"
            aria-expanded={open}
            aria-controls={list}
            aria-activedescendant={open && at >= 0 ? `${list}-${at}` : undefined}
            placeholder={placeholder}
            value={text}
            onInput={(event) => {
              const typed = event.currentTarget.value;
              setText(typed);
              if (!typed && value) onChange(null);
              if (!(event as InputEvent).isComposing) look(typed);
            }}
            onCompositionEnd={(event) => look(event.currentTarget.value)}
            onFocus={(event) => {
              event.currentTarget.select();
              if (least === 0 && !value) look("");
            }}
            onBlur={close}
            onKeyDown={onKey}
          />
          {value ? (
            <button
              type="button"
              class="button quiet icon clear"
              aria-label={say.clear}
              onClick={() => {
                onChange(null);
                input.current?.focus();
              }}
            >
              <span aria-hidden="true">✕</span>
            </button>
          ) : null}
          <span class="unseen" role="status">
            {told}
          </span>
          <ul class="options" id={list} role="listbox" aria-label={frame.label} hidden={!open || !found?.length}>
            {found?.map((option, index) => (
              <li
                key={option.value}
                id={`${list}-${index}`}
                role="option"
                aria-selected={index === at}
                // Before the field loses the focus and closes the list.
                onPointerDown={(event) => {
                  event.preventDefault();
                  take(option);
                }}
              >
                {option.label}
                {option.hint ? <small>{option.hint}</small> : null}
              </li>
            ))}
          </ul>
          {open && !found?.length ? (
            <p class="options none" aria-hidden="true">
              {told}
            </p>
          ) : null}
        </div>
      )}
    </Field>
  );
}
