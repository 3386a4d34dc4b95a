/** Claiming many at once: one after the other, each with its own result in its row. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Button } from "../../kit";
import { intention } from "../../net/hooks";
import { StepClaimReferral } from "../../operations";
import type { Rows } from "./rows";
import { words } from "./words";

/** What is chosen, what became of it, and the bar that acts on it. */
export interface Bulk {
  readonly chosen: ReadonlySet<string>;
  readonly results: ReadonlyMap<string, string>;
  readonly choose: (id: string) => void;
  readonly bar: ComponentChildren;
}

const claim = intention(StepClaimReferral);

/** Lets rows be chosen and claimed. */
export function useBulk(list: Rows): Bulk {
  const say = words();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [results, setResults] = useState<ReadonlyMap<string, string>>(new Map());
  const [progress, setProgress] = useState("");

  function choose(id: string): void {
    if (!id) return;
    setChosen((before) => (before.has(id) ? new Set([...before].filter((one) => one !== id)) : new Set([...before, id])));
  }

  async function run(): Promise<void> {
    if (progress) return;
    const rows = list.rows.filter(({ row }) => chosen.has(row.id)).map(({ row }) => row);
    const found = new Map<string, string>();
    let good = 0;
    for (const [at, row] of rows.entries()) {
      setProgress(say.claiming(at, rows.length));
      if (!row.availableActions.some(({ action }) => action === "claimReferral")) {
        found.set(row.id, `✕ ${say.notClaimable}`);
        continue;
      }
      const answer = await claim({ id: row.id, expectedVersion: row.version });
      found.set(row.id, answer.ok ? `✓ ${say.claimed}` : `✕ ${answer.problem.message}`);
      if (answer.ok) {
        good += 1;
        const now = answer.data.claimReferral?.referral;
        if (now) list.put(now);
        setChosen((before) => new Set([...before].filter((one) => one !== row.id)));
      }
      setResults(new Map(found));
    }
    setResults(found);
    setProgress("");
    setSaid(say.claimResult(good, rows.length - good));
  }

  const [said, setSaid] = useState("");
  const bar =
    chosen.size || progress || said ? (
      <div class="bulk" role="status">
        <span>{progress || (chosen.size ? say.selected(chosen.size) : said)}</span>
        {chosen.size ? (
          <>
            <Button small kind="primary" busy={Boolean(progress)} onClick={() => void run()}>
              {say.claimAll}
            </Button>
            <Button small kind="quiet" onClick={() => setChosen(new Set())}>
              {say.dropSelection}
            </Button>
          </>
        ) : (
          <Button small kind="quiet" onClick={() => setSaid("")}>
            ✕
          </Button>
        )}
      </div>
    ) : null;
  return { chosen, results, choose, bar };
}
