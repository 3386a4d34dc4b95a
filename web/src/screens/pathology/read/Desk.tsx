import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Key, useKeys } from "../../../app/keys";
import { go } from "../../../app/router";
import { Banner, Button, Dialog, Empty, Loading, Steps, Tabs, toast, Trouble } from "../../../kit";
import { useAct, useRead } from "../../../net/hooks";
import type { Said } from "../../../net/problem";
import { me } from "../../../net/session";
import { ReportTemplates, StartReading } from "../../../operations";
import type { KeyImage, Screen } from "../../../viewer/mount";
import { language } from "../../../words";
import { Opinions, Quality, Requests } from "../case/parts";
import { DANGEROUS, PathologyStep, type StepName, STEPS } from "../case/PathologyStep";
import { SignedReports } from "../case/Reports";
import { Request } from "../case/Request";
import { ofReport } from "./answers";
import { focusAnchor, Missing } from "./Missing";
import { ReportEditor, SavedMark } from "./ReportEditor";
import type { Reading } from "./Read";
import { SignDialog } from "./SignDialog";
import { SlideViewer, type ViewerHandle } from "./SlideViewer";
import { Strip } from "./Strip";
import { named, same } from "./KeyImages";
import { useReport } from "./useReport";
import { words } from "./words";

const WRITES = ["READING", "MORE_NEEDED", "PRELIMINARY", "SECOND_REVIEW"];
const TABS = ["report", "case", "actions"] as const;

/** Slide, report and steps of one case, side by side. */
export function Desk({ row, reload }: { readonly row: Reading; readonly reload: () => Promise<void> }) {
  const say = words();
  const person = me.value?.person.id ?? "";
  const can = (action: string) => row.availableActions.some((one) => one.action === action && one.allowed);
  const mine = row.assignedTo?.id === person;
  const [amending, setAmending] = useState(false);
  const writes = mine && (WRITES.includes(row.status) || (amending && can("amendReport")));
  const viewer = useRef<ViewerHandle | null>(null);
  const [screen, setScreen] = useState<Screen | null>(null);
  const [tab, setTab] = useState<string>("report");
  const [step, setStep] = useState<StepName | null>(null);
  const starting = useAct(StartReading);
  const readable = row.slides.filter((one) => one.verifiedAt && !one.withdrawnAt);
  const first = useRef(readable[0]?.id ?? "");
  if (!first.current) first.current = readable[0]?.id ?? "";
  const slides = screen?.slides ?? [];
  const shown = screen?.shown.slideId ?? "";

  function turn(by: number): void {
    const there = slides.filter((one) => one.imageId);
    const next = there[there.findIndex((one) => one.slideId === shown) + by];
    if (next) viewer.current?.show(next.slideId);
  }

  async function start(): Promise<void> {
    const answer = await starting.act({ id: row.id, expectedVersion: row.version });
    if (!answer.ok) toast(answer.problem.message);
    await reload();
  }

  const at = useRef({ turn });
  at.current = { turn };
  const tongue = language.value;
  const keys = useMemo<readonly Key[]>(() => {
    const does = words();
    return [
      { keys: "v", does: does.keyViewer, run: () => viewer.current?.focus() },
      { keys: "e", does: does.keyReport, run: toReport },
      { keys: "n", does: does.keyNext, run: () => at.current.turn(1) },
      { keys: "p", does: does.keyPrevious, run: () => at.current.turn(-1) },
      { keys: "t", does: does.keyActions, run: () => setTab((before) => TABS[(TABS.indexOf(before as "report") + 1) % TABS.length] ?? "report") },
    ];
  }, [tongue]);
  useKeys(keys);

  function toReport(): void {
    // At once where it is in sight: whoever types on must not type into the slide.
    if (document.getElementById("report-conclusion")) return focusAnchor("report.conclusion");
    setTab("report");
    window.setTimeout(() => focusAnchor("report.conclusion"));
  }

  const steps = STEPS.filter((one) => !["submitPathology", "acknowledgeReport", "supplyMaterial", "fixPathology", "recordFinalResult", "cancelPathology", "reserveFrozen"].includes(one));
  return (
    <div class="desk">
      <div class="slide-side">
        <Strip slides={slides} shown={shown} open={(slide) => viewer.current?.show(slide)} />
        {first.current ? (
          <SlideViewer key={tongue} slide={first.current} changed={setScreen} leave={toReport} handle={viewer} />
        ) : (
          <Empty title={say.noSlides}>{say.noSlidesHint}</Empty>
        )}
      </div>
      <div class="report-side">
        <Tabs
          label={say.tabs}
          value={tab}
          onChange={setTab}
          tabs={[
            { value: "report", label: say.tabReport },
            { value: "case", label: say.tabCase },
            { value: "actions", label: say.tabActions },
          ]}
        >
          {tab === "report" ? (
            <>
              {can("startReading") ? (
                <Banner tone="info" title={say.notStarted} action={<Button kind="primary" busy={starting.busy} onClick={() => void start()}>{say.start}</Button>}>
                  {say.notStartedHint}
                </Banner>
              ) : null}
              {writes ? (
                <Write key={String(amending)} row={row} reload={reload} amending={amending} stop={() => setAmending(false)} screen={screen} viewer={viewer} />
              ) : (
                <>
                  {row.reports.length ? <SignedReports row={row} /> : null}
                  {mine && can("amendReport") ? <div><Button onClick={() => setAmending(true)}>{say.amend}</Button></div> : null}
                  {!row.reports.length && !can("startReading") ? <Empty title={row.assignedTo ? say.writtenBy(row.assignedTo.name) : say.noReport}>{say.noReportHint}</Empty> : null}
                </>
              )}
            </>
          ) : null}
          {tab === "case" ? (
            <>
              <Request row={row} />
              <Opinions row={row} />
              <Requests row={row} />
              <Quality row={row} />
            </>
          ) : null}
          {tab === "actions" ? <Steps actions={row.availableActions} forms={steps} dangerous={DANGEROUS} begin={(action) => setStep(action as StepName)} /> : null}
        </Tabs>
      </div>
      {step ? (
        <Dialog title={row.availableActions.find((one) => one.action === step)?.label ?? ""} onClose={() => setStep(null)}>
          <PathologyStep action={step} row={row} done={() => (setStep(null), void reload())} refresh={reload} cancel={() => setStep(null)} />
        </Dialog>
      ) : null}
    </div>
  );
}

interface WriteProps {
  readonly row: Reading;
  readonly reload: () => Promise<void>;
  readonly amending: boolean;
  readonly stop: () => void;
  readonly screen: Screen | null;
  readonly viewer: { current: ViewerHandle | null };
}

/** The editor with what it needs around: what is missing, whether it is saved, the signature. */
function Write({ row, reload, amending, stop, screen, viewer }: WriteProps) {
  const say = words();
  const person = me.value?.person.id ?? "";
  const templates = useRead(ReportTemplates, { organ: row.organ.code, kind: row.kind });
  const all = templates.data?.reportTemplates ?? [];
  const inForce = row.reports.find((one) => one.inForce);
  const writing = useReport(person, row.id, all, amending && inForce ? ofReport(inForce) : null);
  const [signing, setSigning] = useState(false);
  const [refused, setRefused] = useState<readonly Said[]>([]);
  const seen = useRef<Set<string> | null>(null);
  const kept = (screen?.keyImages ?? []).filter((one) => one.mine);
  const slides = (screen?.slides ?? []).filter((one) => one.imageId);
  const unopened = slides.filter((one) => !one.opened);
  const template = all.find((one) => one.code === writing.written.template);

  // What is kept while one writes belongs in the report, unless it is full; what was there before is one's own choice.
  useEffect(() => {
    if (!screen || !writing.ready) return;
    const fresh = seen.current ? kept.filter((one) => !seen.current?.has(one.id)) : [];
    seen.current = new Set(kept.map((one) => one.id));
    const chosen = writing.written.keyImages.filter((other) => kept.some((one) => same(one, other)));
    const added = fresh.slice(0, Math.max(0, (template?.keyImages ?? 0) - chosen.length)).map(named);
    if (added.length || chosen.length < writing.written.keyImages.length) writing.change({ keyImages: [...chosen, ...added] });
  }, [kept.map((one) => one.id).join(" "), writing.ready]);

  async function begin(): Promise<void> {
    setRefused([]);
    await writing.save();
    setSigning(true);
  }

  const keep = useRef({ begin, missing: writing.missing, unopened, viewer });
  keep.current = { begin, missing: writing.missing, unopened, viewer };
  const tongue = language.value;
  useKeys(
    useMemo<readonly Key[]>(() => {
      const does = words();
      return [
        {
          keys: "m",
          does: does.keyMissing,
          run: () => {
            const [slide] = keep.current.unopened;
            if (slide) viewer.current?.show(slide.slideId);
            else focusAnchor(keep.current.missing[0]?.field ?? "report.conclusion");
          },
        },
        { keys: "s", does: does.keySign, run: () => void keep.current.begin() },
      ];
    }, [tongue]),
  );

  if (!writing.ready) return writing.problem || templates.problem ? <Trouble problem={writing.problem ?? templates.problem} retry={() => (void writing.reload(), void templates.reload())} /> : <Loading />;
  const visit = (image: KeyImage) => viewer.current?.visit(image);
  return (
    <>
      {amending ? <Banner tone="info" title={say.amending} action={<Button small onClick={stop}>{say.stopAmending}</Button>}>{say.amendHint}</Banner> : null}
      <ReportEditor writing={writing} templates={all} kept={kept} visit={visit} refused={refused} />
      <div class="sign-foot">
        <Missing missing={writing.missing} unopened={unopened} checked={writing.savedAt !== null} open={(slide) => viewer.current?.show(slide)} />
        <div class="row spread">
          <span class="row">
            <SavedMark writing={writing} />
            {writing.pdfUrl ? <a href={writing.pdfUrl} target="_blank" rel="noreferrer">{say.draftPdf}</a> : null}
          </span>
          <Button kind="primary" onClick={() => void begin()}>{amending ? say.signAmended : say.sign}</Button>
        </div>
      </div>
      {signing ? (
        <SignDialog
          row={row}
          written={writing.written}
          template={template}
          slides={{ opened: slides.length - unopened.length, all: slides.length }}
          amending={amending}
          close={() => setSigning(false)}
          refresh={reload}
          refused={(found) => {
            setSigning(false);
            setRefused(found);
            window.setTimeout(() => focusAnchor(found[0]?.field ?? null));
          }}
          done={() => {
            setSigning(false);
            writing.drop();
            stop();
            toast(say.signed(row.number), { label: say.next, run: () => go("/pathology") });
            void reload();
          }}
        />
      ) : null}
    </>
  );
}
