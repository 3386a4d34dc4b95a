import { useMemo, useRef, useState } from "preact/hooks";
import { type Key, useKeys } from "../../../app/keys";
import { Banner, Button, Dialog, Empty, Steps, Tabs, toast } from "../../../kit";
import { useAct } from "../../../net/hooks";
import { me } from "../../../net/session";
import { StartReading } from "../../../operations";
import type { Screen } from "../../../viewer/mount";
import { language } from "../../../words";
import { Opinions, Quality, Requests } from "../case/parts";
import { DANGEROUS, PathologyStep, type StepName, STEPS } from "../case/PathologyStep";
import { SignedReports } from "../case/Reports";
import { Request } from "../case/Request";
import { focusAnchor } from "./Missing";
import type { Reading } from "./Read";
import { SlideViewer, type ViewerHandle } from "./SlideViewer";
import { Strip } from "./Strip";
import { words } from "./words";
import { Write } from "./Write";

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
      {
        keys: "t",
        does: does.keyActions,
        run: () => setTab((before) => TABS[(TABS.indexOf(before as "report") + 1) % TABS.length] ?? "report"),
      },
    ];
  }, [tongue]);
  useKeys(keys);

  function toReport(): void {
    // At once where it is in sight: whoever types on must not type into the slide.
    if (document.getElementById("report-conclusion")) return focusAnchor("report.conclusion");
    setTab("report");
    window.setTimeout(() => focusAnchor("report.conclusion"));
  }

  const steps = STEPS.filter(
    (one) =>
      ![
        "submitPathology",
        "acknowledgeReport",
        "supplyMaterial",
        "fixPathology",
        "recordFinalResult",
        "cancelPathology",
        "reserveFrozen",
      ].includes(one),
  );
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
                <Banner
                  tone="info"
                  title={say.notStarted}
                  action={
                    <Button kind="primary" busy={starting.busy} onClick={() => void start()}>
                      {say.start}
                    </Button>
                  }
                >
                  {say.notStartedHint}
                </Banner>
              ) : null}
              {writes ? (
                <Write
                  key={String(amending)}
                  row={row}
                  reload={reload}
                  amending={amending}
                  stop={() => setAmending(false)}
                  screen={screen}
                  viewer={viewer}
                />
              ) : (
                <>
                  {row.reports.length ? <SignedReports row={row} /> : null}
                  {mine && can("amendReport") ? (
                    <div>
                      <Button onClick={() => setAmending(true)}>{say.amend}</Button>
                    </div>
                  ) : null}
                  {!row.reports.length && !can("startReading") ? (
                    <Empty title={row.assignedTo ? say.writtenBy(row.assignedTo.name) : say.noReport}>
                      {say.noReportHint}
                    </Empty>
                  ) : null}
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
          {tab === "actions" ? (
            <Steps
              actions={row.availableActions}
              forms={steps}
              dangerous={DANGEROUS}
              begin={(action) => setStep(action as StepName)}
            />
          ) : null}
        </Tabs>
      </div>
      {step ? (
        <Dialog
          title={row.availableActions.find((one) => one.action === step)?.label ?? ""}
          onClose={() => setStep(null)}
        >
          <PathologyStep
            action={step}
            row={row}
            done={() => (setStep(null), void reload())}
            refresh={reload}
            cancel={() => setStep(null)}
          />
        </Dialog>
      ) : null}
    </div>
  );
}
