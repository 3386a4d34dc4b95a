import { useState } from "preact/hooks";
import { href } from "../../app/router";
import { Button, Empty, Loading, Table, Trouble, When } from "../../kit";
import { useRead } from "../../net/hooks";
import { type CountedLegs, CountedReferrals } from "../../operations";
import type { Scope } from "./scope";
import { words } from "./words";

interface Props {
  readonly title: string;
  readonly scope: Scope;
  readonly legs: CountedLegs;
  readonly origin?: string | undefined;
  readonly destination?: string | undefined;
  readonly hospital?: string | undefined;
}

const [PAGE, MOST] = [20, 100];

/** The referrals behind a figure, as far as the reader may see them anyway; says so when there is none for them. */
export function Drill({ title, scope, ...which }: Props) {
  const say = words();
  const [first, setFirst] = useState(PAGE);
  const { data, problem, busy, reload } = useRead(CountedReferrals, { ...scope, ...which, first }, { keep: true });
  const found = data?.countedReferrals;
  return (
    <section class="drill stack" aria-label={title}>
      <h3>
        {title}
        {found?.totalCount ? <span class="aside"> {say.visible(`${found.totalCount}${found.totalCountIsCapped ? "+" : ""}`)}</span> : null}
      </h3>
      <Trouble problem={problem} retry={() => void reload()} />
      {!found && busy ? <Loading /> : null}
      {found && !found.totalCount ? <Empty title={say.countsOnly}>{say.countsOnlyHint}</Empty> : null}
      {found?.totalCount ? (
        <Table
          caption={title}
          rows={found.nodes}
          keyOf={(leg) => leg.id}
          columns={[
            { key: "number", head: say.number, names: true, cell: (leg) => <a href={href(`/case/${leg.case.id}`)}>{leg.number}</a> },
            { key: "way", head: say.fromTo, cell: (leg) => `${leg.requesterHospital.name} → ${leg.performerHospital?.name ?? say.unassigned}` },
            { key: "need", head: say.need, cell: (leg) => leg.neededCapability?.label ?? say.nothing },
            { key: "sent", head: say.sentAt, cell: (leg) => (leg.sentAt ? <When at={leg.sentAt} /> : say.nothing) },
          ]}
        />
      ) : null}
      {found?.pageInfo.hasNextPage && first < MOST ? (
        <Button small busy={busy} onClick={() => setFirst(first + PAGE)}>
          {say.more}
        </Button>
      ) : null}
      {found?.pageInfo.hasNextPage && first >= MOST ? <p class="aside">{say.firstHundred}</p> : null}
    </section>
  );
}
