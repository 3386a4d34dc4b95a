import { useEffect, useRef } from "preact/hooks";
import { intention } from "../../net/hooks";
import { type CaseLegFragment, type ReferralRowFragment, StepOpenReferral } from "../../operations";

const READ = 2500; // milliseconds of looking at it after which the sender is told that it was read

const opening = intention(StepOpenReferral);

/** Tells the sender that the referral was read, once it has been looked at; a refusal is nobody's trouble. */
export function useReceipt(row: CaseLegFragment | null, told: (row: ReferralRowFragment) => void): void {
  const latest = useRef(told);
  latest.current = told;
  const due = row && !row.openedAt && row.steps.some((one) => one.action === "openReferral" && one.allowed) ? row : null;
  useEffect(() => {
    if (!due) return;
    const timer = window.setTimeout(() => {
      void opening({ id: due.id, expectedVersion: due.version }).then((answer) => {
        const now = answer.ok ? answer.data.openReferral?.referral : null;
        if (now) latest.current(now);
      });
    }, READ);
    return () => window.clearTimeout(timer);
  }, [due?.id, due?.version]);
}
