import { useState } from "preact/hooks";
import { Badge, Button, Dialog, Empty, type FieldOf, Loading, StepForm, toast, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { Preferences, type PreferencesData, SetPreference, type SetPreferenceVariables } from "../../operations";
import { words } from "./words";

type Preference = PreferencesData["preferences"][number];

/** By which channels one is told beside these pages. */
export function PreferencesPanel() {
  const say = words();
  const { data, problem, reload } = useRead(Preferences, {});
  const [editing, edit] = useState<Preference | "new" | null>(null);
  const rows = data?.preferences ?? [];
  return (
    <section class="panel">
      <h2>{say.preferences}</h2>
      <p class="aside">{say.preferencesHint}</p>
      <Trouble problem={problem} retry={() => void reload()} />
      {!data && !problem ? <Loading /> : null}
      {data && !rows.length ? <Empty title={say.none}>{say.noneHint}</Empty> : null}
      <ul class="lines">
        {rows.map((row) => (
          <li key={row.id}>
            <div>
              <strong>{say.channels[row.channel]}</strong> {row.address}{" "}
              {row.active ? null : <Badge tone="warn">{say.off}</Badge>}
              <p class="aside">{details(row, say)}</p>
            </div>
            <Button small aria-label={say.changeOf(say.channels[row.channel])} onClick={() => edit(row)}>
              {say.change}
            </Button>
          </li>
        ))}
      </ul>
      {data && rows.length < 3 ? <Button onClick={() => edit("new")}>{say.add}</Button> : null}
      {editing ? (
        <Editor
          row={editing === "new" ? null : editing}
          taken={rows.map((one) => one.channel)}
          close={() => edit(null)}
          reload={reload}
        />
      ) : null}
    </section>
  );
}

function details(row: Preference, say: ReturnType<typeof words>): string {
  const least = row.leastPriority === "ROUTINE" ? say.anyPriority : say.atLeast(say.priorities[row.leastPriority]);
  const quiet = row.quietFrom && row.quietUntil ? say.quiet(row.quietFrom.slice(0, 5), row.quietUntil.slice(0, 5)) : "";
  return [least, quiet].filter(Boolean).join(" · ");
}

function Editor(props: {
  readonly row: Preference | null;
  readonly taken: readonly string[];
  readonly close: () => void;
  readonly reload: () => Promise<void>;
}) {
  const say = words();
  const { row, taken, close, reload } = props;
  const free = (["SMS", "EMAIL", "WECOM"] as const).filter((one) => !taken.includes(one));
  const fields: FieldOf<SetPreferenceVariables>[] = [
    ...(row
      ? []
      : [
          {
            kind: "choices",
            name: "channel",
            label: say.channel,
            required: true,
            options: free.map((one) => ({ value: one, label: say.channels[one] })),
          } as const,
        ]),
    { kind: "text", name: "address", label: say.address, hint: say.addressHint, required: true, maxLength: 120 },
    {
      kind: "select",
      name: "leastPriority",
      empty: null,
      label: say.least,
      options: (["ROUTINE", "URGENT", "ASAP", "STAT"] as const).map((one) => ({
        value: one,
        label: one === "ROUTINE" ? say.anyPriority : say.atLeast(say.priorities[one]),
      })),
    },
    { kind: "text", type: "time", name: "quietFrom", label: say.quietFrom, hint: say.quietHint },
    { kind: "text", type: "time", name: "quietUntil", label: say.quietUntil },
    { kind: "check", name: "active", label: say.active },
  ];
  const initial = row
    ? { ...row, quietFrom: row.quietFrom?.slice(0, 5) ?? "", quietUntil: row.quietUntil?.slice(0, 5) ?? "" }
    : { active: true, leastPriority: "ROUTINE" };
  return (
    <Dialog title={row ? say.changeOf(say.channels[row.channel]) : say.add} onClose={close}>
      <StepForm
        operation={SetPreference}
        row={null}
        fields={fields}
        initial={initial}
        // What this form does not ask for stays as it is.
        {...(row && { extra: { channel: row.channel, steps: row.steps } })}
        submit={say.save}
        cancel={close}
        done={() => {
          close();
          toast(say.saved);
          void reload();
        }}
      />
    </Dialog>
  );
}
