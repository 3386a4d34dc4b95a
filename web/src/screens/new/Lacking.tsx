import { Banner } from "../../kit";
import type { Lack } from "./sending";
import { words } from "./words";

/** What is missing before a draft may go, each a way to where it belongs. */
export function Lacking({ lacks, show }: { readonly lacks: readonly Lack[]; readonly show: (one: Lack) => void }) {
  if (!lacks.length) return null;
  return (
    <Banner tone="warn" title={words().lackTitle}>
      <ul class="lacking">
        {lacks.map((one) => (
          <li key={one.field}>
            <button type="button" class="button quiet small" onClick={() => show(one)}>
              {one.says}
            </button>
          </li>
        ))}
      </ul>
    </Banner>
  );
}
