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
import { stepped } from "../case/stepped";
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
  /** Whether the reader came by the keys that move on, and may be gone again. */
  readonly passing: boolean;
}

/** The preview of one referral. */
export default function Preview({ id, version, put, asked, passing }: Props) {
  const say = words();
  const settled = useSettled(id, passing);
  const { data, problem, reload, set } = useRead(ReferralPreview, { id: settled }, { skip: !settled });
  const found = data?.referral?.id === id ? data.referral : null;
  const behind = found && version !== undefined && version > found.version;
  useEffect(() => {
    if (behind) void reload();
  }, [behind, version, reload]);
  const row = found ?? null;
  const [answering, setAnswering] = useState(false);
  const done = (now: ReferralRowFragment) => {
    put(now);
    set((before) => (before.referral?.id === now.id ? { ...before, referral: { ...before.referral, ...stepped(before.referral, now) } } : before));
    void reload();
  };
  useReceipt(row, answering, done);
  if (!row) return problem && settled === id ? <Trouble problem={problem} retry={() => void reload()} /> : <Loading what={say.previewLoading} />;
  const does = caseWords();
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

/** The id at once when it was pointed at, and after it has stood still for a moment when it is passed by. */
function useSettled(id: string, passing: boolean): string {
  const [settled, setSettled] = useState("");
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(id), GLANCE);
    return () => window.clearTimeout(timer);
  }, [id]);
  return passing ? settled : id;
}
