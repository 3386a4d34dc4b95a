import "../style.css";
import { useState } from "preact/hooks";
import { go, href } from "../../../app/router";
import {
  Badge,
  Banner,
  ButtonLink,
  Clock,
  Dialog,
  Steps,
  toast,
  Trouble,
  When,
  Button,
} from "../../../kit";
import type { ScreenProps } from "../../../app/screens";
import { useRead } from "../../../net/hooks";
import { me } from "../../../net/session";
import { PathologyCase, type PathologyCaseData } from "../../../operations";
import { EditDialog } from "../entry/EditDialog";
import { Specimens } from "../entry/Specimens";
import { NoCase, useMoves } from "../opened";
import { caseAt, holderOf, patientLine, toneOf, urgency } from "../facts";
import { words as shared } from "../words";
import { Identity } from "./Identity";
import { DANGEROUS, PathologyStep, type StepName, STEPS } from "./PathologyStep";
import { Clocks, Opinions, Quality, Requests, Timeline } from "./parts";
import { Request } from "./Request";
import { AddendumForm, SignedReports } from "./Reports";
import { words } from "./words";

/** A case as this page reads it. */
export type Whole = NonNullable<PathologyCaseData["pathologyCase"]>;

const READING = [
  "signReport",
  "amendReport",
  "givePreliminaryOpinion",
  "requestMaterial",
  "giveSecondOpinion",
  "adjudicateOpinion",
];

/** The whole story of one pathology case, and every step that the reader may take. */
export default function Case({ params }: ScreenProps) {
  const say = words();
  const common = shared();
  const id = params.id ?? "";
  const { data, problem, reload } = useRead(PathologyCase, { id }, { keep: true });
  const [step, setStep] = useState<StepName | null>(null);
  const [editing, setEditing] = useState(false);
  const [adding, setAdding] = useState("");
  const row = data?.pathologyCase ?? null;
  const { news, hush } = useMoves(id, row?.version, reload);
  if (!row) return <NoCase title={common.open} answered={data !== null} problem={problem} retry={() => void reload()} />;
  const can = (action: string) => row.availableActions.some((one) => one.action === action && one.allowed);
  const reads = row.assignedTo?.id === me.value?.person.id || READING.some(can);
  const forms = reads ? STEPS.filter((one) => !["submitPathology", "acknowledgeReport"].includes(one)) : STEPS;
  const open = forms.some(can);
  const done = (name: StepName) => async () => {
    setStep(null);
    toast(say.stepDone(row.availableActions.find((one) => one.action === name)?.label ?? name));
    await reload();
    if (name === "startReading") go(`/pathology/${encodeURIComponent(id)}/read`);
  };

  return (
    <div class="pathology stack">
      <div class="case-head">
        <div class="stack tight">
          <p class="aside">
            <a href={href("/pathology")}>{common.back}</a> · {row.number}
          </p>
          <h1>
            {row.organ.label} · {common.kind[row.kind]}
          </h1>
          <p>
            <strong>{patientLine(row.patient)}</strong>
          </p>
          <p class="aside">
            {row.requesterHospital.name} {row.requesterDepartment.name} → {row.performerHospital?.name}{" "}
            {row.performerDepartment?.name}
          </p>
        </div>
        <div class="stack tight case-now">
          <div class="row">
            <Badge tone={urgency(row.priority)}>{common.priority[row.priority]}</Badge>
            <Badge tone={toneOf(row.status)}>{common.status[row.status]}</Badge>
            {row.critical ? <Badge tone="bad">{common.critical}</Badge> : null}
          </div>
          {row.clock ? <Clock dueAt={row.clock.dueAt} startedAt={row.clock.startedAt} holder={holderOf(row)} /> : null}
          {row.submittedAt ? (
            <p class="aside">
              <When at={row.submittedAt} />
            </p>
          ) : null}
        </div>
      </div>
      <Trouble problem={problem} retry={() => void reload()} />
      <div aria-live="polite">
        {news ? (
          <Banner
            tone="info"
            action={
              <Button small kind="quiet" onClick={hush}>
                {common.close}
              </Button>
            }
          >
            {news}
          </Banner>
        ) : null}
      </div>
      {row.referralId ? (
        <Banner tone="info">
          <a href={href(`/referral/${encodeURIComponent(row.referralId)}`)}>{say.referral}</a>
        </Banner>
      ) : null}

      <section class="panel" aria-label={say.next}>
        <h2>{say.next}</h2>
        {reads ? (
          <p class="row">
            <ButtonLink href={caseAt(id, "/read")} kind="primary">
              {say.read}
            </ButtonLink>
          </p>
        ) : null}
        {!open && !reads ? <p class="aside">{say.nothingNext}</p> : null}
        <Steps
          actions={row.availableActions}
          forms={forms}
          dangerous={DANGEROUS}
          begin={(action) => setStep(action as StepName)}
        />
      </section>

      <div class="halves">
        <div class="stack">
          <Request row={row} edit={can("updatePathology") ? () => setEditing(true) : undefined} />
          <Identity id={id} />
          <Opinions row={row} />
          <Requests row={row} />
          <Quality row={row} />
        </div>
        <div class="stack">
          <SignedReports row={row} addendum={setAdding} />
          <Specimens row={row} reload={reload} />
          <Clocks row={row} />
          <Timeline row={row} />
        </div>
      </div>

      {step ? (
        <Dialog
          title={row.availableActions.find((one) => one.action === step)?.label ?? ""}
          onClose={() => setStep(null)}
        >
          <PathologyStep
            action={step}
            row={{ ...row, slides: slidesOf(row) }}
            done={() => void done(step)()}
            refresh={reload}
            cancel={() => setStep(null)}
          />
        </Dialog>
      ) : null}
      {editing ? <EditDialog row={row} close={() => setEditing(false)} reload={reload} /> : null}
      {adding ? (
        <Dialog title={say.addendumAction} onClose={() => setAdding("")}>
          <AddendumForm report={adding} done={() => (setAdding(""), void reload())} cancel={() => setAdding("")} />
        </Dialog>
      ) : null}
    </div>
  );
}

/** Every slide of a case. */
export function slidesOf(row: Whole) {
  return row.specimens.flatMap((specimen) => specimen.blocks.flatMap((block) => block.slides));
}
