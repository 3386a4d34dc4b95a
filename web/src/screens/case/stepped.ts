import type { CaseLegFragment, ReferralRowFragment } from "../../operations";

/** A leg as the answer to a step tells it, shown until the whole of it has been read anew: its events, and why what is blocked is. */
export function stepped(leg: CaseLegFragment, now: ReferralRowFragment): CaseLegFragment {
  const allowed = new Set(now.availableActions.map(({ action }) => action));
  return {
    ...leg,
    ...now,
    patient: { ...leg.patient, ...now.patient },
    steps: leg.steps.map((one) => ({ ...one, allowed: allowed.has(one.action) })),
  };
}
