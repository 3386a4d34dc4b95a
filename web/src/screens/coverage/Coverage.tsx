import { useState } from "preact/hooks";
import { query, setQuery } from "../../app/router";
import { Banner, Button, Empty, Loading, Tabs, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { CoverageChoices, CoverageFigures } from "../../operations";
import { Counties } from "./Counties";
import { ExportDialog } from "./Export";
import { Filters } from "./Filters";
import { Flows } from "./Flows";
import { Hospitals } from "./Hospitals";
import { Limits } from "./Limits";
import { Members } from "./Members";
import { readable, type Scope, scopeOf } from "./scope";
import "./style.css";
import { Tiles } from "./Tiles";
import { words } from "./words";

const VIEWS = ["flows", "hospitals", "limits", "members"] as const;

/** Where an alliance reaches and where it is blind, for a capability and a period; all of it in the address. */
export default function CoverageScreen() {
  const say = words();
  const { data, problem, reload } = useRead(CoverageChoices, {});
  const alliances = readable(data?.alliances ?? []);
  const scope = scopeOf(query.value, alliances);
  return (
    <div class="coverage stack">
      <h1>{say.title}</h1>
      <Trouble problem={problem} retry={() => void reload()} />
      {!data && !problem ? <Loading /> : null}
      {data && !scope ? <Empty title={say.noAlliance}>{say.noAllianceHint}</Empty> : null}
      {data && scope ? (
        <>
          <Filters scope={scope} alliances={alliances} capabilities={data.concepts.nodes} />
          <Figures scope={scope} />
        </>
      ) : null}
    </div>
  );
}

function Figures({ scope }: { readonly scope: Scope }) {
  const say = words();
  const { data, problem, busy, reload } = useRead(CoverageFigures, scope, { keep: true });
  const figures = data?.coverage;
  const [exporting, setExporting] = useState(false);
  const view = VIEWS.find((one) => one === query.value.get("view")) ?? "flows";
  return (
    <>
      <Trouble problem={problem} retry={() => void reload()} />
      {!figures && busy ? <Loading /> : null}
      {figures ? (
        <div class="stack" aria-busy={busy}>
          <div class="row spread counted">
            <p class="aside" role="status">
              {busy ? say.refreshing : say.counted(figures.since, figures.until)}
            </p>
            <Button small aria-haspopup="dialog" onClick={() => setExporting(true)}>
              {say.export}
            </Button>
          </div>
          {figures.suppressed ? <Banner>{say.suppressedNote}</Banner> : null}
          <Tiles scope={scope} sent={figures.sent} indicators={figures.indicators} />
          <Counties scope={scope} counties={figures.counties} levels={figures.levels} />
          <section class="panel views">
            <Tabs
              label={say.views}
              tabs={[
                { value: "flows", label: say.flows },
                { value: "hospitals", label: say.hospitals },
                { value: "limits", label: say.limits },
                { value: "members", label: say.memberLevels },
              ]}
              value={view}
              onChange={(next) => setQuery({ view: next === "flows" ? null : next })}
            >
              {view === "flows" ? <Flows scope={scope} /> : null}
              {view === "hospitals" ? <Hospitals scope={scope} /> : null}
              {view === "limits" ? <Limits scope={scope} /> : null}
              {view === "members" ? <Members levels={figures.membersByLevel} alliance={scope.alliance} /> : null}
            </Tabs>
          </section>
          {exporting ? <ExportDialog scope={scope} since={figures.since} until={figures.until} onClose={() => setExporting(false)} /> : null}
        </div>
      ) : null}
    </>
  );
}
