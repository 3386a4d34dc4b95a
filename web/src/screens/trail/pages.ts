/** A list that is read on page by page, for what is too long to count. */
import { useEffect, useRef, useState } from "preact/hooks";
import { call } from "../../net/client";
import { useRead } from "../../net/hooks";
import type { Problem } from "../../net/problem";
import type { Operation } from "../../operations";

interface Page<Row> {
  readonly nodes: readonly Row[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** The rows so far, and the way on. */
export interface Pages<Row> {
  readonly rows: readonly Row[] | null;
  readonly more: boolean;
  readonly busy: boolean;
  readonly problem: Problem | null;
  readonly reload: () => void;
  readonly follow: () => void;
}

/** The pages of a query by its cursor, from the first again when the variables change. */
export function usePages<Data, Variables, Row>(operation: Operation<Data, Variables>, variables: Variables, pageOf: (data: Data) => Page<Row>): Pages<Row> {
  const first = useRead(operation, variables);
  const [rest, setRest] = useState<readonly Page<Row>[]>([]);
  const [following, setFollowing] = useState(false);
  const [trouble, setTrouble] = useState<Problem | null>(null);
  const turn = useRef(0);
  useEffect(() => {
    turn.current += 1; // what is still on its way belongs to another list
    setRest([]);
    setTrouble(null);
    setFollowing(false);
  }, [first.data]);
  const start = first.data ? pageOf(first.data) : null;
  const last = rest.at(-1) ?? start;

  async function follow(): Promise<void> {
    const mine = turn.current;
    setFollowing(true);
    const answer = await call(operation, { ...variables, after: last?.pageInfo.endCursor ?? null });
    if (mine !== turn.current) return;
    setFollowing(false);
    setTrouble(answer.ok ? null : answer.problem);
    if (answer.ok) setRest((before) => [...before, pageOf(answer.data)]);
  }

  return {
    rows: start && [start, ...rest].flatMap((page) => page.nodes),
    more: last?.pageInfo.hasNextPage ?? false,
    busy: first.busy || following,
    problem: first.problem ?? trouble,
    reload: () => void first.reload(),
    follow: () => void follow(),
  };
}
