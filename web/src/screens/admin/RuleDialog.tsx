import { Dialog, type Option, StepForm } from "../../kit";
import { type ClockRuleShownFragment, SetClockRule } from "../../operations";
import { words } from "./words";

interface Props {
  /** Those that the person's hospital leads; at least one. */
  readonly alliances: readonly { readonly code: string; readonly name: string }[];
  readonly kinds: readonly Option[];
  readonly onClose: () => void;
  readonly done: (rule: ClockRuleShownFragment | null) => void;
}

/** An alliance's own target for one limit: which, how long, from when, by whose decision. */
export function RuleDialog({ alliances, kinds, onClose, done }: Props) {
  const say = words();
  const [only] = alliances;
  return (
    <Dialog title={alliances.length === 1 && only ? say.setRuleOf(only.name) : say.setRule} onClose={onClose}>
      <StepForm
        operation={SetClockRule}
        row={null}
        extra={alliances.length === 1 && only ? { alliance: only.code } : undefined}
        submit={say.set}
        cancel={onClose}
        done={(answer) => done(answer.setClockRule?.clockRule ?? null)}
        fields={[
          ...(alliances.length > 1
            ? [
                {
                  kind: "select",
                  name: "alliance",
                  label: say.alliance,
                  required: true,
                  options: alliances.map(({ code, name }) => ({ value: code, label: name })),
                } as const,
              ]
            : []),
          { kind: "select", name: "kind", label: say.limit, required: true, options: kinds },
          {
            kind: "select",
            name: "priority",
            label: say.priority,
            options: (["STAT", "ASAP", "URGENT", "ROUTINE"] as const).map((one) => ({ value: one, label: say.priorities[one] })),
          },
          { kind: "number", name: "targetMinutes", label: say.targetMinutes, min: 1, required: true },
          {
            kind: "select",
            name: "calendar",
            label: say.calendar,
            hint: say.asShipped,
            options: (["ALWAYS", "WORKING_DAYS"] as const).map((one) => ({ value: one, label: say.calendars[one] })),
          },
          { kind: "text", name: "source", label: say.source, hint: say.sourceHint, required: true },
          { kind: "text", type: "date", name: "validFrom", label: say.validFrom, hint: say.validFromHint },
        ]}
      />
    </Dialog>
  );
}
