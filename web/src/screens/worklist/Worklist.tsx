/** The worklist: what lies before the reader, and a preview beside it so that most is answered without leaving the list. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useKeys } from "../../app/keys";
import { go, href, query, setQuery } from "../../app/router";
import { Button, ButtonLink, Empty, Loading, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { can } from "../../net/session";
import { type ReferralRowFragment, WorklistCounts } from "../../operations";
import { labels } from "../case/labels";
import { partyOf } from "../case/marks";
import { KEYS } from "../case/usual";
import { useBulk } from "./bulk";
import { Boxes, FilterBar } from "./FilterBar";
import { currentFilters, type Filters, narrowed } from "./filters";
import { rememberList } from "./last";
import { RowLine } from "./RowLine";
import { useRows } from "./rows";
import { arriving } from "./sound";
import { loadPreview, useLater, useWide } from "./view";
import { words } from "./words";

/** The screen that people who treat patients begin with. */
export default function WorklistScreen() {
  const say = words();
  const filters = currentFilters();
  const [said, setSaid] = useState("");
  const told = (row: ReferralRowFragment) => {
    setSaid(words().freshSaid(labels().priority[row.priority], partyOf(row, "REQUESTER")));
    if (row.priority === "STAT" && filters.box === "IN") arriving.ring();
  };
  const list = useRows(filters, told, arriving.on.value);
  const counted = useRead(WorklistCounts, { received: can("view_received_referral"), sent: can("view_sent_referral") }, { skip: !list.rows.length && list.busy });
  const wide = useWide();
  rememberList(query.value.toString());
  useRecount(list.heard, counted.reload);
  const at = query.value.get("at");
  const shown = list.rows.find(({ row }) => row.id === at) ?? null;
  const [asked, ask] = useState<{ action: string; turn: number } | null>(null);
  const bulk = useBulk(list);
  const frame = useRef<HTMLDivElement>(null);

  const [passing, setPassing] = useState(false);
  function show(id: string | null, byMoving = false): void {
    ask(null);
    setPassing(byMoving);
    setQuery({ at: id });
  }

  function focus(id: string): void {
    const line = lineOf(frame.current, id);
    line?.querySelector<HTMLElement>("a")?.focus({ preventScroll: true });
    line?.scrollIntoView({ block: "nearest" });
  }

  function move(step: 1 | -1): void {
    const index = list.rows.findIndex(({ row }) => row.id === here(frame.current));
    const next = list.rows[index < 0 ? 0 : index + step];
    if (!next) return;
    show(next.row.id, true);
    focus(next.row.id);
    if (index + step >= list.rows.length - 3) void list.follow();
  }

  /** A key of a step, pressed in the list: the row is shown and the step begun there, or on its page where there is no beside. */
  function begin(action: string): void {
    const id = here(frame.current);
    if (!id) return;
    if (!wide) go(`/referral/${encodeURIComponent(id)}`);
    else if (id !== query.peek().get("at")) show(id);
    ask((before) => ({ action, turn: (before?.turn ?? 0) + 1 }));
  }

  function renew(): void {
    setSaid("");
    void list.reload().then(counted.reload);
  }

  const latest = useRef({ move, begin, show, bulk, renew });
  latest.current = { move, begin, show, bulk, renew };
  useKeys(
    useMemo(() => {
      const run = (does: (now: typeof latest.current) => void) => () => does(latest.current);
      return [
        { keys: "j", does: say.next, run: run((now) => now.move(1)) },
        { keys: "k", does: say.previous, run: run((now) => now.move(-1)) },
        { keys: "/", does: say.focusSearch, run: () => document.getElementById("find")?.focus() },
        { keys: "n", does: say.showFresh, run: run((now) => now.renew()) },
        { keys: "x", does: say.toggle, run: run((now) => now.bulk.choose(here(frame.current) ?? "")) },
        { keys: "Escape", does: say.close, run: run((now) => now.show(null)) },
      ];
    }, [say]),
  );
  // The keys of whatever any row allows work from the start; the row in question says whether it allows it.
  const may = [...new Map(list.rows.flatMap(({ row }) => row.availableActions.map((one) => [one.action, one] as const))).values()];
  const offered = may.map(({ action, label }) => `${action} ${label}`).join(";");
  useKeys(
    useMemo(
      () => may.flatMap(({ action, label }) => (KEYS[action] ? [{ keys: KEYS[action], does: label, run: () => latest.current.begin(action) }] : [])),
      [offered],
    ),
  );
  useFollowing(list.follow, list.more);
  // Back from a case, the row one came from is in sight again.
  const standing = list.rows.length > 0;
  useEffect(() => {
    if (standing && at) lineOf(frame.current, at)?.scrollIntoView({ block: "nearest" });
  }, [standing]);

  return (
    <div class={wide ? "worklist wide" : "worklist"} ref={frame}>
      <div class="worklist-head">
        <h1>{say.title}</h1>
        <Boxes filters={filters} counts={counted.data} />
        <button type="button" class="tap sound" aria-pressed={arriving.on.value} title={say.sound} onClick={arriving.turn}>
          {arriving.on.value ? say.soundOn : say.soundOff}
        </button>
      </div>
      <FilterBar filters={filters} counts={counted.data} />
      <p class="unseen" role="status">
        {said}
      </p>
      <div class="worklist-body">
        <section class="list" aria-label={say.list(say[filters.box])}>
          <Trouble problem={list.problem} retry={() => void list.reload()} />
          {list.fresh.length ? (
            <button type="button" class="fresh" aria-keyshortcuts="n" onClick={renew}>
              {say.fresh(list.fresh.length)} <kbd aria-hidden="true">n</kbd>
            </button>
          ) : null}
          {bulk.bar}
          {list.rows.length ? (
            <ol class="rows plain" aria-busy={list.busy}>
              {list.rows.map((one) => (
                <RowLine
                  key={one.row.id}
                  one={one}
                  box={filters.box}
                  current={one.row.id === at}
                  chosen={bulk.chosen.has(one.row.id)}
                  result={bulk.results.get(one.row.id)}
                  beside={wide}
                  show={show}
                  choose={bulk.choose}
                />
              ))}
            </ol>
          ) : list.busy && !list.problem ? (
            <Loading what={say.loading} />
          ) : list.problem ? null : (
            <Nothing filters={filters} />
          )}
          {list.more ? (
            <div class="foot">
              <Button busy={list.busy} onClick={() => void list.follow()}>
                {say.more}
              </Button>
            </div>
          ) : list.rows.length ? (
            <p class="aside foot">{say.end(list.rows.length)}</p>
          ) : null}
        </section>
        {wide ? <Beside id={at} version={shown?.row.version} put={list.put} asked={asked} passing={passing} /> : null}
      </div>
    </div>
  );
}

function lineOf(frame: HTMLElement | null, id: string): HTMLElement | undefined {
  return [...(frame?.querySelectorAll<HTMLElement>(".row-line") ?? [])].find((one) => one.dataset.id === id);
}

const RECOUNT = 4000; // milliseconds in which events are gathered before the counts are asked for anew

/** Asks for the counts again some time after something happened. */
function useRecount(heard: number, reload: () => Promise<void>): void {
  useEffect(() => {
    if (!heard) return;
    const timer = window.setTimeout(() => void reload(), RECOUNT);
    return () => window.clearTimeout(timer);
  }, [heard, reload]);
}

/** The row that keys are about: the one shown, as the address has it this moment, or else the one with the focus. */
function here(frame: HTMLElement | null): string | null {
  return query.peek().get("at") ?? focused(frame);
}

function focused(frame: HTMLElement | null): string | null {
  const line = document.activeElement?.closest<HTMLElement>(".row-line");
  return line && frame?.contains(line) ? (line.dataset.id ?? null) : null;
}

/** Loads what follows when the end of the list comes into sight. */
function useFollowing(follow: () => Promise<void>, more: string | null): void {
  useEffect(() => {
    const foot = document.querySelector(".worklist .foot");
    if (!foot || !more) return;
    const watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && void follow(), { rootMargin: "200px" });
    watch.observe(foot);
    return () => watch.disconnect();
  }, [follow, more]);
}

function Nothing({ filters }: { readonly filters: Filters }) {
  const say = words();
  if (narrowed(filters)) {
    const urgent = filters.text && can("break_glass") ? <ButtonLink href={href("/break-glass")}>{say.urgent}</ButtonLink> : null;
    return (
      <Empty title={say.emptyFiltered} action={urgent}>
        {urgent ? say.urgentHint : say.emptyFilteredHint}
      </Empty>
    );
  }
  const [title, hint] = { IN: [say.emptyIn, say.emptyInHint], OUT: [say.emptyOut, say.emptyOutHint], MINE: [say.emptyMine, say.emptyMineHint] }[filters.box];
  return <Empty title={title ?? ""}>{hint}</Empty>;
}

/** The preview, whose code is fetched when it is first wanted, or when the list has stood a while. */
function Beside(props: {
  readonly id: string | null;
  readonly version: number | undefined;
  readonly put: (row: ReferralRowFragment) => void;
  readonly asked: { action: string; turn: number } | null;
  readonly passing: boolean;
}) {
  const say = words();
  const Preview = useLater(loadPreview, props.id !== null);
  return (
    <aside class="preview" aria-label={say.preview}>
      {!props.id ? <Empty title={say.preview}>{say.previewHint}</Empty> : Preview ? <Preview {...props} id={props.id} /> : <Loading what={say.previewLoading} />}
    </aside>
  );
}
