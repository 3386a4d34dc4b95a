import { href } from "../../app/router";
import { Ago, Badge, Clock } from "../../kit";
import { labels } from "../case/labels";
import { holderOf, partyOf, personOf, PriorityMark, StatusMark } from "../case/marks";
import { usualLabels } from "../case/usual";
import type { Row } from "./rows";
import { words } from "./words";

interface Props {
  readonly one: Row;
  readonly box: "IN" | "OUT" | "MINE";
  readonly current: boolean;
  readonly chosen: boolean;
  /** What became of the row in a bulk claim. */
  readonly result: string | undefined;
  /** True shows the row beside the list instead of going to its page. */
  readonly beside: boolean;
  readonly show: (id: string) => void;
  readonly choose: (id: string) => void;
}

/** One referral as a line: its clock, how urgent, who, why, between whom, where it stands, and what one may do. */
export function RowLine({ one, box, current, chosen, result, beside, show, choose }: Props) {
  const say = words();
  const { row } = one;
  const claimable = row.availableActions.some(({ action }) => action === "claimReferral");
  const may = usualLabels(row.availableActions);
  const green = row.greenKind?.label ?? labels().green;
  const other = box === "IN" ? "REQUESTER" : "PERFORMER";
  return (
    <li class={`row-line${current ? " current" : ""}${one.gone ? " gone" : ""}`} data-id={row.id}>
      <span class="pick-row">
        {claimable || chosen ? <input type="checkbox" aria-label={say.select(row.number)} checked={chosen} onChange={() => choose(row.id)} /> : null}
      </span>
      <a
        class="line-link"
        href={href(`/referral/${encodeURIComponent(row.id)}`)}
        aria-current={current ? "true" : undefined}
        onClick={(event) => {
          // A click of the mouse shows it beside the list; Enter, or a click where there is no beside, opens the case.
          if (!beside || event.detail === 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
          event.preventDefault();
          show(row.id);
        }}
      >
        <span class="upper">
          <span class="when">
            {row.clock?.dueAt ? (
              <Clock dueAt={row.clock.dueAt} startedAt={row.clock.startedAt} />
            ) : (
              <span class="clock none">{row.status === "DRAFT" ? say.draftHint : say.noClock}</span>
            )}
          </span>
          <span class="urgency">
            <PriorityMark priority={row.priority} />
          </span>
          <span class="who">{personOf(row.patient)}</span>
          <span class="why">
            {row.pathway === "GREEN_CHANNEL" ? <Badge tone="stat">{green}</Badge> : null} {row.reason === green ? null : row.reason}
          </span>
          <span class="state">
            <StatusMark status={row.status} />
          </span>
        </span>
        <span class="lower">
          <span class="now">
            {result ?? (one.gone ? say.gone : one.changed ? say.changed : may.length ? `${say.mayDo} ${labels().all(may)}` : row.clock?.holder ? `${say.waiting} ${holderOf(row)}` : "")}
          </span>
          <span class="party">
            {box === "IN" ? say.from : say.to} {partyOf(row, other)}
            {row.neededCapability ? ` · ${row.neededCapability.label}` : ""}
          </span>
          <span class="age">
            <Ago at={row.sentAt ?? row.createdAt} />
          </span>
        </span>
      </a>
    </li>
  );
}
