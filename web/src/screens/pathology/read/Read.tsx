import "../style.css";
import { useState } from "preact/hooks";
import { href } from "../../../app/router";
import type { ScreenProps } from "../../../app/screens";
import { Badge, Banner, ButtonLink, Clock, Empty, Loading, Trouble } from "../../../kit";
import { useRead } from "../../../net/hooks";
import { useLive } from "../../../net/live";
import { me } from "../../../net/session";
import { PathologyCaseMoved, ReadingCase, type ReadingCaseData } from "../../../operations";
import { words as caseWords } from "../case/words";
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
  const told = caseWords();
  const id = params.id ?? "";
  const { data, problem, reload } = useRead(ReadingCase, { id }, { keep: true });
  const [news, setNews] = useState("");
  const row = data?.pathologyCase ?? null;
  useLive(
    PathologyCaseMoved,
    { id },
    {
      next: ({ pathologyCaseChanged: { event, pathologyCase } }) => {
        if (event.actor?.id !== me.peek()?.person.id)
          setNews(told.movedBy(event.actor?.name ?? told.somebody, event.label));
        if (pathologyCase.version !== row?.version) void reload();
      },
      gap: () => void reload(),
    },
  );
  if (!data)
    return problem ? (
      <>
        <h1>{say.title}</h1>
        <Trouble problem={problem} retry={() => void reload()} />
      </>
    ) : (
      <Loading />
    );
  if (!row) {
    return (
      <>
        <h1>{common.notThere}</h1>
        <Empty title={common.notThereHint} action={<ButtonLink href={href("/pathology")}>{common.back}</ButtonLink>} />
      </>
    );
  }
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
