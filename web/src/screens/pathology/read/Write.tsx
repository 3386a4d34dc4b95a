import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Key, useKeys } from "../../../app/keys";
import { go } from "../../../app/router";
import { Banner, Button, Loading, toast, Trouble } from "../../../kit";
import { useRead } from "../../../net/hooks";
import type { Said } from "../../../net/problem";
import { me } from "../../../net/session";
import { ReportTemplates } from "../../../operations";
import type { KeyImage, Screen } from "../../../viewer/mount";
import { language } from "../../../words";
import { ofReport } from "./answers";
import { named, same } from "./KeyImages";
import { focusAnchor, Missing } from "./Missing";
import type { Reading } from "./Read";
import { ReportEditor, SavedMark } from "./ReportEditor";
import { SignDialog } from "./SignDialog";
import type { ViewerHandle } from "./SlideViewer";
import { useReport } from "./useReport";
import { words } from "./words";

interface WriteProps {
  readonly row: Reading;
  readonly reload: () => Promise<void>;
  readonly amending: boolean;
  readonly stop: () => void;
  readonly screen: Screen | null;
  readonly viewer: { current: ViewerHandle | null };
}

/** The editor with what it needs around: what is missing, whether it is saved, the signature. */
export function Write({ row, reload, amending, stop, screen, viewer }: WriteProps) {
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
    if (added.length || chosen.length < writing.written.keyImages.length)
      writing.change({ keyImages: [...chosen, ...added] });
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

  if (!writing.ready)
    return writing.problem || templates.problem ? (
      <Trouble
        problem={writing.problem ?? templates.problem}
        retry={() => (void writing.reload(), void templates.reload())}
      />
    ) : (
      <Loading />
    );
  const visit = (image: KeyImage) => viewer.current?.visit(image);
  return (
    <>
      {amending ? (
        <Banner
          tone="info"
          title={say.amending}
          action={
            <Button small onClick={stop}>
              {say.stopAmending}
            </Button>
          }
        >
          {say.amendHint}
        </Banner>
      ) : null}
      <ReportEditor writing={writing} templates={all} kept={kept} visit={visit} refused={refused} />
      <div class="sign-foot">
        <Missing missing={writing.missing} unopened={unopened} checked={writing.savedAt !== null} open={(slide) => viewer.current?.show(slide)} />
        <div class="row spread">
          <span class="row">
            <SavedMark writing={writing} />
            {writing.pdfUrl ? (
              <a href={writing.pdfUrl} target="_blank" rel="noreferrer">
                {say.draftPdf}
              </a>
            ) : null}
          </span>
          <Button kind="primary" onClick={() => void begin()}>
            {amending ? say.signAmended : say.sign}
          </Button>
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
