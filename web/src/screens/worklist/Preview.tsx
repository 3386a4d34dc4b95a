/** A referral beside the list: enough to decide, and every step to answer with. */
import { useEffect, useState } from "preact/hooks";
import { href } from "../../app/router";
import { ButtonLink, Loading, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { ReferralPreview, type ReferralRowFragment } from "../../operations";
import { Actions } from "../case/Actions";
import { LegHead } from "../case/LegHead";
import { Clinical, Files } from "../case/Clinical";
import { Course } from "../case/Course";
import { Elsewhere } from "../case/Papers";
import { personOf } from "../case/marks";
import { useReceipt } from "../case/receipt";
import "../case/style.css";
import { Timeline } from "../case/Timeline";
import { words as caseWords } from "../case/words";
import { words } from "./words";

const GLANCE = 180; // milliseconds on a row before its record is asked for: moving past it discloses nothing

interface Props {
  readonly id: string;
  /** The version that the list shows; a newer one than here asks anew. */
  readonly version: number | undefined;
  readonly put: (row: ReferralRowFragment) => void;
  readonly asked: { action: string; turn: number } | null;
}

/** The preview of one referral. */
export default function Preview({ id, version, put, asked }: Props) {
  const say = words();
  const settled = useSettled(id);
  const { data, problem, reload } = useRead(ReferralPreview, { id: settled }, { skip: !settled });
  const found = data?.referral?.id === id ? data.referral : null;
  const behind = found && version !== undefined && version > found.version;
  useEffect(() => {
    if (behind) void reload();
  }, [behind, version, reload]);
  const row = found ?? null;
  const [answering, setAnswering] = useState(false);
  useReceipt(row, answering, (now) => {
    put(now);
    void reload();
  });
  if (!row) return problem && settled === id ? <Trouble problem={problem} retry={() => void reload()} /> : <Loading what={say.previewLoading} />;
  const does = caseWords();
  const done = (now: ReferralRowFragment) => {
    put(now);
    void reload();
  };
  return (
    <div class="stack preview-body" key={row.id}>
      <div class="preview-head">
        <h2>
          {row.patient.identity?.name ?? row.patient.displayName} <span class="aside">{personOf({ ...row.patient, displayName: "" })}</span>
        </h2>
        <ButtonLink href={href(`/case/${encodeURIComponent(row.case.id)}`, { leg: row.id })}>{say.openCase}</ButtonLink>
      </div>
      <Trouble problem={problem} retry={() => void reload()} />
      <LegHead leg={row} />
      <Elsewhere leg={row} />
      <Actions key={row.id} leg={row} done={done} refresh={reload} asked={asked} keyed={false} onForm={setAnswering} />
      <Clinical row={row} />
      {row.attachments?.length ? <Files files={row.attachments} /> : null}
      <Course row={row} />
      <details class="part">
        <summary>{does.timeline}</summary>
        <Timeline legs={[row]} />
      </details>
    </div>
  );
}

/** The id once it has stood still for a moment. */
function useSettled(id: string): string {
  const [settled, setSettled] = useState("");
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(id), GLANCE);
    return () => window.clearTimeout(timer);
  }, [id]);
  return settled;
}
