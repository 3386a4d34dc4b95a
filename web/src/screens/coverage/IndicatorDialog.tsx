import { useState } from "preact/hooks";
import { Button, Dialog, Table } from "../../kit";
import { can } from "../../net/session";
import type { CountedLegs, CoverageTrendData } from "../../operations";
import { Drill } from "./Drill";
import { count, share } from "./numbers";
import type { Scope } from "./scope";
import type { Indicator } from "./Tiles";
import { words } from "./words";

/** One month of the trend. */
export type Month = NonNullable<CoverageTrendData["coverage"]>["trend"][number];

interface Props {
  readonly scope: Scope;
  readonly sent: number | null;
  /** Which one; null for the plain number of what was sent. */
  readonly indicator: Indicator | null;
  readonly months: readonly Month[];
  readonly onClose: () => void;
}

/** What an indicator means, its numerator and denominator, how it went, and the cases behind it as far as one may see them. */
export function IndicatorDialog({ scope, sent, indicator, months, onClose }: Props) {
  const say = words();
  const [legs, setLegs] = useState<CountedLegs | null>(null);
  const parts: { readonly role: string; readonly label: string; readonly value: number | null; readonly legs: CountedLegs | null }[] = indicator
    ? [
        { role: say.numerator, label: indicator.numeratorLabel, value: indicator.numerator, legs: indicator.numeratorLegs },
        { role: say.denominator, label: indicator.denominatorLabel, value: indicator.denominator, legs: indicator.denominatorLegs },
      ]
    : [{ role: say.figure, label: say.sent, value: sent, legs: "SENT" }];
  const shown = parts.find((one) => one.legs && one.legs === legs);
  return (
    <Dialog title={indicator?.label ?? say.sent} onClose={onClose} wide>
      <p class="meaning">{indicator?.definition ?? say.sentMeaning}</p>
      <p class="indicator-value">
        <strong>{indicator ? share(indicator.value, indicator.suppressed) : say.sentUnit(count(sent))}</strong>
        {indicator && indicator.completeness !== null ? <span class="aside"> {say.completeness(share(indicator.completeness))}</span> : null}
      </p>
      {indicator && indicator.completeness !== null && indicator.completeness < 1 ? <p class="aside">{say.completenessMeaning}</p> : null}
      <dl class="parts">
        {parts.map((one) => (
          <div key={one.role}>
            <dt>
              <span class="aside">{one.role}</span> {one.label}
            </dt>
            <dd>
              {count(one.value)}
              {one.legs && can("view_coverage") ? (
                <Button small kind="quiet" aria-expanded={legs === one.legs} aria-label={say.detailsOf(one.label)} onClick={() => setLegs(legs === one.legs ? null : one.legs)}>
                  {say.details}
                </Button>
              ) : null}
            </dd>
          </div>
        ))}
      </dl>
      {shown?.legs ? <Drill title={say.detailsOf(shown.label)} scope={scope} legs={shown.legs} /> : null}
      {months.length ? <h3>{say.byMonth}</h3> : null}
      {months.length ? (
        <Table
          caption={say.byMonth}
          rows={months}
          keyOf={(month) => month.month}
          columns={[
            { key: "month", head: say.month, names: true, cell: (month) => `${month.month}${month.complete ? "" : say.runningMonth}` },
            ...(indicator
              ? [
                  { key: "value", head: indicator.label, numeric: true, cell: (month: Month) => shareOf(month, indicator.name) },
                  { key: "numerator", head: indicator.numeratorLabel, numeric: true, cell: (month: Month) => countOf(month, indicator.name, "numerator") },
                  { key: "denominator", head: indicator.denominatorLabel, numeric: true, cell: (month: Month) => countOf(month, indicator.name, "denominator") },
                ]
              : [{ key: "sent", head: say.sent, numeric: true, cell: (month: Month) => count(month.sent) }]),
          ]}
        />
      ) : null}
    </Dialog>
  );
}

function shareOf(month: Month, name: string): string {
  const found = month.indicators.find((one) => one.name === name);
  return found ? share(found.value, found.suppressed) : words().nothing;
}

function countOf(month: Month, name: string, part: "numerator" | "denominator"): string {
  const found = month.indicators.find((one) => one.name === name);
  return found ? count(found[part]) : words().nothing;
}
