/** Which steps come first, which end something, and their keys; apart from their forms, so that a list needs only this. */

/** The order in which steps are offered: what moves the case on first, what ends it last. */
export const ORDER: readonly string[] = [
  "acceptReferral", "claimReferral", "requestInformation", "supplyInformation", "approveReferral", "submitReferral", "bookReferral", "departReferral",
  "arriveReferral", "sendRecord", "returnOutcome", "acknowledgeOutcome", "giveConsent", "signHandover", "resumeReferral", "recordFollowUp",
  "adviseReferral", "rejectReferral", "waitlistReferral", "redirectReferral", "returnReferral", "referDown", "resendReferral", "closeReferral",
  "rescheduleReferral", "recordNoShow", "turnBackReferral", "confirmExpiry", "confirmError", "divertReferral", "recordMilestone", "identifyPatient",
  "amendOutcome", "holdReferral", "loseBooking", "releaseReferral", "broadcastDown", "reviewQuality", "openReferral", "refuseConsent", "standDown",
  "cancelReferral", "reportError", "recordDeath",
];

/** Steps that end or undo something. */
export const DANGEROUS: readonly string[] = ["rejectReferral", "cancelReferral", "recordDeath", "reportError", "confirmError", "standDown", "refuseConsent", "confirmExpiry"];

/** The key of a step, the same in the list and on the page. */
export const KEYS: Readonly<Record<string, string>> = {
  acceptReferral: "a",
  rejectReferral: "r",
  requestInformation: "i",
  claimReferral: "c",
  supplyInformation: "s",
  adviseReferral: "v",
  waitlistReferral: "w",
  redirectReferral: "t",
  approveReferral: "p",
  bookReferral: "b",
  departReferral: "d",
  arriveReferral: "h",
  returnOutcome: "o",
  acknowledgeOutcome: "y",
};

/** The steps worth a button at once, of those that are allowed: the first four that do not end the case. */
export function usual(allowed: readonly { readonly action: string }[]): readonly string[] {
  const has = new Set(allowed.map((one) => one.action));
  const rare = new Set(["openReferral", "holdReferral", "releaseReferral", "recordMilestone", "identifyPatient", "amendOutcome", "loseBooking", ...DANGEROUS]);
  const main = ORDER.filter((one) => has.has(one) && (!rare.has(one) || one === "rejectReferral"));
  return main.slice(0, 5);
}

/** The words of the usual steps of a row. */
export function usualLabels(allowed: readonly { readonly action: string; readonly label: string }[]): readonly string[] {
  return usual(allowed).slice(0, 3).map((name) => allowed.find((one) => one.action === name)?.label ?? name);
}
