import "./style.css";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useListKeys } from "../../app/listKeys";
import { href, query, setQuery } from "../../app/router";
import { addressOf } from "../../app/screens";
import { arrived, countAgain, gaps, unread } from "../../app/unread";
import { Ago, Button, ButtonLink, Empty, Loading, Tabs, toast, Trouble } from "../../kit";
import { call } from "../../net/client";
import { intention, useRead } from "../../net/hooks";
import type { Problem } from "../../net/problem";
import { Notices, type NoticeRowFragment, ReadNotice } from "../../operations";
import { words } from "./words";

const read = intention(ReadNotice);

/** What one was told, the newest first; those not yet read unless all are asked for. */
export default function NoticesScreen() {
  const say = words();
  const all = query.value.get("show") === "all";
  const variables = { unread: !all };
  const { data, problem, busy, reload, set } = useRead(Notices, variables);
  const [trouble, setTrouble] = useState<Problem | null>(null);
  const [left, setLeft] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const nodes = data?.notices.nodes ?? [];
  const waiting = nodes.filter((one) => !one.readAt);
  useArrivals(nodes, reload);
  const rowKeys = useMemo(
    () => [
      { keys: "o", does: say.keyOpen, press: "a" },
      { keys: "m", does: say.keyRead, press: "button" },
    ],
    [say],
  );
  useListKeys(list, rowKeys);

  async function mark(rows: readonly NoticeRowFragment[]): Promise<void> {
    for (const [at, row] of rows.entries()) {
      setLeft(rows.length - at);
      const answer = await read({ id: row.id });
      if (!answer.ok) {
        setTrouble(answer.problem);
        break;
      }
      setTrouble(null);
      const readAt = answer.data.readNotice?.notice?.readAt ?? null;
      set((before) => ({
        ...before,
        notices: {
          ...before.notices,
          nodes: before.notices.nodes.map((one) => (one.id === row.id ? { ...one, readAt } : one)),
        },
      }));
      unread.value = Math.max(0, unread.peek() - 1);
    }
    setLeft(0);
  }

  async function markShown(): Promise<void> {
    await mark(waiting);
    toast(say.marked);
    await Promise.all([reload(), countAgain()]);
  }

  async function more(): Promise<void> {
    const answer = await call(Notices, { ...variables, after: data?.notices.pageInfo.endCursor ?? null });
    if (!answer.ok) return setTrouble(answer.problem);
    const { notices } = answer.data;
    set((before) => ({ notices: { ...notices, nodes: [...before.notices.nodes, ...notices.nodes] } }));
  }

  const tabs = [
    { value: "unread", label: say.unread },
    { value: "all", label: say.all },
  ];
  return (
    <>
      <div class="row spread">
        <h1>{say.title}</h1>
        {waiting.length > 1 ? (
          <Button small busy={left > 0} onClick={() => void markShown()}>
            {say.markShown(waiting.length)}
          </Button>
        ) : null}
      </div>
      <Tabs
        label={say.views}
        tabs={tabs}
        value={all ? "all" : "unread"}
        onChange={(value) => setQuery({ show: value === "all" ? "all" : null })}
      >
        <Trouble problem={trouble ?? problem} retry={() => void reload().then(() => setTrouble(null))} />
        {left > 1 ? <p role="status">{say.marking(left)}</p> : null}
        {!data && busy ? <Loading /> : null}
        {data && !nodes.length ? (
          <Empty
            title={all ? say.emptyAll : say.empty}
            action={<ButtonLink href={href("/profile")}>{say.toProfile}</ButtonLink>}
          >
            {say.emptyHint}
          </Empty>
        ) : null}
        <ul class="notices" ref={list}>
          {nodes.map((one) => (
            <Row key={one.id} notice={one} mark={() => void mark([one])} />
          ))}
        </ul>
        {data?.notices.pageInfo.hasNextPage ? (
          <div class="row">
            <Button onClick={() => void more()}>{say.more}</Button>
          </div>
        ) : null}
      </Tabs>
    </>
  );
}

function Row({ notice, mark }: { readonly notice: NoticeRowFragment; readonly mark: () => void }) {
  const say = words();
  const address = addressOf(notice.subjectType, notice.subjectId);
  const type = say.types[notice.subjectType] ?? "";
  return (
    <li class={notice.readAt ? "notice" : "notice fresh"}>
      <div class="notice-said">
        {address ? (
          // Whoever opens what a notice is about has read it.
          <a class="notice-label" href={address} onClick={() => notice.readAt ?? mark()}>
            {notice.label}
          </a>
        ) : (
          <span class="notice-label">{notice.label}</span>
        )}
        <span class="aside">
          {type} · <Ago at={notice.eventAt} />
        </span>
      </div>
      {notice.readAt ? null : (
        <>
          <span class="unseen">{say.isUnread}</span>
          <Button kind="quiet" small aria-label={say.markReadOf(notice.label)} onClick={mark}>
            {say.markRead}
          </Button>
        </>
      )}
    </li>
  );
}

/** Loads anew when a notice comes that is not yet shown, or may have come unheard. */
function useArrivals(nodes: readonly NoticeRowFragment[], reload: () => Promise<void>): void {
  const fresh = arrived.value;
  const known = useRef(fresh);
  useEffect(() => {
    if (fresh !== known.current && !nodes.some((one) => one.id === fresh?.id)) void reload();
    known.current = fresh;
  }, [fresh]);
  const missed = gaps.value;
  const seen = useRef(missed);
  useEffect(() => {
    if (missed !== seen.current) void reload();
    seen.current = missed;
  }, [missed]);
}
