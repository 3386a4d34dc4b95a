import { useEffect, useRef } from "preact/hooks";
import { intention } from "../../net/hooks";
import { type CaseLegFragment, type ReferralRowFragment, StepOpenReferral } from "../../operations";

const READ = 2500; // milliseconds of looking at it after which the sender is told that it was read

const opening = intention(StepOpenReferral);
let underWay: { readonly id: string; readonly version: Promise<number> } | null = null;

/** The version of a row to decide on, once a receipt of our own that is under way has been answered. */
export async function versionOf(row: { readonly id: string; readonly version: number }): Promise<number> {
  return underWay?.id === row.id ? Math.max(row.version, await underWay.version) : row.version;
}

/** Tells the sender that the referral was read, once it has been looked at; a refusal is nobody's trouble. */
export function useReceipt(row: CaseLegFragment | null, answering: boolean, told: (row: ReferralRowFragment) => void): void {
  const latest = useRef(told);
  latest.current = told;
  // Whoever is answering already needs no receipt, and their form should not find the row changed by themselves.
  const due = row && !answering && !row.openedAt && row.steps.some((one) => one.action === "openReferral" && one.allowed) ? row : null;
  useEffect(() => {
    if (!due) return;
    const timer = window.setTimeout(() => {
      const version = opening({ id: due.id, expectedVersion: due.version }).then((answer) => {
        const now = answer.ok ? answer.data.openReferral?.referral : null;
        if (now) latest.current(now);
        return now?.version ?? 0;
      });
      underWay = { id: due.id, version };
    }, READ);
    return () => window.clearTimeout(timer);
  }, [due?.id, due?.version]);
}
