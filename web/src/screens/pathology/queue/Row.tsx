import { Badge, Button, Clock } from "../../../kit";
import type { PathologyRowFragment } from "../../../operations";
import { caseAt, holderOf, patientLine, toneOf, urgency } from "../facts";
import { words as shared } from "../words";
import { words } from "./words";

/** Whether the reader may take a step on a row now. */
export function allowed(row: Pick<PathologyRowFragment, "availableActions">, action: string): boolean {
  return row.availableActions.some((one) => one.action === action && one.allowed);
}

// What a reader does with the slides in sight; any of them makes the reading page the place to go.
const READS = [
  "startReading",
  "signReport",
  "giveSecondOpinion",
  "adjudicateOpinion",
  "requestMaterial",
  "givePreliminaryOpinion",
];

interface Props {
  readonly row: PathologyRowFragment;
  readonly mine: boolean;
  readonly busy: boolean;
  readonly claim: (row: PathologyRowFragment) => void;
  readonly assign: (row: PathologyRowFragment) => void;
}

/** One case in the list: its clock first, then who and what, and what may be done with it here. */
export function Row({ row, mine, busy, claim, assign }: Props) {
  const say = words();
  const common = shared();
  const reading = READS.some((action) => allowed(row, action));
  return (
    <li class={row.clock ? "case-row" : "case-row resting"} data-case={row.id}>
      <div class="case-clock">
        {row.clock ? (
          <Clock dueAt={row.clock.dueAt} startedAt={row.clock.startedAt} holder={holderOf(row)} />
        ) : (
          <span class="aside">—</span>
        )}
      </div>
      <div class="case-what">
        <a class="case-link" href={caseAt(row.id)}>
          {row.organ.label} · {common.kind[row.kind]}
        </a>
        <span>{patientLine(row.patient)}</span>
        <span class="aside">
          {row.number} · {row.requesterHospital.name}
          {row.performerHospital ? ` → ${row.performerHospital.name}` : ""}
        </span>
      </div>
      <div class="case-state">
        {row.priority === "ROUTINE" ? null : (
          <Badge tone={urgency(row.priority)}>{common.priority[row.priority]}</Badge>
        )}
        <Badge tone={toneOf(row.status)}>{common.status[row.status]}</Badge>
        {row.critical ? <Badge tone="bad">{common.critical}</Badge> : null}
        <span class="aside">
          {[row.subspecialty.label, mine ? say.mine : row.assignedTo?.name].filter(Boolean).join(" · ")}
        </span>
      </div>
      <div class="case-do">
        {allowed(row, "claimPathology") ? (
          <Button small kind="primary" busy={busy} onClick={() => claim(row)} aria-label={`${say.claim} ${row.number}`}>
            {say.claim}
          </Button>
        ) : null}
        {allowed(row, "assignPathology") ? (
          <Button small onClick={() => assign(row)} aria-label={`${say.assign} ${row.number}`}>
            {say.assign}
          </Button>
        ) : null}
        {reading ? (
          <a class="button small" href={caseAt(row.id, "/read")} aria-label={`${say.read} ${row.number}`}>
            {say.read}
          </a>
        ) : null}
      </div>
    </li>
  );
}
