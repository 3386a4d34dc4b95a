import { query, setQuery } from "../../app/router";
import { Badge, Choices, Empty, Loading, Table, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { type AttainmentGrouping, LimitsMet, LimitsNear } from "../../operations";
import { kindNames } from "../admin/kinds";
import { count, minutes, share } from "./numbers";
import type { Scope } from "./scope";
import { words } from "./words";

const GROUPINGS: readonly AttainmentGrouping[] = ["KIND", "HOSPITAL", "HOUR"];

/** How limits were met in the period, and what is missed now or will be within the hour. */
export function Limits({ scope }: { readonly scope: Scope }) {
  const say = words();
  const by = GROUPINGS.find((one) => one === query.value.get("by")) ?? "KIND";
  const { alliance, since, until } = scope;
  const { data, problem, busy, reload } = useRead(LimitsMet, { alliance, since, until, by });
  const rows = data?.attainment;
  const labels = kindNames(data?.clocks ?? []);
  const nameOf = (group: string) => (by === "KIND" ? (labels.get(group) ?? group) : by === "HOUR" ? say.hour(group) : group);
  return (
    <>
      <Choices
        label={say.grouping}
        value={by}
        options={[
          { value: "KIND", label: say.byKind },
          { value: "HOSPITAL", label: say.byHospital },
          { value: "HOUR", label: say.byHour },
        ]}
        onChange={(next) => setQuery({ by: next === "KIND" ? null : next })}
      />
      <Trouble problem={problem} retry={() => void reload()} />
      {!rows && busy ? <Loading /> : null}
      {rows && !rows.length ? <Empty title={say.noLimits}>{say.noFlowsHint}</Empty> : null}
      {rows?.length ? (
        <Table
          caption={say.limits}
          rows={rows}
          keyOf={(row) => row.group}
          columns={[
            { key: "group", head: say.group, names: true, cell: (row) => nameOf(row.group) },
            { key: "rate", head: say.rate, numeric: true, cell: (row) => share(row.share, row.suppressed) },
            { key: "met", head: say.met, numeric: true, cell: (row) => `${count(row.numerator)} / ${count(row.denominator)}` },
            { key: "median", head: say.median, numeric: true, cell: (row) => minutes(row.medianMinutes) },
            { key: "p90", head: say.p90, numeric: true, cell: (row) => minutes(row.p90Minutes) },
            { key: "complete", head: say.complete, numeric: true, cell: (row) => share(row.completeness) },
          ]}
        />
      ) : null}
      <Near alliance={alliance} />
    </>
  );
}

function Near({ alliance }: { readonly alliance: string }) {
  const say = words();
  const { data, problem, busy, reload } = useRead(LimitsNear, { alliance });
  const rows = data?.breachForecast.filter((one) => one.breached !== 0 || one.breaching !== 0);
  const labels = kindNames(data?.clocks ?? []);
  return (
    <section class="stack">
      <h3>{say.near}</h3>
      <Trouble problem={problem} retry={() => void reload()} />
      {!data && busy ? <Loading /> : null}
      {rows && !rows.length ? <Empty title={say.noNear} /> : null}
      {rows?.length ? (
        <Table
          caption={say.near}
          rows={rows}
          keyOf={(row) => `${row.hospital?.id ?? ""} ${row.kind}`}
          columns={[
            { key: "hospital", head: say.hospital, names: true, cell: (row) => row.hospital?.name ?? say.unassigned },
            { key: "kind", head: say.limits, cell: (row) => labels.get(row.kind) ?? row.kind },
            { key: "breached", head: say.breached, numeric: true, cell: (row) => (row.breached === 0 ? "0" : <Badge tone="bad">{count(row.breached)}</Badge>) },
            { key: "breaching", head: say.breaching, numeric: true, cell: (row) => (row.breaching === 0 ? "0" : <Badge tone="warn">{count(row.breaching)}</Badge>) },
          ]}
        />
      ) : null}
    </section>
  );
}
