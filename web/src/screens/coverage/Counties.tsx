import { query, setQuery } from "../../app/router";
import { Button, Empty, Table } from "../../kit";
import type { CountyReach, CoverageFiguresData } from "../../operations";
import { CountyCard } from "./CountyCard";
import { CountyMap, Patterns } from "./Map";
import { count } from "./numbers";
import type { Scope } from "./scope";
import { words } from "./words";

type Found = NonNullable<CoverageFiguresData["coverage"]>;

/** One county unit with its figures. */
export type County = Found["counties"][number];

/** One of the four levels. */
export type Level = Found["levels"][number];

interface Props {
  readonly scope: Scope;
  readonly counties: readonly County[];
  readonly levels: readonly Level[];
}

/** The map, its legend, and the same as a table: first the white spots, then any level that is chosen. */
export function Counties({ scope, counties, levels }: Props) {
  const say = words();
  const wanted = query.value.get("reach");
  const only = levels.find((one) => one.reach === wanted)?.reach ?? null;
  const chosen = query.value.get("county");
  const county = counties.find((one) => one.division.code === chosen);
  const choose = (code: string) => setQuery({ county: code === chosen ? null : code });
  return (
    <section class="panel geography" aria-labelledby="geography">
      <h2 id="geography">{say.map}</h2>
      <svg class="unseen" aria-hidden="true">
        <Patterns />
      </svg>
      <div class="map-side">
        <CountyMap counties={counties} levels={levels} only={only} chosen={chosen} onChoose={choose} />
        <p class="aside source">{say.mapSource}</p>
      </div>
      <div class="list-side stack">
        <Legend levels={levels} only={only} />
        {county ? <CountyCard scope={scope} county={county} levels={levels} onClose={() => setQuery({ county: null })} /> : null}
        <CountyTable counties={counties} levels={levels} only={only} every={wanted === "ALL"} ability={Boolean(scope.capability)} chosen={chosen} onChoose={choose} />
      </div>
    </section>
  );
}

function Legend({ levels, only }: { readonly levels: readonly Level[]; readonly only: CountyReach | null }) {
  const say = words();
  return (
    <div role="group" aria-label={say.legend} title={say.legendHint}>
      <ul class="legend plain">
        {levels.map((level) => (
          <li key={level.reach}>
            <button
              type="button"
              aria-pressed={only === level.reach}
              onClick={() => setQuery({ reach: only === level.reach ? null : level.reach })}
            >
              <svg class="swatch" viewBox="0 0 36 24" aria-hidden="true">
                <rect x="1" y="1" width="34" height="22" class={`county ${level.reach}`} fill={`url(#reach-${level.reach})`} />
              </svg>
              <span>
                <strong>{level.label}</strong> <span class="number">{say.counties(level.counties)}</span>
                <small>{level.definition}</small>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface TableProps {
  readonly counties: readonly County[];
  readonly levels: readonly Level[];
  readonly only: CountyReach | null;
  readonly every: boolean;
  /** Whether a capability is asked about, so that having it says something. */
  readonly ability: boolean;
  readonly chosen: string | null;
  readonly onChoose: (code: string) => void;
}

function CountyTable({ counties, levels, only, every, ability, chosen, onChoose }: TableProps) {
  const say = words();
  // The weakest level that has counties: where all have a member, those whose members are silent.
  const weakest = levels.find((one) => one.counties)?.reach ?? "NONE";
  const shown: CountyReach | null = every ? null : (only ?? weakest);
  const rows = counties.filter((one) => shown === null || one.reach === shown);
  const labelOf = new Map(levels.map((one) => [one.reach, one.label]));
  const title = shown === null ? say.allLevels : shown === "NONE" ? say.blank : say.onlyLevel(labelOf.get(shown) ?? "");
  const noBlank = !every && !only && weakest !== "NONE";
  return (
    <div class="counties stack">
      <div class="row spread">
        <h3>
          {title} <span class="aside">{say.counties(rows.length)}</span>
        </h3>
        <Button small kind="quiet" onClick={() => setQuery({ reach: every ? null : "ALL" })}>
          {every ? say.weakest : say.allLevels}
        </Button>
      </div>
      {noBlank ? (
        <p class="aside">
          ✓ {say.noBlank}{say.colon}{say.noBlankHint}
        </p>
      ) : null}
      {rows.length ? (
        <Table
          caption={title}
          rows={rows}
          keyOf={(row) => row.division.code}
          columns={[
            {
              key: "county",
              head: say.county,
              names: true,
              cell: (row) => (
                <button type="button" class="link" aria-pressed={row.division.code === chosen} onClick={() => onChoose(row.division.code)}>
                  {row.division.name}
                </button>
              ),
            },
            { key: "prefecture", head: say.prefecture, cell: (row) => row.division.parent?.name ?? "" },
            ...(every ? [{ key: "level", head: say.level, cell: (row: County) => labelOf.get(row.reach) ?? "" }] : []),
            { key: "members", head: say.members, numeric: true, cell: (row) => row.members },
            ...(ability ? [{ key: "ability", head: say.ability, cell: (row: County) => (row.hasCapability ? say.has : say.hasNot) }] : []),
            { key: "sent", head: say.sentFrom, numeric: true, cell: (row) => count(row.sent) },
            { key: "served", head: say.served, numeric: true, cell: (row) => count(row.served) },
          ]}
        />
      ) : (
        <Empty title={shown === "NONE" ? say.noBlank : say.noneHere}>{shown === "NONE" ? say.noBlankHint : say.noneHereHint}</Empty>
      )}
    </div>
  );
}
