/** Fields over the catalogues: coded reasons with their comment, and concepts such as diagnoses. */
import { useEffect, useState } from "preact/hooks";
import { call } from "../net/client";
import { Concepts, type ConceptSystem, Reasons, type ReasonsData } from "../operations";
import { language } from "../words";
import { Combobox } from "./Combobox";
import { type FieldProps, type Option, Select, TextArea } from "./Field";
import { words } from "./words";

type Reason = ReasonsData["reasons"][number];
const known = new Map<string, Promise<readonly Reason[]>>(); // a catalogue changes by the day, not while a page is open

/** The reasons of a catalogue in the reader's language; none while they are on their way. */
export function useReasons(catalogue: string): readonly Reason[] {
  const [found, setFound] = useState<readonly Reason[]>([]);
  const key = `${language.value} ${catalogue}`;
  useEffect(() => {
    let gone = false;
    const asked = known.get(key) ?? fetchReasons(key, catalogue);
    known.set(key, asked);
    void asked.then((reasons) => !gone && setFound(reasons));
    return () => {
      gone = true;
    };
  }, [key, catalogue]);
  return found;
}

async function fetchReasons(key: string, catalogue: string): Promise<readonly Reason[]> {
  const answer = await call(Reasons, { catalogue });
  if (answer.ok) return answer.data.reasons;
  known.delete(key); // to be asked for again
  return [];
}

/** A coded reason in words; the code itself where the catalogue no longer has it. */
export function ReasonWord({ catalogue, code }: { readonly catalogue: string; readonly code: string }) {
  const known = useReasons(catalogue);
  return <>{known.find((one) => one.code === code)?.label ?? code}</>;
}

interface ReasonProps extends FieldProps {
  readonly catalogue: string;
  readonly value: string;
  readonly onChange: (code: string) => void;
  /** The words beside the reason; asked for only where given. */
  readonly comment?:
    | { readonly value: string; readonly onChange: (words: string) => void; readonly error?: string | undefined }
    | undefined;
}

/** A coded reason; its comment becomes compulsory with a reason that needs one. */
export function ReasonField({ catalogue, value, onChange, comment, ...frame }: ReasonProps) {
  const say = words();
  const reasons = useReasons(catalogue);
  const needed = reasons.find((one) => one.code === value)?.commentRequired ?? false;
  return (
    <>
      <Select
        {...frame}
        value={value}
        onChange={onChange}
        options={reasons.map(({ code, label }) => ({ value: code, label }))}
      />
      {comment && (value || frame.required) ? (
        <TextArea
          label={say.comment}
          hint={needed ? say.commentNeeded : undefined}
          required={needed}
          rows={2}
          value={comment.value}
          onChange={comment.onChange}
          error={comment.error}
        />
      ) : null}
    </>
  );
}

/** One concept of a catalogue, found by code, characters, pinyin or English. */
export function ConceptField(
  props: FieldProps & {
    readonly system: ConceptSystem;
    readonly value: Option | null;
    readonly onChange: (chosen: Option | null) => void;
  },
) {
  const { system, ...rest } = props;
  return <Combobox {...rest} search={(text, signal) => searchConcepts(system, text, signal)} />;
}

/** The concepts of a catalogue that fit what was typed, as options; the code is the value. */
export async function searchConcepts(
  system: ConceptSystem,
  text: string,
  signal: AbortSignal,
): Promise<readonly Option[]> {
  const answer = await call(Concepts, { system, text }, { signal });
  if (!answer.ok) return [];
  return answer.data.concepts.nodes.map(({ code, label }) => ({ value: code, label, hint: code }));
}
