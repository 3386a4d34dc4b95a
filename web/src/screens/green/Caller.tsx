import { useState } from "preact/hooks";
import { Combobox, type Option } from "../../kit";
import { call } from "../../net/client";
import { me } from "../../net/session";
import { GreenPlaces } from "../../operations";
import { Origin } from "../new/Origin";
import { words } from "./words";

interface Props {
  readonly value: string;
  readonly onChange: (department: string) => void;
  readonly error: string;
}

/** Where the patient is: one's own department; for an agent of the hotline, any department they search for. */
export function Caller({ value, onChange, error }: Props) {
  const say = words();
  const [chosen, choose] = useState<Option | null>(null);
  if (!me.value?.roles.some((one) => one.role === "HOTLINE_AGENT")) {
    return <Origin roles={["REFERRING_DOCTOR", "REFERRAL_OFFICE"]} value={value} onChange={onChange} error={error} />;
  }
  return (
    <Combobox
      label={say.whereIs}
      hint={say.whereHint}
      required
      value={chosen}
      onChange={(one) => {
        choose(one);
        onChange(one?.value ?? "");
      }}
      search={find}
      error={error}
    />
  );
}

async function find(text: string, signal: AbortSignal): Promise<readonly Option[]> {
  const answer = await call(GreenPlaces, { text }, { signal });
  if (!answer.ok) return [];
  return answer.data.departments.nodes.map((one) => ({ value: one.id, label: `${one.hospital.name} ${one.name}` }));
}
