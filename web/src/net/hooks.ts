/** Reading and acting from a component. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Operation } from "../operations";
import { language } from "../words";
import { call, newKey } from "./client";
import { returned } from "./line";
import type { Answer, Problem } from "./problem";

/** What a read has brought so far; the data stays while newer is asked for. */
export interface Reading<Data> {
  readonly data: Data | null;
  readonly problem: Problem | null;
  readonly busy: boolean;
  /** Asks again; resolves when answered. */
  readonly reload: () => Promise<void>;
  /** Puts something newer in place, such as what a live event told. */
  readonly set: (change: (data: Data) => Data) => void;
}

interface Held<Data> {
  readonly of: string; // which question the data answers
  readonly data: Data | null;
  readonly problem: Problem | null;
  readonly busy: boolean;
}

/**
 * The data of a query, asked anew when the variables or the language change and when a cut line is back.
 * `keep` shows the former answer while other variables are asked for (a filtered list); without it there is none then.
 */
export function useRead<Data, Variables>(
  operation: Operation<Data, Variables>,
  variables: Variables,
  { skip = false, keep = false }: { skip?: boolean; keep?: boolean } = {},
): Reading<Data> {
  const question = JSON.stringify([operation.id, variables]);
  const [held, hold] = useState<Held<Data>>({ of: question, data: null, problem: null, busy: !skip });
  const current = useRef({ variables, question, turn: 0, cut: false });
  Object.assign(current.current, { variables, question });

  const reload = useCallback(async () => {
    const at = current.current;
    const turn = (at.turn += 1);
    const of = at.question;
    hold((before) => ({ ...before, busy: true }));
    const answer = await call(operation, at.variables);
    if (turn !== at.turn) return; // a later question is under way
    at.cut = !answer.ok && answer.problem.kind === "line";
    hold((before) =>
      answer.ok
        ? { of, data: answer.data, problem: null, busy: false }
        : { of, data: before.of === of ? before.data : null, problem: answer.problem, busy: false },
    );
  }, [operation]);

  const tongue = language.value;
  // Before the page is painted: what is asked for after it comes a frame later.
  useLayoutEffect(() => {
    if (!skip) void reload();
  }, [question, tongue, skip, reload]);

  const back = returned.value;
  useEffect(() => {
    if (current.current.cut) void reload();
  }, [back, reload]);

  useEffect(() => () => void (current.current.turn += 1), []);

  const set = useCallback((change: (data: Data) => Data) => {
    hold((before) => (before.data === null ? before : { ...before, data: change(before.data) }));
  }, []);
  const fits = held.of === question;
  return {
    data: fits || keep ? held.data : null,
    problem: fits ? held.problem : null,
    busy: held.busy || (!fits && !skip),
    reload,
    set,
  };
}

/** The input of a mutation but for the key, which is made here. */
export type InputOf<Variables> = Variables extends { input: infer Input } ? Omit<Input, "idempotencyKey"> : never;

/** A mutation, ready to be done. */
export interface Act<Data, Variables> {
  readonly busy: boolean;
  /** Does it. The key is made here and kept until an answer came, so that doing the same again has one effect. */
  readonly act: (input: InputOf<Variables>) => Promise<Answer<Data>>;
}

/** A mutation whose input carries an idempotency key. */
export function useAct<Data, Variables>(operation: Operation<Data, Variables>): Act<Data, Variables> {
  const [busy, setBusy] = useState(false);
  const intent = useRef(intention(operation));
  const act = useCallback(async (input: InputOf<Variables>) => {
    setBusy(true);
    try {
      return await intent.current(input);
    } finally {
      setBusy(false);
    }
  }, []);
  return { busy, act };
}

/** The same outside a component: a function that does one mutation, its key kept until an answer came. */
export function intention<Data, Variables>(
  operation: Operation<Data, Variables>,
): (input: InputOf<Variables>) => Promise<Answer<Data>> {
  const unanswered = new Map<string, { wanted: string; sent: object }>(); // by object: what was wanted of it last
  return async (input) => {
    // Whoever asks again may have seen a newer version meanwhile, perhaps made by the very step that was not answered:
    // it is asked again word for word, and the server answers what it answered then.
    const { expectedVersion: _version, ...rest } = input as { expectedVersion?: unknown; id?: string };
    const wanted = JSON.stringify(rest);
    const place = rest.id ?? wanted;
    const last = unanswered.get(place);
    const sent = last?.wanted === wanted ? last.sent : { ...(input as object), idempotencyKey: newKey() };
    unanswered.set(place, { wanted, sent });
    const answer = await call(operation, { input: sent } as Variables);
    // Refused leaves the key free, and a fault that the server knows undid everything. Only silence may hide an effect.
    if (answer.ok || answer.problem.code) unanswered.delete(place);
    return answer;
  };
}
