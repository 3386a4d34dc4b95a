import { useEffect, useState } from "preact/hooks";
import { Button, Trouble } from "../../kit";
import { useAct, useRead } from "../../net/hooks";
import type { Problem } from "../../net/problem";
import { me } from "../../net/session";
import { AcceptSwap, Swaps as OpenSwaps } from "../../operations";
import { hoursOf } from "./SwapDialog";
import { words } from "./words";

interface Props {
  /** Counts up when something here may have changed. */
  readonly turn: number;
  readonly done: (message: string) => void;
}

/** Proposals that wait: for one's own consent first, then for the other's. Nothing when there is none. */
export function Swaps({ turn, done }: Props) {
  const say = words();
  const { data, problem, reload } = useRead(OpenSwaps, {});
  const { act, busy } = useAct(AcceptSwap);
  const [refused, setRefused] = useState<Problem | null>(null);
  useEffect(() => {
    if (turn) void reload();
  }, [turn, reload]);
  const self = me.value?.person.id;

  async function accept(id: string) {
    const answer = await act({ id });
    setRefused(answer.ok ? null : answer.problem);
    if (answer.ok) done(say.accepted);
    else if (answer.problem.kind === "refused") void reload();
  }

  if (problem) return <Trouble problem={problem} retry={() => void reload()} />;
  if (!data?.dutySwaps.length) return <Trouble problem={refused} />;
  const swaps = [...data.dutySwaps].sort((one, other) => Number(other.taken.person.id === self) - Number(one.taken.person.id === self));
  return (
    <section class="panel stack">
      <h2>{say.swaps}</h2>
      <Trouble problem={refused} />
      <ul class="plain swaps">
        {swaps.map(({ id, given, taken }) => (
          <li key={id} class="row spread">
            {taken.person.id === self ? (
              <>
                <span>{say.wants(given.person.name, hoursOf(given), hoursOf(taken))}</span>
                <Button kind="primary" small busy={busy} onClick={() => void accept(id)}>
                  {say.accept}
                </Button>
              </>
            ) : (
              <span>{say.waits(taken.person.name, hoursOf(given), hoursOf(taken))}</span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
