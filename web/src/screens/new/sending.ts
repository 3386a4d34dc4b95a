/** From a draft to a referral that was sent: what is still missing, and the sending itself. */
import { useEffect, useState } from "preact/hooks";
import { go } from "../../app/router";
import { toast } from "../../kit";
import type { Draft } from "../../net/drafts";
import { useAct } from "../../net/hooks";
import type { Problem } from "../../net/problem";
import { SendDraft } from "../../operations";
import { isMinor, type Values } from "./form";
import { readIdNumber, today } from "./idnumber";
import { words } from "./words";

/** What still stands between the draft and its sending. */
export interface Lack {
  readonly field: string;
  readonly group: "patient" | "condition" | "destination";
  readonly part: 1 | 2;
  readonly says: string;
}

/** Everything that is missing, in the order of the page. */
export function missingOf(value: Values): readonly Lack[] {
  const say = words();
  const { patient, content } = value;
  const identified = patient.unknown ? patient.temporaryIdentity.trim() : readIdNumber(patient.idNumber, today()).ok;
  const all: (Lack & { readonly lacks: boolean })[] = [
    { field: "requesterDepartment", group: "patient", part: 1, says: say.lacks.from, lacks: !value.from },
    {
      field: "patient.idNumber",
      group: "patient",
      part: 1,
      says: say.lacks.identity,
      lacks: !value.server && !identified,
    },
    {
      field: "patient.name",
      group: "patient",
      part: 1,
      says: say.lacks.name,
      lacks: !value.server && !patient.unknown && !patient.name.trim(),
    },
    {
      field: "patient.guardianName",
      group: "patient",
      part: 1,
      says: say.lacks.guardian,
      lacks: isMinor(patient, today()) && !patient.guardianName.trim(),
    },
    { field: "diagnoses", group: "condition", part: 1, says: say.lacks.diagnoses, lacks: !content.diagnoses.length },
    { field: "reason", group: "condition", part: 1, says: say.lacks.reason, lacks: !content.reason.trim() },
    { field: "summary", group: "condition", part: 1, says: say.lacks.summary, lacks: !content.summary.trim() },
    {
      field: "performerDepartment",
      group: "destination",
      part: 2,
      says: say.lacks.destination,
      lacks: !content.performerDepartment,
    },
    { field: "consentBy", group: "destination", part: 2, says: say.lacks.consent, lacks: !content.consentBy.trim() },
  ];
  return all.filter((one) => one.lacks);
}

/** Sending: what is typed goes first, then the step itself, then on to the case. */
export function useSubmit(draft: Draft<Values>, flush: () => Promise<Values["server"]>) {
  const say = words();
  const { act } = useAct(SendDraft);
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const content = draft.value.content;
  useEffect(() => setProblem(null), [content]);

  async function run(): Promise<void> {
    if (busy) return;
    setTried(true);
    setBusy(true);
    setProblem(null);
    const server = await flush();
    const answer = server ? await act({ id: server.id, expectedVersion: server.version }) : null;
    setBusy(false);
    if (!answer) return; // why not is told by the saving
    if (!answer.ok) {
      setProblem(answer.problem);
      if (["STALE_VERSION", "INVALID_STATE"].includes(answer.problem.code)) void flush();
      return;
    }
    const sent = answer.data.submitReferral?.referral;
    if (!sent) return;
    draft.drop();
    toast(
      sent.status === "OFFICE_REVIEW"
        ? say.toOffice(sent.number)
        : say.sent(sent.number, sent.performerHospital?.name ?? ""),
    );
    go(`/case/${sent.case.id}`);
  }

  return { busy, tried, problem, run, setTried: () => setTried(true) };
}
