import { Button } from "../../../kit";
import type { Said } from "../../../net/problem";
import type { Glass } from "../../../viewer/mount";
import { anchorOf } from "./answers";
import { words } from "./words";

/** Puts the focus on the control of what a path names. */
export function focusAnchor(path: string | null): void {
  const place = document.getElementById(anchorOf(path));
  place?.scrollIntoView({ block: "center" });
  place?.querySelector<HTMLElement>("input, textarea, select, button")?.focus();
}

interface Props {
  readonly missing: readonly Said[];
  readonly unopened: readonly Glass[];
  /** Whether the server has looked at what is written; before that nothing is known to be missing. */
  readonly checked: boolean;
  readonly open: (slide: string) => void;
}

/** What still keeps the report from being signed, each a link to where it is mended. */
export function Missing({ missing, unopened, checked, open }: Props) {
  const say = words();
  const count = missing.length + unopened.length;
  if (!count && !checked) return <p class="hint">{say.unchecked}</p>;
  if (!count) return <p class="complete">✓ {say.complete}</p>;
  return (
    <details class="missing">
      <summary>{say.missing(count)}</summary>
      <ul class="plain">
        {unopened.map((one) => (
          <li key={one.slideId}>
            <Button small kind="quiet" onClick={() => open(one.slideId)}>
              {say.openSlide(one.barcode)}
            </Button>
          </li>
        ))}
        {missing.map((one) => (
          <li key={`${one.field} ${one.message}`}>
            <Button small kind="quiet" onClick={() => focusAnchor(one.field)}>
              {one.message}
            </Button>
          </li>
        ))}
      </ul>
    </details>
  );
}
