import type { KeyImageInput } from "../../../operations";
import type { KeyImage } from "../../../viewer/mount";
import { words } from "./words";

/** Whether a picture that was kept is the region that a report names. */
export function same(kept: Pick<KeyImage, "slideId" | "x" | "y" | "width" | "height">, named: KeyImageInput): boolean {
  return (
    kept.slideId === named.slide &&
    kept.x === named.x &&
    kept.y === named.y &&
    kept.width === named.width &&
    kept.height === named.height
  );
}

/** A kept picture as a report names it. */
export function named(kept: KeyImage): KeyImageInput {
  const { slideId, x, y, width, height, caption, slideSha256 } = kept;
  return { slide: slideId, x, y, width, height, note: caption, sha256: slideSha256 };
}

interface Props {
  readonly kept: readonly KeyImage[];
  readonly chosen: readonly KeyImageInput[];
  readonly most: number;
  readonly error: string;
  readonly onChange: (chosen: readonly KeyImageInput[]) => void;
  readonly visit: (image: KeyImage) => void;
}

/** The pictures kept in the viewer, those for the report ticked. */
export function KeyImages({ kept, chosen, most, error, onChange, visit }: Props) {
  const say = words();
  return (
    <fieldset class="plain-group" id="report-keyImages">
      <legend>{say.keyImages}</legend>
      <p class="aside">{say.keyImagesHint(most)}</p>
      <ul class="plain pictures">
        {kept.map((one, index) => {
          const what = one.caption || say.image(index + 1);
          const inside = chosen.some((other) => same(one, other));
          return (
            <li key={one.id}>
              <button type="button" class="picture" onClick={() => visit(one)} aria-label={say.goThere(what)}>
                <img src={one.url} alt="" loading="lazy" />
              </button>
              <label class="choice alone">
                <input
                  type="checkbox"
                  checked={inside}
                  disabled={!inside && chosen.length >= most}
                  aria-label={say.inReport(what)}
                  onChange={() =>
                    onChange(inside ? chosen.filter((other) => !same(one, other)) : [...chosen, named(one)])
                  }
                />
                <span>{what}</span>
              </label>
            </li>
          );
        })}
      </ul>
      <p class="error" role={error ? "alert" : undefined} hidden={!error}>
        {error}
      </p>
    </fieldset>
  );
}
