import { query, setQuery } from "../../app/router";
import { type Option, Select, TextField } from "../../kit";
import { periodOf, PERIODS, type Scope, today } from "./scope";
import { words } from "./words";

interface Props {
  readonly scope: Scope;
  readonly alliances: readonly { readonly code: string; readonly name: string }[];
  readonly capabilities: readonly { readonly code: string; readonly label: string }[];
}

/** What the figures are counted over; every choice goes into the address, so that it can be sent to somebody. */
export function Filters({ scope, alliances, capabilities }: Props) {
  const say = words();
  const period = periodOf(query.value);
  const periods: Option[] = [...PERIODS.map((days) => ({ value: days, label: say.days(days) })), { value: "own", label: say.ownPeriod }];
  return (
    <div class="filters no-print">
      <Select
        label={say.alliance}
        value={scope.alliance}
        options={alliances.map(({ code, name }) => ({ value: code, label: name }))}
        onChange={(alliance) => setQuery({ alliance })}
      />
      <Select
        label={say.capability}
        value={scope.capability ?? ""}
        empty={say.everyCapability}
        options={capabilities.map(({ code, label }) => ({ value: code, label }))}
        onChange={(capability) => setQuery({ capability })}
      />
      <Select
        label={say.period}
        value={period}
        empty={say.days("90")}
        options={periods.filter((one) => one.value !== "90" || period === "90")}
        onChange={(next) =>
          setQuery(
            next === "own"
              ? { period: next, since: today(90), until: today() }
              : { period: next === "90" ? null : next, since: null, until: null },
          )
        }
      />
      {period === "own" ? (
        <>
          <TextField label={say.since} type="date" value={scope.since ?? ""} max={scope.until} onChange={(since) => setQuery({ since })} />
          <TextField label={say.until} type="date" value={scope.until ?? ""} min={scope.since} max={today()} onChange={(until) => setQuery({ until })} />
        </>
      ) : null}
    </div>
  );
}
