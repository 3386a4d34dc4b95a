import { query, setQuery } from "../../app/router";
import { Choices, Empty, Loading, Table, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { CoverageHospitals, type CoverageHospitalsData, type FlowEnd } from "../../operations";
import { count, share } from "./numbers";
import type { Scope } from "./scope";
import { words } from "./words";

type Row = NonNullable<CoverageHospitalsData["coverage"]>["breakdown"][number];

/** The same indicators hospital by hospital, the busiest first. */
export function Hospitals({ scope }: { readonly scope: Scope }) {
  const say = words();
  const end: FlowEnd = query.value.get("end") === "ORIGIN" ? "ORIGIN" : "DESTINATION";
  const { data, problem, busy, reload } = useRead(CoverageHospitals, { ...scope, end });
  const rows = data?.coverage?.breakdown;
  return (
    <>
      <Choices
        label={say.end}
        value={end}
        options={[
          { value: "DESTINATION", label: say.atDestination },
          { value: "ORIGIN", label: say.atOrigin },
        ]}
        onChange={(next) => setQuery({ end: next === "ORIGIN" ? next : null })}
      />
      <Trouble problem={problem} retry={() => void reload()} />
      {!rows && busy ? <Loading /> : null}
      {rows && !rows.length ? <Empty title={say.noHospitals}>{say.noFlowsHint}</Empty> : null}
      {rows?.length ? (
        <Table
          caption={say.hospitals}
          rows={rows}
          keyOf={(row) => row.hospital.id}
          columns={[
            {
              key: "hospital",
              head: say.hospital,
              names: true,
              cell: (row) => (
                <>
                  {row.hospital.name} <span class="aside">{row.hospital.division.name}</span>
                </>
              ),
            },
            { key: "sent", head: say.legs, numeric: true, cell: (row) => count(row.sent) },
            ...(rows[0]?.indicators ?? []).map(({ name, label }) => ({
              key: name,
              head: label,
              numeric: true,
              cell: (row: Row) => <Share of={row.indicators.find((one) => one.name === name)} />,
            })),
          ]}
        />
      ) : null}
    </>
  );
}

function Share({ of }: { readonly of: Row["indicators"][number] | undefined }) {
  if (!of) return <>{words().nothing}</>;
  return (
    <>
      {share(of.value, of.suppressed)} <span class="aside">{of.denominator ? `${count(of.numerator)}/${count(of.denominator)}` : ""}</span>
    </>
  );
}
