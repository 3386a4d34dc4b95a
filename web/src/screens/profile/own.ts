/** Reading one's own ways in, which are no rows of a case and have addresses of their own. */
import { useCallback, useEffect, useState } from "preact/hooks";
import { ownWays } from "../../net/door";
import type { Problem } from "../../net/problem";
import { language } from "../../words";

interface Reading<Body> {
  readonly data: Body | null;
  readonly problem: Problem | null;
  readonly reload: () => Promise<void>;
}

/** What an address below /session/ answers, asked anew when the language changes. */
export function useOwn<Body>(path: string): Reading<Body> {
  const [data, setData] = useState<Body | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const reload = useCallback(async () => {
    const answer = await ownWays<Body>(path);
    setProblem(answer.ok ? null : answer.problem);
    if (answer.ok) setData(answer.data);
  }, [path]);
  const tongue = language.value;
  useEffect(() => void reload(), [reload, tongue]);
  return { data, problem, reload };
}
