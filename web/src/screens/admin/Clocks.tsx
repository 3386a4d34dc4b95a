import { useState } from "preact/hooks";
import { query, setQuery } from "../../app/router";
import { Badge, Banner, Button, date, Loading, Select, Table, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { can, me } from "../../net/session";
import { type ClockRuleShownFragment, ClockRules, type ClockRulesData } from "../../operations";
import { Frame } from "./Frame";
import { kindNames } from "./kinds";
import { RuleDialog } from "./RuleDialog";
import { words } from "./words";

type Rung = ClockRulesData["escalationLadder"][number];

/** The limits that hold and who is reminded of them; an alliance's administrator sets its own targets. */
export default function ClocksScreen() {
  const say = words();
  const { data, problem, reload } = useRead(ClockRules, {});
  const [setting, setSetting] = useState(false);
  const [made, setMade] = useState<ClockRuleShownFragment | null>(null);
  const kind = query.value.get("kind") ?? "";
  const places = new Set(me.value?.roles.map((role) => role.hospital?.id));
  const led = data?.alliances.filter((one) => places.has(one.lead.id)) ?? [];
  const kinds = kindNames(data?.clocks ?? []);
  const rules = data?.clocks.filter((one) => !kind || one.kind === kind);
  const action =
    can("set_clock_rule") && led.length ? (
      <Button kind="primary" onClick={() => setSetting(true)}>
        {say.setRule}
      </Button>
    ) : null;
  return (
    <Frame title={say.clocksTitle} lead={say.clocksLead} action={action}>
      <Trouble problem={problem} retry={() => void reload()} />
      {!data && !problem ? <Loading /> : null}
      {made ? <Banner tone="good">{say.ruleSet(kinds.get(made.kind) ?? made.label, say.minutes(String(made.targetMinutes)), date(made.validFrom))}</Banner> : null}
      {rules ? (
        <>
          <div class="filters">
            <Select
              label={say.only}
              empty={say.allRules}
              value={kind}
              options={[...kinds].map(([value, label]) => ({ value, label }))}
              onChange={(next) => setQuery({ kind: next })}
            />
          </div>
          <Table
            caption={say.clocksTitle}
            rows={rules}
            keyOf={(row) => row.id}
            columns={[
              { key: "label", head: say.limit, names: true, cell: (row) => row.label },
              { key: "priority", head: say.priority, cell: (row) => (row.priority ? say.priorities[row.priority] : say.everyPriority) },
              { key: "target", head: say.target, numeric: true, cell: (row) => say.minutes(row.targetMinutes.toLocaleString("en")) },
              { key: "calendar", head: say.calendar, cell: (row) => say.calendars[row.calendar] },
              { key: "holder", head: say.holder, cell: (row) => say.sides[row.holder] },
              {
                key: "for",
                head: say.alliance,
                cell: (row) =>
                  row.alliance ? <Badge tone="info">{row.alliance.name}</Badge> : row.emergency ? say.emergencyOf(row.emergency) : say.shipped,
              },
              { key: "source", head: say.source, cell: (row) => <span class="aside">{row.source}</span> },
            ]}
          />
        </>
      ) : null}
      {data ? <Ladder rungs={data.escalationLadder} /> : null}
      {setting && data ? (
        <RuleDialog
          alliances={led}
          kinds={[...kinds].map(([value, label]) => ({ value, label }))}
          onClose={() => setSetting(false)}
          done={(rule) => {
            setSetting(false);
            setMade(rule);
            void reload();
          }}
        />
      ) : null}
    </Frame>
  );
}

function Ladder({ rungs }: { readonly rungs: readonly Rung[] }) {
  const say = words();
  return (
    <section class="stack">
      <h2>{say.ladder}</h2>
      <p class="aside">{say.ladderLead}</p>
      <Table
        caption={say.ladder}
        rows={rungs}
        keyOf={(row) => row.id}
        columns={[
          { key: "priority", head: say.priority, names: true, cell: (row) => say.priorities[row.priority] },
          { key: "rung", head: say.rung, cell: (row) => say.rungs[row.rung] },
          { key: "after", head: say.after, cell: (row) => (row.afterMinutes < 0 ? say.beforeLimit(-row.afterMinutes) : say.afterLimit(row.afterMinutes)) },
          { key: "repeat", head: say.repeat, cell: (row) => say.everyMinutes(row.repeatMinutes) },
          { key: "quiet", head: say.quiet, cell: (row) => (row.quietFrom && row.quietTo ? `${row.quietFrom}–${row.quietTo}` : say.noQuiet) },
        ]}
      />
    </section>
  );
}
