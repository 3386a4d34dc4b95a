/** What several pages of pathology say of a case, in words. */
import { useEffect, useState } from "preact/hooks";
import type { Tone } from "../../kit";
import { href } from "../../app/router";
import { call } from "../../net/client";
import {
  Concepts,
  type ConceptSystem,
  type PathologyRowFragment,
  type PathologyStatus,
  type Priority,
} from "../../operations";
import { language } from "../../words";
import { words } from "./words";

type Held = Pick<
  PathologyRowFragment,
  "clock" | "requesterHospital" | "requesterDepartment" | "performerHospital" | "performerDepartment"
>;

/** Whose move it is, by name: the holder of the clock that runs. */
export function holderOf(row: Held): string | undefined {
  if (!row.clock?.holder) return undefined;
  const [hospital, department] =
    row.clock.holder === "REQUESTER"
      ? [row.requesterHospital, row.requesterDepartment]
      : [row.performerHospital, row.performerDepartment];
  return [hospital?.name, department?.name].filter(Boolean).join(" ") || undefined;
}

/** 王** · 女 · 54 岁 */
export function patientLine(patient: PathologyRowFragment["patient"]): string {
  const say = words();
  const age = patient.age === null ? null : say.age(patient.age);
  return [patient.displayName || say.unknownPatient, say.sex[patient.sex], age].filter(Boolean).join(" · ");
}

/** How a state looks beside its word. */
export function toneOf(status: PathologyStatus): Tone {
  if (["RETURNED", "MORE_NEEDED"].includes(status)) return "warn";
  if (["ISSUED", "ACKNOWLEDGED", "RECONCILED"].includes(status)) return "good";
  if (["UNDIAGNOSABLE"].includes(status)) return "bad";
  if (["DRAFT", "CANCELLED"].includes(status)) return "plain";
  return "info";
}

/** How a priority looks beside its word. */
export function urgency(priority: Priority): Tone {
  return priority === "STAT" ? "stat" : priority === "ROUTINE" ? "plain" : "warn";
}

/** The address of a case, or of one of its pages. */
export function caseAt(id: string, page: "" | "/read" = ""): string {
  return href(`/pathology/${encodeURIComponent(id)}${page}`);
}

/** A concept of a small catalogue. */
export interface Entry {
  readonly code: string;
  readonly label: string;
}

const known = new Map<string, Promise<readonly Entry[]>>(); // a catalogue changes by the day, not while a page is open

/** Every concept of a small catalogue in the reader's language; none while they are on their way. */
export function useCatalogue(system: ConceptSystem): readonly Entry[] {
  const [found, setFound] = useState<readonly Entry[]>([]);
  const key = `${language.value} ${system}`;
  useEffect(() => {
    let gone = false;
    const asked = known.get(key) ?? fetchAll(key, system);
    known.set(key, asked);
    void asked.then((all) => !gone && setFound(all));
    return () => {
      gone = true;
    };
  }, [key, system]);
  return found;
}

async function fetchAll(key: string, system: ConceptSystem): Promise<readonly Entry[]> {
  const answer = await call(Concepts, { system, first: 100 });
  if (answer.ok) return answer.data.concepts.nodes;
  known.delete(key); // to be asked for again
  return [];
}

/** The concepts as options of a field. */
export function options(all: readonly Entry[]): { value: string; label: string }[] {
  return all.map(({ code, label }) => ({ value: code, label }));
}

/** The word for a code, the code itself where the catalogue has no word; nothing while the catalogue is on its way. */
export function labelOf(all: readonly Entry[], code: string): string {
  return all.length ? (all.find((one) => one.code === code)?.label ?? code) : "";
}
