import { useState } from "preact/hooks";
import { useRead } from "../../net/hooks";
import { type CoverageFiguresData, CoverageTrend } from "../../operations";
import { IndicatorDialog } from "./IndicatorDialog";
import { count, share } from "./numbers";
import type { Scope } from "./scope";
import { Spark } from "./Spark";
import { words } from "./words";

/** One of the alliance's indicators as the server counts it. */
export type Indicator = NonNullable<CoverageFiguresData["coverage"]>["indicators"][number];

interface Props {
  readonly scope: Scope;
  readonly sent: number | null;
  readonly indicators: readonly Indicator[];
}

/** The indicators at a glance; each opens what it means, how it went and what stands behind it. */
export function Tiles({ scope, sent, indicators }: Props) {
  const say = words();
  const [open, setOpen] = useState<string | null>(null);
  const trend = useRead(CoverageTrend, scope, { keep: true });
  const months = trend.data?.coverage?.trend ?? [];
  const valuesOf = (name: string) => months.map((month) => month.indicators.find((one) => one.name === name)?.value ?? null);
  return (
    <section aria-label={say.indicators}>
      <ul class="tiles plain">
        <li>
          <button type="button" class="tile" aria-haspopup="dialog" onClick={() => setOpen("SENT")}>
            <span class="tile-label">{say.sent}</span>
            <strong class="tile-value">{count(sent)}</strong>
            <Spark values={months.map((month) => month.sent)} from={0} />
            <span class="tile-more">{say.open}</span>
          </button>
        </li>
        {indicators.map((one) => (
          <li key={one.name}>
            <button type="button" class="tile" aria-haspopup="dialog" onClick={() => setOpen(one.name)}>
              <span class="tile-label">{one.label}</span>
              <strong class="tile-value">{share(one.value, one.suppressed)}</strong>
              <span class="tile-count">
                {count(one.numerator)} / {count(one.denominator)}
                {one.completeness !== null && one.completeness < 1 ? ` · ${say.completeness(share(one.completeness))}` : ""}
              </span>
              <Spark values={valuesOf(one.name)} />
              <span class="tile-trend">{movement(valuesOf(one.name), months)}</span>
              <span class="tile-more">{say.open}</span>
            </button>
          </li>
        ))}
      </ul>
      {open ? (
        <IndicatorDialog
          scope={scope}
          sent={sent}
          indicator={indicators.find((one) => one.name === open) ?? null}
          months={months}
          onClose={() => setOpen(null)}
        />
      ) : null}
    </section>
  );
}

/** How the last whole month compares with the one before, in percentage points; "" when that cannot be said. */
function movement(values: readonly (number | null)[], months: readonly { complete: boolean }[]): string {
  const whole = values.filter((_, at) => months[at]?.complete);
  const [before, last] = [whole.at(-2), whole.at(-1)];
  if (before === undefined || before === null || last === undefined || last === null) return "";
  const points = Math.round((last - before) * 1000) / 10;
  if (!points) return words().noChange;
  return `${points > 0 ? "▲" : "▼"} ${words().points(`${points > 0 ? "+" : "−"}${Math.abs(points).toFixed(1)}`)}`;
}
