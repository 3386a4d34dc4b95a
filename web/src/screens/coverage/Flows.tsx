import { useState } from "preact/hooks";
import { query, setQuery } from "../../app/router";
import { Choices, Dialog, Empty, Loading, Table, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { can } from "../../net/session";
import { CoverageFlows, type CoverageFlowsData, type FlowGrouping } from "../../operations";
import { Drill } from "./Drill";
import { count } from "./numbers";
import { shortName } from "./outlines";
import type { Scope } from "./scope";
import { words } from "./words";

type Flow = NonNullable<CoverageFlowsData["coverage"]>["flows"][number];

const GROUPINGS: readonly FlowGrouping[] = ["PREFECTURE", "LEVEL", "HOSPITAL"];
const [LISTED, STEPS] = [20, 5];

/** From where to where patients were referred: a matrix with the strong flows dark, and between hospitals a list. */
export function Flows({ scope }: { readonly scope: Scope }) {
  const say = words();
  const grouping = GROUPINGS.find((one) => one === query.value.get("flows")) ?? "PREFECTURE";
  const { data, problem, busy, reload } = useRead(CoverageFlows, { ...scope, grouping });
  const flows = data?.coverage?.flows;
  const [open, setOpen] = useState<Flow | null>(null);
  const drills = can("view_coverage") && grouping === "PREFECTURE";
  return (
    <>
      <Choices
        label={say.grouping}
        value={grouping}
        options={[
          { value: "PREFECTURE", label: say.byPrefecture },
          { value: "LEVEL", label: say.byLevel },
          { value: "HOSPITAL", label: say.byHospital },
        ]}
        onChange={(next) => setQuery({ flows: next === "PREFECTURE" ? null : next })}
      />
      <Trouble problem={problem} retry={() => void reload()} />
      {!flows && busy ? <Loading /> : null}
      {flows && !flows.length ? <Empty title={say.noFlows}>{say.noFlowsHint}</Empty> : null}
      {flows?.length && grouping === "HOSPITAL" ? <Ranking flows={flows} /> : null}
      {flows?.length && grouping !== "HOSPITAL" ? <Matrix flows={flows} levels={grouping === "LEVEL"} onOpen={drills ? setOpen : null} /> : null}
      {open ? (
        <Dialog title={say.flow(open.origin, open.destination, count(open.legs))} wide onClose={() => setOpen(null)}>
          <Drill title={say.legs} scope={scope} legs="SENT" origin={open.originCode} destination={open.destinationCode} />
        </Dialog>
      ) : null}
    </>
  );
}

interface MatrixProps {
  readonly flows: readonly Flow[];
  readonly levels: boolean;
  readonly onOpen: ((flow: Flow) => void) | null;
}

function Matrix({ flows, levels, onOpen }: MatrixProps) {
  const say = words();
  const most = Math.max(1, ...flows.map((one) => one.legs ?? 0));
  const cells = new Map(flows.map((one) => [`${one.originCode} ${one.destinationCode}`, one]));
  const origins = heads(flows.map((one) => [one.originCode, one.origin]));
  const destinations = heads(flows.map((one) => [one.destinationCode, one.destination]));
  const nameOf = (code: string, name: string) => (levels ? (say.levels[code as keyof typeof say.levels] ?? name) : shortName(name));
  return (
    <div class="matrix" role="region" aria-label={say.matrix} tabIndex={0}>
      <table>
        <caption class="aside">{say.matrix}</caption>
        <thead>
          <tr>
            <td />
            {destinations.map(([code, name]) => (
              <th key={code} scope="col">
                {nameOf(code, name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {origins.map(([from, name]) => (
            <tr key={from}>
              <th scope="row">{nameOf(from, name)}</th>
              {destinations.map(([to]) => {
                const flow = cells.get(`${from} ${to}`);
                if (!flow) return <td key={to} class="none">0</td>;
                const legs = count(flow.legs);
                return (
                  <td key={to} class={`heat-${flow.legs === null ? 1 : Math.ceil((flow.legs / most) * STEPS)}`}>
                    {onOpen ? (
                      <button type="button" aria-haspopup="dialog" aria-label={say.flow(flow.origin, flow.destination, legs)} onClick={() => onOpen(flow)}>
                        {legs}
                      </button>
                    ) : (
                      legs
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const LEVELS = ["PROVINCE", "CITY", "COUNTY"];

/** Each code once with its name: levels from above, divisions by code. */
function heads(pairs: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] {
  return [...new Map(pairs)].sort(([one], [other]) => LEVELS.indexOf(one) - LEVELS.indexOf(other) || one.localeCompare(other));
}

function Ranking({ flows }: { readonly flows: readonly Flow[] }) {
  const say = words();
  const most = Math.max(1, ...flows.map((one) => one.legs ?? 0));
  return (
    <>
      {flows.length > LISTED ? <p class="aside">{say.strongest(LISTED, flows.length)}</p> : null}
      <Table
        caption={say.flows}
        rows={flows.slice(0, LISTED)}
        keyOf={(flow) => `${flow.originCode} ${flow.destinationCode}`}
        columns={[
          { key: "origin", head: say.origin, names: true, cell: (flow) => flow.origin },
          { key: "destination", head: say.destination, cell: (flow) => flow.destination },
          { key: "legs", head: say.legs, numeric: true, cell: (flow) => count(flow.legs) },
          { key: "bar", head: <span class="unseen">{say.legs}</span>, cell: (flow) => <Bar part={(flow.legs ?? 0) / most} /> },
        ]}
      />
    </>
  );
}

/** A length beside a number, for the eye alone. */
function Bar({ part }: { readonly part: number }) {
  return (
    <svg class="length" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect width={part * 100} height="8" rx="1" />
    </svg>
  );
}
