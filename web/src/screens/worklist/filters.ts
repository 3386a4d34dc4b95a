/** What of the worklist is shown: read from the address and written to it, asked of the server, and held against what is new. */
import { query, setQuery } from "../../app/router";
import { can } from "../../net/session";
import type { Direction, Priority, ReferralRowFragment, ReferralStatus, Side, WorklistBox, WorklistSort, WorklistVariables } from "../../operations";

/** The boxes that the signed-in person has. */
export function boxes(): readonly WorklistBox[] {
  const all: WorklistBox[] = [];
  if (can("view_received_referral")) all.push("IN");
  if (can("view_sent_referral")) all.push("OUT");
  return [...all, "MINE"];
}

/** The filters as they stand. */
export interface Filters {
  readonly box: WorklistBox;
  readonly open: boolean;
  readonly turn: "" | "ours" | "theirs";
  readonly late: boolean;
  readonly priority: Priority | "";
  readonly status: ReferralStatus | "";
  readonly direction: Direction | "";
  /** The id of a department. */
  readonly department: string;
  readonly text: string;
  readonly sort: WorklistSort;
}

const SORTS: readonly WorklistSort[] = ["NEAREST_DEADLINE", "MOST_URGENT", "NEWEST"];

/** The filters in the address. */
export function filtersOf(search: URLSearchParams): Filters {
  const wanted = search.get("box") as WorklistBox | null;
  const box = boxes().find((one) => one === wanted) ?? boxes()[0] ?? "MINE";
  const sort = SORTS.find((one) => one === search.get("sort"));
  const turn = search.get("turn");
  return {
    box,
    open: search.get("show") !== "all",
    turn: turn === "ours" || turn === "theirs" ? turn : "",
    late: search.get("late") === "1",
    priority: (search.get("priority") ?? "") as Filters["priority"],
    status: (search.get("status") ?? "") as Filters["status"],
    direction: (search.get("way") ?? "") as Filters["direction"],
    department: search.get("dept") ?? "",
    text: search.get("q") ?? "",
    sort: sort ?? (box === "IN" ? "NEAREST_DEADLINE" : "NEWEST"),
  };
}

/** Whether anything but the box narrows the list. */
export function narrowed(filters: Filters): boolean {
  return Boolean(!filters.open || filters.turn || filters.late || filters.priority || filters.status || filters.direction || filters.department || filters.text);
}

/** Changes some of the filters, in the address. */
export function filter(change: Record<string, string | null>): void {
  setQuery(change);
}

/** Takes every filter away but the box. */
export function clearFilters(): void {
  const none = ["show", "turn", "late", "priority", "status", "way", "dept", "q"].map((name) => [name, null]);
  setQuery(Object.fromEntries(none) as Record<string, null>);
}

/** The side that is ours in a box. In MINE either may be, so that nothing is said there. */
export function ourSide(box: WorklistBox): Side | null {
  return box === "IN" ? "PERFORMER" : box === "OUT" ? "REQUESTER" : null;
}

function holderOf({ box, turn }: Filters): Side | null {
  const ours = ourSide(box);
  if (!turn || !ours) return null;
  return turn === "ours" ? ours : ours === "PERFORMER" ? "REQUESTER" : "PERFORMER";
}

/** What is asked of the server. */
export function variablesOf(filters: Filters, first: number): WorklistVariables {
  return {
    box: filters.box,
    open: filters.open || null,
    status: filters.status ? [filters.status] : null,
    priority: filters.priority ? [filters.priority] : null,
    direction: filters.direction || null,
    department: filters.department || null,
    holder: holderOf(filters),
    overdue: filters.late || null,
    patient: filters.text || null,
    sort: filters.sort,
    first,
  };
}

/** Whether a row that was just told of belongs among what is shown. A name cannot be held against masked rows. */
export function fits(row: ReferralRowFragment, filters: Filters): boolean {
  const holder = holderOf(filters);
  return (
    !filters.text &&
    (!filters.open || !row.closedAt) &&
    (!filters.status || row.status === filters.status) &&
    (!filters.priority || row.priority === filters.priority) &&
    (!filters.direction || row.direction === filters.direction) &&
    (!filters.department || [row.requesterDepartment.id, row.performerDepartment?.id].includes(filters.department)) &&
    (!filters.late || row.clock?.overdue === true) &&
    (!holder || row.clock?.holder === holder)
  );
}

/** The filters now; read while drawing. */
export function currentFilters(): Filters {
  return filtersOf(query.value);
}
