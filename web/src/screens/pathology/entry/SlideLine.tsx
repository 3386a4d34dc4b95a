import { Badge, Button } from "../../../kit";
import type { Whole } from "../case/Case";
import { labelOf, useCatalogue } from "../facts";
import { bytes, SlideFile } from "./SlideFile";
import { words } from "./words";

type Slide = Whole["specimens"][number]["blocks"][number]["slides"][number];

interface Props {
  readonly slide: Slide;
  /** Whether the reader may send files for it now. */
  readonly sends: boolean;
  /** Loads the case anew once an image was found ready. */
  readonly ready: () => Promise<void>;
  readonly withdraw?: (() => void) | undefined;
}

/** One slide: its glass, its image, and the file on its way. */
export function SlideLine({ slide, sends, ready, withdraw }: Props) {
  const say = words();
  const stains = useCatalogue("STAIN");
  const image = slide.images.find((one) => !one.replacedAt && !one.removedAt);
  return (
    <li class={slide.withdrawnAt ? "slide gone" : "slide"}>
      <div class="row spread">
        <p>
          <code>{slide.barcode}</code>{" "}
          <span class="aside">
            {[labelOf(stains, slide.stain), slide.marker, `${slide.magnification}×`].filter(Boolean).join(" · ")}
          </span>
        </p>
        <p class="row">
          {slide.withdrawnAt ? (
            <Badge>{say.withdrawn}</Badge>
          ) : image && slide.verifiedAt ? (
            <Badge tone="good">{say.verified}</Badge>
          ) : (
            <Badge tone="warn">{say.noImage}</Badge>
          )}
          {image ? (
            <a href={`/viewer/${encodeURIComponent(slide.id)}/`} target="_blank" rel="noreferrer">
              {say.view}
            </a>
          ) : null}
          {withdraw ? (
            <Button small kind="quiet" onClick={withdraw} aria-label={`${say.withdraw} ${slide.barcode}`}>
              {say.withdraw}
            </Button>
          ) : null}
        </p>
      </div>
      {image ? (
        <p class="aside">
          {image.format} · {say.pixels(image.width, image.height)} · {bytes(image.size)}
        </p>
      ) : null}
      {sends && !slide.withdrawnAt ? (
        <SlideFile slide={slide.id} barcode={slide.barcode} has={Boolean(image)} ready={ready} />
      ) : null}
    </li>
  );
}
