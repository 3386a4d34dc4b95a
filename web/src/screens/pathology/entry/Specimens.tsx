import { useState } from "preact/hooks";
import { Button, Dialog, Empty, StepForm, toast, When } from "../../../kit";
import { useRead } from "../../../net/hooks";
import { SlideSpace, WithdrawSlide } from "../../../operations";
import type { Whole } from "../case/Case";
import { words as caseWords } from "../case/words";
import { words as shared } from "../words";
import { BlockForm, SlidesForm, SpecimenForm } from "./forms";
import { bytes } from "./SlideFile";
import { SlideLine } from "./SlideLine";
import { words } from "./words";

type Adding =
  | { readonly kind: "specimen" }
  | { readonly kind: "block" | "slides"; readonly of: string; readonly name: string }
  | { readonly kind: "withdraw"; readonly of: string; readonly name: string };

/** Specimens with their blocks and slides, as a tree; whoever may, registers more, uploads and withdraws. */
export function Specimens({ row, reload }: { readonly row: Whole; readonly reload: () => Promise<void> }) {
  const say = words();
  const common = shared();
  const [adding, setAdding] = useState<Adding | null>(null);
  const can = (action: string) => row.availableActions.some((one) => one.action === action && one.allowed);
  const [specimens, blocks, slides, withdraws] = [
    "registerSpecimen",
    "registerBlock",
    "registerSlides",
    "withdrawSlide",
  ].map(can);
  const space = useRead(SlideSpace, {}, { skip: !slides });
  const room = space.data?.slideSpace.find((one) => one.hospital.id === row.requesterHospital.id);
  const done = () => {
    setAdding(null);
    toast(say.saved);
    void reload();
  };
  const shared_ = { row, refresh: reload, cancel: () => setAdding(null), done };
  return (
    <section class="panel stack tight">
      <div class="row spread">
        <h2>{say.specimens}</h2>
        {specimens ? (
          <Button small onClick={() => setAdding({ kind: "specimen" })}>
            {say.addSpecimen}
          </Button>
        ) : null}
      </div>
      {room ? <p class="aside">{say.space(bytes(room.used), bytes(room.limit))}</p> : null}
      {row.specimens.length ? null : <Empty title={say.noSpecimens}>{say.noSpecimensHint}</Empty>}
      {row.specimens.map((specimen) => (
        <article class="specimen" key={specimen.id}>
          <div class="row spread">
            <h3>
              <code>{specimen.barcode}</code> {specimen.site}
            </h3>
            {blocks ? (
              <Button
                small
                kind="quiet"
                onClick={() => setAdding({ kind: "block", of: specimen.id, name: specimen.barcode })}
              >
                {say.addBlock}
              </Button>
            ) : null}
          </div>
          <p class="aside">
            {[specimen.procedure, specimen.gross].filter(Boolean).join(" · ")} {say.receivedAt}{" "}
            <When at={specimen.receivedAt} />
          </p>
          {specimen.blocks.map((block) => (
            <div class="block" key={block.id}>
              <div class="row spread">
                <p>
                  <code>{block.barcode}</code>{" "}
                  <span class="aside">{[common.block[block.kind], block.site].filter(Boolean).join(" · ")}</span>
                </p>
                {slides ? (
                  <Button
                    small
                    kind="quiet"
                    onClick={() => setAdding({ kind: "slides", of: block.id, name: block.barcode })}
                  >
                    {say.addSlides}
                  </Button>
                ) : null}
              </div>
              <ul class="plain slides">
                {block.slides.map((slide) => (
                  <SlideLine
                    key={slide.id}
                    slide={slide}
                    sends={Boolean(slides)}
                    ready={reload}
                    withdraw={
                      withdraws && !slide.withdrawnAt
                        ? () => setAdding({ kind: "withdraw", of: slide.id, name: slide.barcode })
                        : undefined
                    }
                  />
                ))}
              </ul>
            </div>
          ))}
        </article>
      ))}
      {adding?.kind === "specimen" ? (
        <Dialog title={say.addSpecimen} onClose={() => setAdding(null)} wide>
          <SpecimenForm {...shared_} />
        </Dialog>
      ) : null}
      {adding?.kind === "block" ? (
        <Dialog title={`${say.addBlock} · ${adding.name}`} onClose={() => setAdding(null)} wide>
          <BlockForm {...shared_} specimen={adding.of} />
        </Dialog>
      ) : null}
      {adding?.kind === "slides" ? (
        <Dialog title={`${say.addSlides} · ${adding.name}`} onClose={() => setAdding(null)} wide>
          <SlidesForm {...shared_} block={adding.of} />
        </Dialog>
      ) : null}
      {adding?.kind === "withdraw" ? (
        <Dialog title={say.withdrawTitle(adding.name)} onClose={() => setAdding(null)}>
          <StepForm
            {...shared_}
            operation={WithdrawSlide}
            extra={{ slide: adding.of }}
            danger
            submit={say.withdraw}
            fields={[
              {
                kind: "reason",
                name: "reason",
                catalogue: "WITHDRAW_SLIDE",
                comment: "comment",
                label: caseWords().field.reason,
                required: true,
              },
            ]}
          />
        </Dialog>
      ) : null}
    </section>
  );
}
