import { useState } from "preact/hooks";
import { query, setQuery } from "../../app/router";
import { Ago, Badge, Button, Empty, Loading, Select, Table, toast, Trouble, When } from "../../kit";
import { useAct, useRead } from "../../net/hooks";
import type { Problem } from "../../net/problem";
import { can } from "../../net/session";
import { type Channel, Deliveries, type DeliveryRowFragment, type DeliveryState, ResendDelivery } from "../../operations";
import { words } from "./words";

const STATES: readonly DeliveryState[] = ["DEAD", "PENDING", "SENT", "WITHDRAWN"];
const CHANNELS: readonly Channel[] = ["WEBHOOK", "EMAIL", "SMS", "WECOM"];
const TONES = { DEAD: "bad", PENDING: "info", SENT: "good", WITHDRAWN: "plain" } as const;
const [PAGE, MOST] = [20, 100];

/** What was to leave the house for the hospital: first what was given up, which can be sent again. */
export function DeliveryList() {
  const say = words();
  const wanted = query.value.get("state") ?? "DEAD";
  const state = STATES.find((one) => one === wanted);
  const channel = CHANNELS.find((one) => one === query.value.get("channel"));
  const [first, setFirst] = useState(PAGE);
  const { data, problem, busy, reload, set } = useRead(
    Deliveries,
    { first, ...(state ? { state: [state] } : {}), ...(channel ? { channel: [channel] } : {}) },
    { keep: true },
  );
  const { act, busy: sending } = useAct(ResendDelivery);
  const [refused, setRefused] = useState<Problem | null>(null);
  const rows = data?.deliveries.nodes;

  async function resend(row: DeliveryRowFragment) {
    const answer = await act({ id: row.id });
    setRefused(answer.ok ? null : answer.problem);
    if (!answer.ok) return void (answer.problem.code === "INVALID_STATE" && reload());
    toast(say.resent);
    const now = answer.data.resendDelivery?.delivery;
    if (now) set(({ deliveries }) => ({ deliveries: { ...deliveries, nodes: deliveries.nodes.map((one) => (one.id === now.id ? now : one)) } }));
  }

  return (
    <section class="panel stack">
      <h2>{say.deliveries}</h2>
      <div class="filters">
        <Select
          label={say.state}
          value={state === "DEAD" ? "" : (state ?? "ALL")}
          empty={say.states.DEAD}
          options={[...STATES.slice(1).map((one) => ({ value: one as string, label: say.states[one] })), { value: "ALL", label: say.everyState }]}
          onChange={(next) => setQuery({ state: next })}
        />
        <Select
          label={say.channel}
          value={channel ?? ""}
          empty={say.everyChannel}
          options={CHANNELS.map((one) => ({ value: one, label: say.channels[one] }))}
          onChange={(next) => setQuery({ channel: next })}
        />
      </div>
      <Trouble problem={problem} retry={() => void reload()} />
      <Trouble problem={refused} />
      {!rows && busy ? <Loading /> : null}
      {rows && !rows.length ? <Empty title={state === "DEAD" ? say.noDead : say.noDeliveries}>{state === "DEAD" ? say.noDeadHint : null}</Empty> : null}
      {rows?.length ? (
        <Table
          caption={say.deliveries}
          rows={rows}
          keyOf={(row) => row.id}
          columns={[
            { key: "when", head: say.when, names: true, cell: (row) => <When at={row.createdAt} /> },
            { key: "step", head: say.step, cell: (row) => <code>{row.kind}</code> },
            { key: "to", head: say.receiver, cell: (row) => `${say.channels[row.channel]} · ${row.endpoint?.name ?? row.person?.name ?? ""}` },
            { key: "state", head: say.state, cell: (row) => <Badge tone={TONES[row.state]}>{say.states[row.state]}</Badge> },
            {
              key: "attempts",
              head: say.attempts,
              numeric: true,
              cell: (row) => say.times(row.attempts),
            },
            { key: "error", head: say.error, cell: (row) => (row.sentAt ? <Ago at={row.sentAt} /> : row.lastError) },
            ...(can("resend_delivery")
              ? [
                  {
                    key: "act",
                    head: say.act,
                    cell: (row: DeliveryRowFragment) =>
                      row.state === "DEAD" && !row.endpoint?.deactivatedAt ? (
                        <Button small busy={sending} aria-label={say.resendOf(row.kind)} onClick={() => void resend(row)}>
                          {say.resend}
                        </Button>
                      ) : null,
                  },
                ]
              : []),
          ]}
        />
      ) : null}
      {data?.deliveries.pageInfo.hasNextPage && first < MOST ? (
        <Button small busy={busy} onClick={() => setFirst(first + PAGE)}>
          {say.more}
        </Button>
      ) : null}
    </section>
  );
}
