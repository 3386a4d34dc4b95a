/** Calls of the green channel that reached us: who needs what, how long we have, and our answer in one press. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useKeys } from "../../app/keys";
import { query, setQuery } from "../../app/router";
import { Badge, Button, Choices, Clock, Dialog, Empty, Loading, toast, Trouble } from "../../kit";
import { allowed } from "../../kit/sound";
import { call } from "../../net/client";
import { useAct, useRead } from "../../net/hooks";
import { useLive } from "../../net/live";
import { me } from "../../net/session";
import { type AskedOfferFragment, AskedOfferChanged, AskedOffers, OfferRead } from "../../operations";
import { language } from "../../words";
import { Answer } from "./Answer";
import { Detail } from "./Detail";
import { calling } from "./sound";
import "./style.css";
import { words } from "./words";

/** Our answers, by key: each a step of an offer. */
export const ANSWERS = { offerPlace: "a", negotiateOffer: "i", declineOffer: "r", confirmPhoneAnswer: "c" } as const;

export default function Offers() {
  const say = words();
  const all = query.value.get("show") === "all";
  const { data, problem, reload, set } = useRead(AskedOffers, { open: all ? null : true }, { keep: true });
  const chosen = query.value.get("at") ?? "";
  const [doing, setDoing] = useState("");
  const [heard, setHeard] = useState("");
  const read = useAct(OfferRead);
  const mine = useMemo(() => new Set(me.value?.roles.map((one) => one.hospital?.id)), [me.value]);
  const rows = (data?.offers.nodes ?? []).filter((one) => mine.has(one.performerHospital?.id)).sort(byUrgency);
  const offer = rows.find((one) => one.id === chosen) ?? null;
  const page = data?.offers.pageInfo;

  function put(next: AskedOfferFragment): void {
    set(({ offers }) => {
      const known = offers.nodes.some((one) => one.id === next.id);
      const nodes = known ? offers.nodes.map((one) => (one.id === next.id ? next : one)) : [next, ...offers.nodes];
      return { offers: { ...offers, nodes } };
    });
  }

  useLive(
    AskedOfferChanged,
    {},
    {
      next: ({ offersChanged: { offer: next, event } }) => {
        if (!mine.has(next.performerHospital?.id)) return;
        const fresh = next.status === "ASKED" && !rows.some((one) => one.id === next.id);
        put(next);
        setHeard(`${next.kind?.label ?? ""} ${next.requesterHospital.name} ${event.label}`);
        if (fresh) calling.ring();
      },
      gap: () => void reload(),
    },
    { inHiding: true },
  );

  /** Opening a call is reading it; the sender sees that. */
  async function open(one: AskedOfferFragment) {
    setQuery({ at: one.id });
    if (!one.availableActions.some((each) => each.action === "readOffer" && each.allowed)) return;
    const answer = await read.act({ id: one.id, expectedVersion: one.version });
    const next = answer.ok ? answer.data.readOffer?.offer : null;
    if (next) put(next);
    else if (!answer.ok && ["STALE_VERSION", "INVALID_STATE"].includes(answer.problem.code)) void reload();
  }

  const seen = useRef({ rows, offer, open, begin: (_: string) => {} });
  seen.current = { rows, offer, open, begin };
  function begin(action: string): void {
    if (offer?.availableActions.some((one) => one.action === action && one.allowed)) setDoing(action);
  }
  const tongue = language.value;
  useKeys(
    useMemo(() => {
      const speak = words();
      const step = (by: number) => {
        const { rows: list, offer: at } = seen.current;
        const next =
          list[Math.max(0, Math.min(list.length - 1, (at ? list.indexOf(at) : by > 0 ? -1 : list.length) + by))];
        if (next) void seen.current.open(next);
      };
      return [
        { keys: "j", does: speak.next, run: () => step(1) },
        { keys: "k", does: speak.previous, run: () => step(-1) },
        ...(Object.entries(ANSWERS) as [keyof typeof ANSWERS, string][]).map(([action, keys]) => ({
          keys,
          does: speak.does[action],
          run: () => seen.current.begin(action),
        })),
        { keys: "m", does: speak.soundKey, run: calling.turn },
      ];
    }, [tongue]),
  );

  // Whoever comes by an address that names a call has opened it.
  const came = useRef(false);
  useEffect(() => {
    if (came.current || !data) return;
    came.current = true;
    if (offer) void open(offer);
  }, [data]);

  const row = useRef<HTMLUListElement>(null);
  useEffect(() => row.current?.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" }), [chosen]);

  async function more() {
    const answer = await call(AskedOffers, { open: all ? null : true, after: page?.endCursor ?? null });
    if (answer.ok)
      set((before) => ({
        offers: { ...answer.data.offers, nodes: [...before.offers.nodes, ...answer.data.offers.nodes] },
      }));
  }

  const waiting = rows.filter((one) => ["ASKED", "READ", "NEGOTIATING"].includes(one.status)).length;
  return (
    <div class="answering stack">
      <div class="row spread">
        <h1>{say.title}</h1>
        <p class="aside" role="status">
          {data ? say.waiting(waiting) : ""}
        </p>
        <div class="row">
          <Choices
            label={say.show}
            value={all ? "all" : "open"}
            onChange={(one) => setQuery({ show: one === "all" ? "all" : null, at: null })}
            options={[
              { value: "open", label: say.openOnly },
              { value: "all", label: say.everything },
            ]}
          />
          <Button small aria-pressed={calling.on.value} onClick={calling.turn}>
            {calling.on.value ? say.soundOn : say.soundOff}
          </Button>
        </div>
      </div>
      {calling.on.value && !allowed.value ? <p class="aside">{say.touch}</p> : null}
      <p class="unseen" aria-live="assertive">
        {heard}
      </p>
      <Trouble problem={problem} retry={() => void reload()} />
      {!data && !problem ? <Loading /> : null}
      {data && !rows.length ? <Empty title={all ? say.none : say.noneOpen}>{say.noneHint}</Empty> : null}
      <div class="desk">
        <ul class="plain asked" ref={row} aria-label={say.title}>
          {rows.map((one) => (
            <li key={one.id}>
              <Line offer={one} current={one.id === chosen} open={() => void open(one)} />
              {one.id === chosen ? (
                <div class="inline">
                  <Detail offer={one} begin={setDoing} />
                </div>
              ) : null}
            </li>
          ))}
        </ul>
        <div class="beside">
          {offer ? (
            <Detail offer={offer} begin={setDoing} keys />
          ) : rows.length ? (
            <p class="aside">{say.pick}</p>
          ) : null}
        </div>
      </div>
      {page?.hasNextPage ? (
        <div>
          <Button onClick={() => void more()}>{say.more}</Button>
        </div>
      ) : null}
      {offer && doing ? (
        <Dialog title={say.does[doing as keyof typeof ANSWERS]} onClose={() => setDoing("")}>
          <Answer
            offer={offer}
            action={doing as keyof typeof ANSWERS}
            done={(next) => {
              setDoing("");
              toast(say.done[doing as keyof typeof ANSWERS]);
              if (next) put(next);
            }}
            refresh={reload}
            cancel={() => setDoing("")}
          />
        </Dialog>
      ) : null}
    </div>
  );
}

const RANK = {
  ASKED: 0,
  READ: 1,
  NEGOTIATING: 1,
  OFFERED: 2,
  CHOSEN: 3,
  DECLINED: 4,
  RELEASED: 5,
  WITHDRAWN: 5,
} as const;

/** What still waits for us first, by its limit; then the rest, the newest first. */
function byUrgency(one: AskedOfferFragment, other: AskedOfferFragment): number {
  const rank = RANK[one.status] - RANK[other.status];
  if (rank) return rank;
  const due = (row: AskedOfferFragment) => row.clock?.dueAt ?? "9";
  return due(one).localeCompare(due(other)) || (other.sentAt ?? "").localeCompare(one.sentAt ?? "");
}

function Line({
  offer,
  current,
  open,
}: {
  readonly offer: AskedOfferFragment;
  readonly current: boolean;
  readonly open: () => void;
}) {
  const say = words();
  const facts = offer.facts;
  const who = facts
    ? [facts.sex === "UNKNOWN" ? "" : say.sex[facts.sex], facts.age === null ? "" : say.years(facts.age)]
        .filter(Boolean)
        .join(" ")
    : "";
  return (
    <button
      type="button"
      class={offer.status === "ASKED" ? "line-row fresh" : "line-row"}
      aria-current={current ? "true" : undefined}
      aria-expanded={current}
      onClick={open}
    >
      <span class="what">
        <strong>{offer.kind?.label ?? say.summaryOnly}</strong> {who}
      </span>
      <Badge
        tone={
          offer.status === "ASKED" ? "stat" : offer.status === "OFFERED" || offer.status === "CHOSEN" ? "good" : "plain"
        }
      >
        {say.status[offer.status]}
      </Badge>
      <span class="aside">
        {offer.requesterHospital.name} {offer.requesterDepartment.name} → {offer.performerDepartment?.name}
      </span>
      {offer.clock ? <Clock dueAt={offer.clock.dueAt} startedAt={offer.clock.startedAt} /> : null}
    </button>
  );
}
