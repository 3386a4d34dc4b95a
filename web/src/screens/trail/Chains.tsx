import { Badge, Banner, dateTime, Empty, Loading, Table, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { TrailChains, type TrailChainsData } from "../../operations";
import { words } from "./words";

type Chain = TrailChainsData["auditChains"][number];

/** Whether the trail is proven unaltered: a sentence, and each chain when it is opened. */
export function Chains() {
  const say = words();
  const { data, problem, busy, reload } = useRead(TrailChains, {});
  const chains = data?.auditChains;
  const broken = chains?.filter((one) => one.state === "BROKEN") ?? [];
  return (
    <section class="panel stack" aria-labelledby="chains">
      <h2 id="chains">{say.chains}</h2>
      <Trouble problem={problem} retry={() => void reload()} />
      {!chains && busy ? <Loading /> : null}
      {chains && !chains.length ? <Empty title={say.noChains}>{say.noChainsHint}</Empty> : null}
      {broken.length ? (
        <>
          <Banner tone="bad">{say.broken(broken.length)}</Banner>
          <List chains={broken} />
        </>
      ) : null}
      {chains?.length ? (
        <details>
          <summary>{broken.length ? say.chains : say.allIntact(chains.length, lastOf(chains) || say.never)}</summary>
          <List chains={chains} />
        </details>
      ) : null}
    </section>
  );
}

function lastOf(chains: readonly Chain[]): string {
  const times = chains.flatMap((one) => one.verifiedAt ?? []).sort();
  return times[0] ? dateTime(times[0]) : ""; // the one that waited longest speaks for all
}

function List({ chains }: { readonly chains: readonly Chain[] }) {
  const say = words();
  const upTo = (sequence: number, at: string | null) => (at ? `${say.at(sequence)} · ${dateTime(at)}` : say.never);
  return (
    <Table
      caption={say.chains}
      rows={chains}
      keyOf={(row) => row.id}
      columns={[
        { key: "chain", head: say.chain, names: true, cell: (row) => row.hospital?.name ?? say.chainNames[row.chain] ?? row.chain },
        {
          key: "state",
          head: say.state,
          cell: (row) => (
            <>
              <Badge tone={row.state === "INTACT" ? "good" : "bad"}>{say.states[row.state]}</Badge>{" "}
              {row.fault ? `${say.faults[row.fault] ?? row.fault} · ${row.faultSequence === null ? "" : say.at(row.faultSequence)}` : null}
            </>
          ),
        },
        { key: "sealed", head: say.sealed, cell: (row) => upTo(row.sealedSequence, row.sealedAt) },
        { key: "verified", head: say.verified, cell: (row) => upTo(row.verifiedSequence, row.verifiedAt) },
      ]}
    />
  );
}
