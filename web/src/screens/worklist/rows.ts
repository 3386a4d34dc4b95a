/** The rows of the worklist: pages joined, changes put in their place, what is new kept aside until asked for. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { call } from "../../net/client";
import { returned } from "../../net/line";
import { useLive } from "../../net/live";
import type { Problem } from "../../net/problem";
import { me } from "../../net/session";
import { type ReferralRowFragment, Worklist, WorklistChanged } from "../../operations";
import { language } from "../../words";
import { type Filters, fits, variablesOf } from "./filters";

const PAGE = 25;

/** A row with what the list knows beside it. */
export interface Row {
  readonly row: ReferralRowFragment;
  /** Told of by a live event since it was loaded. */
  readonly changed?: boolean;
  /** A step took it out of this list; it stays until the list is loaded anew, so that nothing jumps. */
  readonly gone?: boolean;
}

interface Held {
  readonly of: string;
  readonly rows: readonly Row[];
  readonly fresh: readonly ReferralRowFragment[];
  readonly more: string | null;
  readonly problem: Problem | null;
  readonly busy: boolean;
}

/** What the list shows and can do. */
export interface Rows extends Omit<Held, "of"> {
  /** How many events were heard. */
  readonly heard: number;
  /** Loads the list anew from its beginning. */
  readonly reload: () => Promise<void>;
  /** Loads the rows that follow. */
  readonly follow: () => Promise<void>;
  /** Puts a row as it is now in its place. */
  readonly put: (row: ReferralRowFragment) => void;
}

/** The rows that the filters let through; `told` hears of each that comes anew. */
export function useRows(filters: Filters, told: (row: ReferralRowFragment) => void, listening: boolean): Rows {
  const of = JSON.stringify([filters, language.value]);
  const [held, hold] = useState<Held>({ of, rows: [], fresh: [], more: null, problem: null, busy: true });
  const [heard, setHeard] = useState(0);
  const now = useRef({ filters, of, turn: 0, held });
  Object.assign(now.current, { filters, of, held });

  const ask = useCallback(async (after: string | null) => {
    const at = now.current;
    const turn = (at.turn += 1);
    const asked = at.of;
    hold((before) => ({ ...before, busy: true }));
    const answer = await call(Worklist, { ...variablesOf(at.filters, PAGE), after });
    if (turn !== at.turn) return; // the filters have changed meanwhile
    if (!answer.ok) {
      hold((before) => ({ ...before, of: asked, problem: answer.problem, busy: false, rows: before.of === asked ? before.rows : [] }));
      return;
    }
    const { nodes, pageInfo } = answer.data.worklist;
    hold((before) => {
      const kept = after && before.of === asked ? before.rows : [];
      const known = new Set(kept.map(({ row }) => row.id));
      const added = nodes.filter((row) => !known.has(row.id)).map((row) => ({ row }));
      return {
        of: asked,
        rows: [...kept, ...added],
        fresh: after ? before.fresh : [],
        more: pageInfo.hasNextPage ? pageInfo.endCursor : null,
        problem: null,
        busy: false,
      };
    });
  }, []);

  const reload = useCallback(() => ask(null), [ask]);
  const follow = useCallback(async () => {
    const { more, busy } = now.current.held;
    if (more && !busy) await ask(more);
  }, [ask]);
  useLayoutEffect(() => void reload(), [of, reload]);

  const back = returned.value;
  useEffect(() => {
    if (now.current.held.problem?.kind === "line") void reload();
  }, [back, reload]);

  const put = useCallback((row: ReferralRowFragment) => {
    hold((before) => ({ ...before, rows: before.rows.map((one) => (one.row.id === row.id ? { ...one, row } : one)) }));
  }, []);

  useLive(
    WorklistChanged,
    { box: filters.box },
    {
      next: ({ worklistChanged: { referral, inBox, event } }) => {
        setHeard((before) => before + 1);
        const { rows, of: shown } = now.current.held;
        if (shown !== now.current.of) return; // the list is being loaded anyway
        const inPlace = rows.some((one) => one.row.id === referral.id);
        const belongs = inBox && fits(referral, now.current.filters);
        const mine = event.actor?.id === me.peek()?.person.id;
        if (!inPlace && belongs && !now.current.held.fresh.some((one) => one.id === referral.id)) told(referral);
        hold((before) =>
          inPlace
            ? { ...before, rows: before.rows.map((one) => (one.row.id === referral.id ? placed(one, referral, belongs, mine) : one)) }
            : { ...before, fresh: renewed(before.fresh, referral, belongs) },
        );
      },
      gap: () => void reload(),
    },
    { inHiding: listening },
  );

  const fitting = held.of === of;
  return {
    rows: fitting ? held.rows : [],
    fresh: fitting ? held.fresh : [],
    more: fitting ? held.more : null,
    problem: fitting ? held.problem : null,
    busy: held.busy || !fitting,
    heard,
    reload,
    follow,
    put,
  };
}

function placed(one: Row, row: ReferralRowFragment, belongs: boolean, mine: boolean): Row {
  if (row.version < one.row.version) return one; // told late of what is known already
  return { row, gone: !belongs, changed: one.changed || (!mine && row.version > one.row.version) };
}

function renewed(fresh: readonly ReferralRowFragment[], row: ReferralRowFragment, belongs: boolean): readonly ReferralRowFragment[] {
  const rest = fresh.filter((one) => one.id !== row.id);
  return belongs ? [...rest, row] : rest;
}
