/** The hospitals at which the signed-in person holds a role; what they may do there is the server's to say. */
import { query } from "../../app/router";
import { me } from "../../net/session";

interface Place {
  readonly id: string;
  readonly name: string;
}

/** Each hospital once, in the order of the roles. */
export function ownHospitals(): readonly Place[] {
  const found = new Map<string, Place>();
  for (const { hospital } of me.value?.roles ?? []) if (hospital) found.set(hospital.id, hospital);
  return [...found.values()];
}

/** The hospital that the address names if it is one's own, else the first; null for somebody without one. */
export function chosenHospital(): Place | null {
  const own = ownHospitals();
  return own.find((one) => one.id === query.value.get("hospital")) ?? own[0] ?? null;
}
