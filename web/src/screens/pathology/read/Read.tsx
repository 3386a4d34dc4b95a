import "../style.css";
import { href } from "../../../app/router";
import type { ScreenProps } from "../../../app/screens";
import { Badge, Banner, Clock, Trouble } from "../../../kit";
import { useRead } from "../../../net/hooks";
import { ReadingCase, type ReadingCaseData } from "../../../operations";
import { NoCase, useMoves } from "../opened";
import { caseAt, holderOf, patientLine, toneOf, urgency } from "../facts";
import { words as shared } from "../words";
import { Desk } from "./Desk";
import { words } from "./words";

/** A case as it is read. */
export type Reading = NonNullable<ReadingCaseData["pathologyCase"]>;

/** The slide beside the report: what an expert does in ten minutes between two operations. */
export default function Read({ params }: ScreenProps) {
  const say = words();
  const common = shared();
  const id = params.id ?? "";
  const { data, problem, reload } = useRead(ReadingCase, { id }, { keep: true });
  const row = data?.pathologyCase ?? null;
  const { news } = useMoves(id, row?.version, reload);
  if (!row) return <NoCase title={say.title} answered={data !== null} problem={problem} retry={() => void reload()} />;
  return (
    <div class="reading">
      <div class="reading-head">
        <h1>
          {row.organ.label} · {common.kind[row.kind]}
        </h1>
        <span>
          {patientLine(row.patient)}{" "}
          <span class="aside">
            {row.number} · {row.requesterHospital.name}
          </span>
        </span>
        <span class="row">
          {row.priority === "ROUTINE" ? null : (
            <Badge tone={urgency(row.priority)}>{common.priority[row.priority]}</Badge>
          )}
          <Badge tone={toneOf(row.status)}>{common.status[row.status]}</Badge>
        </span>
        {row.clock ? <Clock dueAt={row.clock.dueAt} startedAt={row.clock.startedAt} holder={holderOf(row)} /> : null}
        <span class="row ways">
          <a href={caseAt(id)}>{say.whole}</a>
          <a href={href("/pathology")}>{common.back}</a>
        </span>
      </div>
      <Trouble problem={problem} retry={() => void reload()} />
      <div aria-live="polite">{news ? <Banner tone="info">{news}</Banner> : null}</div>
      <Desk key={id} row={row} reload={reload} />
    </div>
  );
}
