/** The boxes with their counts, and what narrows the list; everything stands in the address. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "../../kit";
import { useRead } from "../../net/hooks";
import { me } from "../../net/session";
import { type Direction, type Priority, type ReferralStatus, type WorklistBox, type WorklistCountsData, WorklistDepartments } from "../../operations";
import { labels } from "../case/labels";
import { boxes, clearFilters, filter, type Filters, narrowed } from "./filters";
import { words } from "./words";

/** What is counted beside each box and filter. */
export type Counts = WorklistCountsData | null;

const PRIORITIES: readonly Priority[] = ["STAT", "ASAP", "URGENT", "ROUTINE"];
const WAYS: readonly Direction[] = ["UP", "DOWN", "LATERAL"];

/** The count as it is shown: exact up to a thousand, `1000+` beyond. */
function count(counts: Counts, box: WorklistBox, what: "" | "Ours" | "Late" = ""): string | null {
  if (!counts) return null;
  const found = counts[`${box.toLowerCase()}${what}` as keyof WorklistCountsData];
  return found ? `${found.totalCount}${found.totalCountIsCapped ? "+" : ""}` : null;
}

/** The boxes, as links: each is an address of its own. */
export function Boxes({ filters, counts }: { readonly filters: Filters; readonly counts: Counts }) {
  const say = words();
  return (
    <nav class="boxes" aria-label={say.boxes}>
      {boxes().map((box) => {
        const n = count(counts, box);
        return (
          <a key={box} href={`?box=${box}`} aria-current={filters.box === box ? "page" : undefined}>
            {say[box]}
            {n === null ? null : <span class="count">{n}</span>}
          </a>
        );
      })}
    </nav>
  );
}

/** The filters; those that are used most are one tap. */
export function FilterBar({ filters, counts }: { readonly filters: Filters; readonly counts: Counts }) {
  const say = words();
  const ours = count(counts, filters.box, "Ours");
  const late = count(counts, filters.box, "Late");
  const set = Boolean(filters.status || filters.department || filters.direction || (filters.priority && filters.priority !== "STAT") || !filters.open);
  const [opened, setOpened] = useState(set);
  return (
    <div class="filters" role="search" aria-label={say.filters}>
      <SearchField text={filters.text} />
      <div class="taps">
        {filters.box === "MINE" ? null : (
          <>
            <Tap on={filters.turn === "ours"} n={ours} set={(on) => filter({ turn: on ? "ours" : null })}>
              {say.ours}
            </Tap>
            <Tap on={filters.turn === "theirs"} n={null} set={(on) => filter({ turn: on ? "theirs" : null })}>
              {say.theirs}
            </Tap>
          </>
        )}
        <Tap on={filters.late} n={late} set={(on) => filter({ late: on ? "1" : null })}>
          {say.late}
        </Tap>
        <Tap on={filters.priority === "STAT"} n={null} set={(on) => filter({ priority: on ? "STAT" : null })}>
          {labels().priority.STAT}
        </Tap>
      </div>
      <details class="more-filters" open={set} onToggle={(event) => setOpened(event.currentTarget.open)}>
        <summary>{say.filters}</summary>
        <div class="row">
          <Pick label={say.show} value={filters.open ? "" : "all"} none={say.open} options={[["all", say.all]]} set={(show) => filter({ show })} />
          <Pick label={say.priority} value={filters.priority} options={PRIORITIES.map((one) => [one, labels().priority[one]])} set={(priority) => filter({ priority })} />
          <Pick
            label={say.status}
            value={filters.status}
            options={(Object.keys(labels().status) as ReferralStatus[]).map((one) => [one, labels().status[one]])}
            set={(status) => filter({ status })}
          />
          <Pick label={say.direction} value={filters.direction} options={WAYS.map((one) => [one, labels().direction[one]])} set={(way) => filter({ way })} />
          {opened ? <Departments value={filters.department} /> : null}
        </div>
      </details>
      <label class="sort">
        <span class="unseen">{say.sort}</span>
        <select class="control" value={filters.sort} onChange={(event) => filter({ sort: event.currentTarget.value })}>
          {(["NEAREST_DEADLINE", "MOST_URGENT", "NEWEST"] as const).map((one) => (
            <option key={one} value={one}>
              {say[one]}
            </option>
          ))}
        </select>
      </label>
      {narrowed(filters) ? (
        <Button kind="quiet" small onClick={clearFilters}>
          {say.clear}
        </Button>
      ) : null}
    </div>
  );
}

/** The departments of the hospital that one works for as a whole; nothing for who belongs to one department. */
function Departments({ value }: { readonly value: string }) {
  const hospital = me.value?.roles.find((one) => one.hospital && !one.department)?.hospital?.id ?? "";
  const { data } = useRead(WorklistDepartments, { id: hospital }, { skip: !hospital });
  const all = data?.hospital?.departments ?? [];
  if (all.length < 2) return null;
  return <Pick label={words().department} value={value} options={all.map(({ id, name }) => [id, name])} set={(dept) => filter({ dept })} />;
}

function Tap(props: { readonly on: boolean; readonly n: string | null; readonly set: (on: boolean) => void; readonly children: string }) {
  return (
    <button type="button" class="tap" aria-pressed={props.on} onClick={() => props.set(!props.on)}>
      {props.children}
      {props.n === null ? null : <span class="count">{props.n}</span>}
    </button>
  );
}

function Pick(props: {
  readonly label: string;
  readonly value: string;
  readonly none?: string;
  readonly options: readonly (readonly [string, string])[];
  readonly set: (value: string | null) => void;
}) {
  return (
    <label class="pick">
      <span>{props.label}</span>
      <select class="control" value={props.value} onChange={(event) => props.set(event.currentTarget.value || null)}>
        <option value="">{props.none ?? words().any}</option>
        {props.options.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

const PAUSE = 350; // milliseconds of silence after which what was typed is searched for

function SearchField({ text }: { readonly text: string }) {
  const say = words();
  const [typed, setTyped] = useState(text);
  const timer = useRef(0);
  useEffect(() => setTyped(text), [text]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  function search(value: string, pause = PAUSE): void {
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => filter({ q: value.trim() || null }), pause);
  }
  return (
    <label class="find">
      <span class="unseen">{say.search}</span>
      <input
        class="control"
        type="search"
        id="find"
        autoComplete="off"
        placeholder={say.search}
        title={say.searchHint}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          if (!(event as InputEvent).isComposing) search(event.currentTarget.value);
        }}
        onCompositionEnd={(event) => search(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") search(event.currentTarget.value, 0);
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
    </label>
  );
}
