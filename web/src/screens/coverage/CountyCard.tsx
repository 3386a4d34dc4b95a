import { useState } from "preact/hooks";
import { Badge, Button, Dialog, Loading, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { can } from "../../net/session";
import { type CountedLegs, CountyMembers } from "../../operations";
import type { County, Level } from "./Counties";
import { Drill } from "./Drill";
import { count } from "./numbers";
import type { Scope } from "./scope";
import { words } from "./words";

interface Props {
  readonly scope: Scope;
  readonly county: County;
  readonly levels: readonly Level[];
  readonly onClose: () => void;
}

/** What is known of one county: its level and why, its member hospitals, what was sent and what became of it. */
export function CountyCard({ scope, county, levels, onClose }: Props) {
  const say = words();
  const [legs, setLegs] = useState<CountedLegs | null>(null);
  const level = levels.find((one) => one.reach === county.reach);
  const { code, name, parent } = county.division;
  const members = useRead(CountyMembers, { alliance: scope.alliance, division: code });
  const figures: readonly { readonly label: string; readonly value: number | null; readonly legs: CountedLegs }[] = [
    { label: say.sentFrom, value: county.sent, legs: "SENT" },
    { label: say.served, value: county.served, legs: "SERVED" },
  ];
  const shown = figures.find((one) => one.legs === legs);
  return (
    <section class="county-card" aria-label={say.countyFigures(name)}>
      <div class="row spread">
        <h3>
          {name} <span class="aside">{parent?.name}</span>
        </h3>
        <Button small kind="quiet" onClick={onClose}>
          {say.close}
        </Button>
      </div>
      <p>
        <Badge tone={county.reach === "NONE" ? "bad" : county.reach === "SERVED" ? "good" : "info"}>{level?.label}</Badge>{" "}
        <span class="aside">{level?.definition}</span>
      </p>
      <dl class="county-figures">
        {figures.map((one) => (
          <div key={one.legs}>
            <dt>{one.label}</dt>
            <dd>
              {count(one.value)}
              {can("view_coverage") && one.value !== 0 ? (
                <Button small kind="quiet" aria-haspopup="dialog" aria-label={say.detailsOf(`${name} ${one.label}`)} onClick={() => setLegs(one.legs)}>
                  {say.details}
                </Button>
              ) : null}
            </dd>
          </div>
        ))}
        {scope.capability ? (
          <div>
            <dt>{say.ability}</dt>
            <dd>{county.hasCapability ? say.has : say.hasNot}</dd>
          </div>
        ) : null}
      </dl>
      <Trouble problem={members.problem} retry={() => void members.reload()} />
      {members.busy && !members.data ? <Loading /> : null}
      {members.data && !members.data.hospitals.nodes.length ? (
        <p class="aside">
          <strong>{say.noMembers}</strong> {say.noMembersHint}
        </p>
      ) : null}
      <ul class="plain county-members">
        {members.data?.hospitals.nodes.map((one) => (
          <li key={one.id}>
            {one.name} {one.illustrative ? <Badge>{say.illustrative}</Badge> : null} {one.phone ? <a href={`tel:${one.phone}`}>{one.phone}</a> : null}
          </li>
        ))}
      </ul>
      {shown ? (
        <Dialog title={`${name} · ${shown.label}`} wide onClose={() => setLegs(null)}>
          <Drill title={say.detailsOf(shown.label)} scope={scope} legs={shown.legs} origin={code} />
        </Dialog>
      ) : null}
    </section>
  );
}
