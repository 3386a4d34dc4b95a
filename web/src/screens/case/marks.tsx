/** Small signs that every list and page of referrals shares. */
import { Badge, type Tone } from "../../kit";
import type { Pathway, Priority, ReferralRowFragment, ReferralStatus, Sex, Side } from "../../operations";
import { labels } from "./labels";

const TONES: Partial<Record<ReferralStatus, Tone>> = {
  SENT: "info",
  IN_TRIAGE: "info",
  BROADCAST: "info",
  INFO_NEEDED: "warn",
  ON_HOLD: "warn",
  WAITLISTED: "warn",
  NO_SHOW: "warn",
  ACCEPTED: "good",
  SCHEDULED: "good",
  ARRIVED: "good",
  REJECTED: "bad",
};

/** Where a referral stands. */
export function StatusMark({ status }: { readonly status: ReferralStatus }) {
  return <Badge tone={TONES[status] ?? "plain"}>{labels().status[status]}</Badge>;
}

const URGENCY: Record<Priority, Tone> = { STAT: "stat", ASAP: "bad", URGENT: "warn", ROUTINE: "plain" };

/** How soon an answer is needed. */
export function PriorityMark({ priority }: { readonly priority: Priority }) {
  return <Badge tone={URGENCY[priority]}>{labels().priority[priority]}</Badge>;
}

/** A masked patient in three words: 示** · 女 · 4 岁. */
export function personOf({ displayName, sex, age }: { displayName: string; sex: Sex; age: number | null }): string {
  const say = labels();
  return [displayName, say.sex[sex], age === null ? "" : say.age(age)].filter(Boolean).join(" · ");
}

interface Parties {
  readonly pathway: Pathway;
  readonly requesterHospital: { readonly name: string };
  readonly requesterDepartment: { readonly name: string };
  readonly performerHospital: { readonly name: string } | null;
  readonly performerDepartment: { readonly name: string } | null;
}

/** A party of a referral in words: 湘雅二医院 儿科. */
export function partyOf(row: Parties, side: Side): string {
  if (side === "PATIENT") return labels().side.PATIENT;
  const [hospital, department] =
    side === "REQUESTER" ? [row.requesterHospital, row.requesterDepartment] : [row.performerHospital, row.performerDepartment];
  if (hospital) return [hospital.name, department?.name].filter(Boolean).join(" ");
  return row.pathway === "GREEN_CHANNEL" ? labels().asked : labels().undecided;
}

/** Whose move it is, in words; nothing when nobody's. */
export function holderOf(row: Parties & Pick<ReferralRowFragment, "clock">): string | undefined {
  return row.clock?.holder ? partyOf(row, row.clock.holder) : undefined;
}
