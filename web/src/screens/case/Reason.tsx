import { useReasons } from "../../kit";

/** The catalogue that each step takes its reason from, by the kind of its event. */
export const CATALOGUES: Readonly<Record<string, string>> = {
  create_referral: "DUPLICATE_CASE",
  return_referral: "OFFICE_RETURN",
  accept_referral: "PRIORITY_CHANGE",
  waitlist_referral: "PRIORITY_CHANGE",
  reject_referral: "REJECT",
  redirect_referral: "REDIRECT",
  close_referral: "LOCAL_END",
  reschedule_referral: "RESCHEDULE",
  lose_booking: "LOSE_SLOT",
  hold_referral: "HOLD",
  turn_back_referral: "TURN_BACK",
  record_no_show: "NO_SHOW",
  cancel_referral: "CANCEL",
  confirm_expiry: "EXPIRY",
  report_error: "ENTERED_IN_ERROR",
  give_consent: "EMERGENCY_APPROVAL",
  refuse_consent: "GREEN_CONSENT_REFUSED",
  divert_referral: "GREEN_DIVERT",
  stand_down: "GREEN_STAND_DOWN",
  record_milestone: "MILESTONE_CORRECTION",
  review_quality: "GREEN_BREACH",
};

/** A coded reason in words; the code itself where the catalogue no longer has it. */
export function ReasonWord({ catalogue, code }: { readonly catalogue: string; readonly code: string }) {
  const known = useReasons(catalogue);
  return <>{known.find((one) => one.code === code)?.label ?? code}</>;
}
