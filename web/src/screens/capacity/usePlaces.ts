/** What is typed about one capability's beds, and its way to the server: taps in a row become one update. */
import { useEffect, useRef, useState } from "preact/hooks";
import { toast } from "../../kit";
import { intention } from "../../net/hooks";
import { returned } from "../../net/line";
import { now } from "../../net/moment";
import type { Problem } from "../../net/problem";
import { type PlacesFragment, UpdateCapacity } from "../../operations";
import { words } from "./words";

/** Two counts that belong together. */
export interface Beds {
  readonly free: number;
  readonly total: number;
}

interface Entry {
  /** What is shown: what was entered, else what the server holds. */
  readonly beds: Beds;
  readonly state: "still" | "waiting" | "sending";
  readonly problem: Problem | null;
  /** Whether somebody else changed the figure while ours was on its way. */
  readonly stale: boolean;
  /** Enters other counts; they go to the server after a moment without another change. */
  readonly enter: (beds: Beds) => void;
  /** Sends what is shown now, also when nothing changed: the figure is of this moment then. */
  readonly send: () => void;
  /** Forgets what was entered. */
  readonly drop: () => void;
}

const REST = 800; // milliseconds without another tap
const DAY = 86_400_000; // milliseconds

/** Whether a figure is so old that it ranks its hospital lower. */
export function isOld(asOf: string | null, at: number): boolean {
  return asOf === null || at - Date.parse(asOf) > DAY;
}

/** The entry of one row; `put` shows what the server answered, `reload` asks for the rows anew. */
export function usePlaces(row: PlacesFragment, put: (row: PlacesFragment) => void, reload: () => Promise<void>): Entry {
  const [draft, setDraft] = useState<Beds | null>(null);
  const [state, setState] = useState<Entry["state"]>("still");
  const [problem, setProblem] = useState<Problem | null>(null);
  const update = useRef(intention(UpdateCapacity));
  const latest = useRef({ row, draft, timer: 0, sending: false, again: false, cut: false });
  Object.assign(latest.current, { row, draft });
  useEffect(() => () => window.clearTimeout(latest.current.timer), []);
  const beds = draft ?? { free: row.bedsFree ?? 0, total: row.bedsTotal ?? 0 };

  async function send(): Promise<void> {
    const at = latest.current;
    window.clearTimeout(at.timer);
    if (at.sending) {
      at.again = true; // taps during an update follow it
      return;
    }
    const wanted = at.draft ?? { free: at.row.bedsFree ?? 0, total: at.row.bedsTotal ?? 0 };
    const unchanged = wanted.free === at.row.bedsFree && wanted.total === at.row.bedsTotal;
    at.sending = true;
    setState("sending");
    const answer = await update.current({
      id: at.row.id,
      expectedVersion: at.row.version,
      bedsFree: wanted.free,
      bedsTotal: wanted.total,
      asOf: asked(at.row, wanted),
    });
    at.sending = false;
    if (answer.ok || answer.problem.kind !== "line") moments.delete(at.row.id);
    at.cut = !answer.ok && answer.problem.kind === "line";
    setState("still");
    // The other's counts first: what is said about them must be about the new ones.
    if (!answer.ok && answer.problem.code === "STALE_VERSION") await reload();
    setProblem(answer.ok ? null : answer.problem);
    if (!answer.ok) {
      at.again = false;
      return;
    }
    const saved = answer.data.updateCapacity?.capability;
    if (!saved) return;
    put(saved);
    at.row = saved;
    if (at.again) {
      at.again = false;
      void send();
      return;
    }
    if (at.draft?.free === wanted.free && at.draft.total === wanted.total) setDraft(null);
    toast(unchanged ? words().confirmed(saved.kind.label) : words().saved(saved.kind.label, wanted.free));
  }

  const back = returned.value;
  useEffect(() => {
    if (latest.current.cut) void send(); // the line is back, and the count with it
  }, [back]);

  function enter(next: Beds): void {
    const at = latest.current;
    at.draft = next;
    setDraft(next);
    setProblem(null);
    setState("waiting");
    window.clearTimeout(at.timer);
    at.timer = window.setTimeout(() => void send(), REST);
  }

  function drop(): void {
    window.clearTimeout(latest.current.timer);
    latest.current.cut = false;
    setDraft(null);
    setProblem(null);
    setState("still");
  }

  return { beds, state, problem, stale: problem?.code === "STALE_VERSION", enter, send: () => void send(), drop };
}

const moments = new Map<string, { readonly of: string; readonly at: string }>();

/** When the counts were taken: the same for a repetition after a cut line, so that it is the same intention. */
function asked(row: PlacesFragment, wanted: Beds): string {
  const of = `${row.version} ${wanted.free} ${wanted.total}`;
  const before = moments.get(row.id);
  if (before?.of === of) return before.at;
  const at = new Date(now()).toISOString();
  moments.set(row.id, { of, at });
  return at;
}
