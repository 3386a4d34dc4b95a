import { useState } from "preact/hooks";
import { go } from "../../app/router";
import { Choices, StepForm, toast } from "../../kit";
import { OpenGlass } from "../../operations";
import { tell } from "./facts";
import { words } from "./words";

/** Who exactly and why, under what it means to ask. */
export function Request() {
  const say = words();
  const [by, choose] = useState("identity");
  return (
    <>
      <div class="know">
        <strong id="know">{say.knowTitle}</strong>
        <ul aria-labelledby="know">
          {say.know.split("\n").map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      </div>
      <Choices
        label={say.by}
        value={by}
        onChange={choose}
        options={[
          { value: "identity", label: say.byIdentity },
          { value: "number", label: say.byNumber, hint: say.byNumberHint },
        ]}
      />
      <StepForm
        operation={OpenGlass}
        row={null}
        fields={[
          { kind: "text", name: "idNumber", label: say.idNumber, required: true, maxLength: 18, when: () => by === "identity" },
          { kind: "text", name: "name", label: say.name, hint: say.nameHint, required: true, maxLength: 60, when: () => by === "identity" },
          { kind: "text", name: "number", label: say.number, hint: say.numberHint, required: true, maxLength: 30, when: () => by === "number" },
          { kind: "reason", name: "reason", catalogue: "BREAK_GLASS", comment: "comment", label: say.reason, required: true },
        ]}
        submit={say.open}
        danger
        done={(answer) => {
          const made = answer.breakGlass?.access;
          if (!made) return;
          tell([made]);
          toast(say.opened);
          go(`/break-glass/${encodeURIComponent(made.id)}`);
        }}
      />
    </>
  );
}
