/** Searches that fill the fields of a step: where a patient could go, who decides, what is a milestone. */
import type { Option } from "../../kit";
import { span } from "../../kit";
import { call } from "../../net/client";
import { SpecialistsFor, StepDepartments, StepHospitals, StepMilestones } from "../../operations";
import { words } from "./step-words";

type Search = (text: string, signal: AbortSignal) => Promise<readonly Option[]>;

/** Departments with a capability, the nearest first, with their free places and the age of that figure. */
export function places(capability?: string | null): Search {
  return async (text, signal) => {
    const answer = await call(StepDepartments, { text: text || null, capability: capability ?? null }, { signal });
    if (!answer.ok) return [];
    const say = words();
    return answer.data.departments.nodes.map((one) => {
      const counted = one.capabilities.find(({ kind }) => kind.code === capability);
      const free =
        counted?.bedsAvailable != null ? say.free(counted.bedsAvailable, counted.ageMinutes === null ? "–" : span(counted.ageMinutes * 60_000)) : "";
      const hint = [one.distanceKm === null ? "" : say.km(one.distanceKm), free].filter(Boolean).join(" · ");
      return { value: one.id, label: `${one.hospital.name} ${one.name}`, hint };
    });
  };
}

/** Hospitals with a capability, the nearest first. */
export function hospitals(capability?: string | null): Search {
  return async (text, signal) => {
    const answer = await call(StepHospitals, { text: text || null, capability: capability ?? null }, { signal });
    if (!answer.ok) return [];
    return answer.data.hospitals.nodes.map(({ id, name, distanceKm }) => ({ value: id, label: name, hint: distanceKm === null ? "" : words().km(distanceKm) }));
  };
}

/** The specialists in whose name the office of the receiver may decide. */
export function specialists(referral: string): Search {
  return async (text, signal) => {
    const answer = await call(SpecialistsFor, { referral }, { signal });
    if (!answer.ok) return [];
    return answer.data.specialists.filter(({ name }) => name.includes(text)).map(({ id, name, title }) => ({ value: id, label: name, hint: title }));
  };
}

/** The milestones of the green channel. */
export const milestones: Search = async (text, signal) => {
  const answer = await call(StepMilestones, {}, { signal });
  if (!answer.ok) return [];
  return answer.data.greenMilestones.filter(({ concept }) => concept.label.includes(text)).map(({ concept }) => ({ value: concept.code, label: concept.label }));
};
