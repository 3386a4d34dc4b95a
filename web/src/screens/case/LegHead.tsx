import type { ComponentChildren } from "preact";
import { Badge, Clock, dateTime } from "../../kit";
import type { CaseLegFragment } from "../../operations";
import { labels } from "./labels";
import { holderOf, partyOf, PriorityMark, StatusMark } from "./marks";
import { words } from "./words";

/** What a leg is at a glance: from where to where, how urgent, where it stands, who holds the clock, whether it was read. */
export function LegHead({ leg, children }: { readonly leg: CaseLegFragment; readonly children?: ComponentChildren }) {
  const say = words();
  const opened = leg.events.find((one) => one.kind === "open_referral");
  return (
    <section class="panel leg-head" aria-label={leg.number}>
      <p class="row marks">
        <PriorityMark priority={leg.priority} />
        <StatusMark status={leg.status} />
        {leg.pathway === "GREEN_CHANNEL" ? <Badge tone="stat">{leg.greenKind?.label ?? labels().green}</Badge> : null}
        <span class="aside">
          {leg.number}
          {leg.ending ? ` · ${say.ended(labels().ending[leg.ending])}` : ""}
        </span>
      </p>
      <p class="way">
        <span>{partyOf(leg, "REQUESTER")}</span>
        <span aria-label={leg.direction ? labels().direction[leg.direction] : labels().to}>→</span>
        <span>{partyOf(leg, "PERFORMER")}</span>
      </p>
      {leg.clock ? (
        <p class="held">
          <Clock dueAt={leg.clock.dueAt} startedAt={leg.clock.startedAt} holder={holderOf(leg)} />
        </p>
      ) : null}
      <p class="aside">
        {leg.sentAt ? `${say.readBy} ${opened?.actor ? say.readByWhom(dateTime(opened.eventAt), opened.actor.name) : leg.openedAt ? say.read(dateTime(leg.openedAt)) : say.unread}` : null}
        {leg.claimedBy ? ` · ${say.claimedBy(leg.claimedBy.name)}` : null}
        {leg.followUpDueAt && !leg.followedUpAt ? ` · ${say.followUpDue(dateTime(leg.followUpDueAt))}` : null}
        {leg.followedUpAt ? ` · ${say.followedUp(dateTime(leg.followedUpAt))}` : null}
      </p>
      {leg.expiryProposedAt && !leg.closedAt ? <p class="deceased">{say.expiryProposed}</p> : null}
      {leg.errorReportedAt && leg.status !== "ENTERED_IN_ERROR" ? <p class="deceased">{say.errorReported}</p> : null}
      {children}
    </section>
  );
}
