/** What the steps of a call share: what they are given, and the search for another department. */
import type { Option } from "../../kit";
import { call as ask } from "../../net/client";
import { type CallPartsFragment, GreenPlaces } from "../../operations";
import type { Doing } from "./Call";
import { words } from "./words";

/** What the form of a step is given. */
export interface StepProps {
  readonly call: CallPartsFragment;
  readonly doing: Doing;
  /** Hears what is there now, null where it is to be loaded, and what was done. */
  readonly changed: (next: CallPartsFragment | null | undefined, said: string) => void;
  readonly refresh: () => Promise<void>;
  readonly cancel: () => void;
  /** Takes another step first. */
  readonly instead: (action: string) => void;
}

/** Departments of hospitals that may still be asked, or driven to, by part of their name; the nearest first. */
export async function findPlaces(
  text: string,
  signal: AbortSignal,
  call: CallPartsFragment,
): Promise<readonly Option[]> {
  const answer = await ask(GreenPlaces, { text: text || null }, { signal });
  if (!answer.ok) return [];
  const out = new Set([
    ...call.offers
      .filter((one) => call.status === "BROADCAST" || one.status === "CHOSEN")
      .map((one) => one.performerHospital?.id),
    call.performerHospital?.id,
  ]);
  return answer.data.departments.nodes
    .filter((one) => !out.has(one.hospital.id) && one.hospital.name !== call.requesterHospital.name)
    .map((one) => ({
      value: one.id,
      label: `${one.hospital.name} ${one.name}`,
      hint: one.distanceKm === null ? undefined : words().km(one.distanceKm),
    }));
}
