import { useState } from "preact/hooks";
import { Button, Dialog, ReasonField, Trouble } from "../../../kit";
import { useAct } from "../../../net/hooks";
import type { Problem, Said } from "../../../net/problem";
import { me } from "../../../net/session";
import { AmendReport, type CaseHeadFragment, SignReport } from "../../../operations";
import { labelOf, patientLine, useCatalogue } from "../facts";
import { words as shared } from "../words";
import { onWire, type Template, type Written } from "./answers";
import { words } from "./words";

interface Props {
  readonly row: CaseHeadFragment;
  readonly written: Written;
  readonly template: Template | undefined;
  readonly slides: { readonly opened: number; readonly all: number };
  readonly amending: boolean;
  readonly close: () => void;
  /** Refused for something in the report: shown there. */
  readonly refused: (all: readonly Said[]) => void;
  readonly done: () => void;
  readonly refresh: () => Promise<void>;
}

/** What is about to be signed, once more and in full view; then the signature. */
export function SignDialog({ row, written, template, slides, amending, close, refused, done, refresh }: Props) {
  const say = words();
  const common = shared();
  const classes = useCatalogue("DIAGNOSTIC_CLASS");
  const signing = useAct(SignReport);
  const revising = useAct(AmendReport);
  const [reason, setReason] = useState("");
  const [comment, setComment] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const person = me.value?.person;
  const busy = signing.busy || revising.busy;

  async function sign(event: Event) {
    event.preventDefault();
    if (busy) return;
    const report = onWire(template, written);
    const step = { id: row.id, expectedVersion: row.version, report };
    const answer = amending
      ? await revising.act({ ...step, reason, ...(comment.trim() ? { comment: comment.trim() } : {}) })
      : await signing.act(step);
    if (answer.ok) return done();
    const inside = answer.problem.all.filter((one) => one.field?.startsWith("report"));
    if (inside.length) return refused(inside);
    setProblem(answer.problem);
    if (["STALE_VERSION", "INVALID_STATE"].includes(answer.problem.code)) await refresh();
  }

  const facts: [string, string][] = [
    [row.number, `${row.organ.label} · ${common.kind[row.kind]} · ${row.requesterHospital.name}`],
    [say.confirmPatient, patientLine(row.patient)],
    [say.diagnosticClass, labelOf(classes, written.diagnosticClass) || say.empty],
    [say.conclusion, written.conclusion || say.empty],
    [say.diagnosisCode, written.diagnosisCode || say.empty],
    [say.template, template?.label ?? say.empty],
    [say.confirmCritical, written.critical ? say.yes : say.no],
    [
      say.confirmSlidesName,
      `${say.confirmSlides(slides.opened, slides.all)} · ${say.confirmImages(written.keyImages.length)}`,
    ],
    [say.signer, `${person?.name ?? ""} · ${row.performerHospital?.name ?? ""} ${row.performerDepartment?.name ?? ""}`],
  ];
  return (
    <Dialog title={say.confirmTitle} onClose={close}>
      <form class="stack" noValidate onSubmit={(event) => void sign(event)}>
        <dl class="facts">
          {facts.map(([name, said]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="words">{said}</dd>
            </div>
          ))}
        </dl>
        {amending ? (
          <ReasonField
            label={say.reason}
            required
            catalogue="REPORT_AMENDMENT"
            value={reason}
            onChange={setReason}
            comment={{ value: comment, onChange: setComment }}
          />
        ) : null}
        <p class="aside">{amending ? say.amendHint : say.confirmHint}</p>
        <Trouble problem={problem} />
        <div class="row">
          <Button type="submit" kind="primary" busy={busy}>
            {say.signNow}
          </Button>
          <Button kind="quiet" onClick={close}>
            {common.cancel}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
