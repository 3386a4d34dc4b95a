import { useRef } from "preact/hooks";
import { Checkbox, TextField, wrongWith } from "../../kit";
import type { Problem } from "../../net/problem";
import { isMinor, type Values } from "./form";
import { today } from "./idnumber";
import { words } from "./words";

interface Props {
  readonly value: Values;
  readonly change: (change: { consentBy: string; consentRelation: string }) => void;
  readonly problem: Problem | null;
  readonly missing: (field: string) => string;
}

/** Who agreed that the record is shared: one tap for whoever it usually is, or somebody else by name. */
export function ConsentPart({ value, change, problem, missing }: Props) {
  const say = words();
  const { patient, content } = value;
  const minor = isMinor(patient, today());
  const usual = minor
    ? { consentBy: patient.guardianName.trim(), consentRelation: patient.guardianRelation.trim() }
    : {
        consentBy: patient.name.trim() || patient.temporaryIdentity.trim(),
        consentRelation: patient.unknown ? "" : "本人",
      };
  const given =
    content.consentBy !== "" &&
    content.consentBy === usual.consentBy &&
    content.consentRelation === usual.consentRelation;
  const other = content.consentBy !== "" && !given;
  // Once somebody else was named it stays open: a name that is typed anew keeps its place, and the focus.
  const open = useRef(false);
  open.current ||= other || Boolean(wrongWith(problem, "consentBy") || wrongWith(problem, "consentRelation"));
  return (
    <fieldset class="consent" data-field="consentBy" tabIndex={-1}>
      <legend>{say.consent}</legend>
      <p class="hint">{minor ? say.consentMinor : say.consentHint}</p>
      {usual.consentBy && usual.consentRelation ? (
        <Checkbox
          label={say.consentGiven(usual.consentBy, minor ? usual.consentRelation : say.self)}
          value={given}
          onChange={(yes) => change(yes ? usual : { consentBy: "", consentRelation: "" })}
        />
      ) : (
        <p class="aside">{minor ? say.guardianFirst : null}</p>
      )}
      <details open={open.current}>
        <summary>{say.consentOther}</summary>
        <div class="pair">
          <TextField
            label={say.consentBy}
            value={other ? content.consentBy : ""}
            onChange={(consentBy) => change({ consentBy, consentRelation: other ? content.consentRelation : "" })}
            error={wrongWith(problem, "consentBy")}
            autoComplete="off"
          />
          <TextField
            label={say.relation}
            value={other ? content.consentRelation : ""}
            onChange={(consentRelation) => change({ consentBy: content.consentBy, consentRelation })}
            error={wrongWith(problem, "consentRelation")}
          />
        </div>
      </details>
      <p class="error" role={missing("consentBy") ? "alert" : undefined} hidden={!missing("consentBy")}>
        {missing("consentBy")}
      </p>
    </fieldset>
  );
}
