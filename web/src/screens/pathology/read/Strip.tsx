import { labelOf, useCatalogue } from "../facts";
import type { Glass } from "../../../viewer/mount";
import { words } from "./words";

/** The slides of the case in their order: which one is shown, which ones were opened, and how far they were seen. */
export function Strip({
  slides,
  shown,
  open,
}: {
  readonly slides: readonly Glass[];
  readonly shown: string;
  readonly open: (slide: string) => void;
}) {
  const say = words();
  const stains = useCatalogue("STAIN");
  return (
    <ul class="strip" aria-label={say.slides}>
      {slides.map((one) => (
        <li key={one.slideId}>
          <button
            type="button"
            aria-current={one.slideId === shown ? "true" : undefined}
            disabled={!one.imageId}
            onClick={() => open(one.slideId)}
          >
            <span aria-hidden="true">{one.opened ? "✓" : "○"}</span> <strong>{one.barcode}</strong>{" "}
            {one.marker || labelOf(stains, one.stain)}
            <small>
              {one.imageId ? (one.opened ? say.opened(Math.round(one.share * 100)) : say.notOpened) : say.noImage}
            </small>
          </button>
        </li>
      ))}
    </ul>
  );
}
