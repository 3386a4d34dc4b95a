/** Everybody who holds a role at a hospital, for its administrator. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { call } from "../../net/client";
import type { Problem } from "../../net/problem";
import { type HeldFragment, Staff } from "../../operations";
import { language } from "../../words";

const MOST_PAGES = 20;

/** One person with the roles they hold there. */
export interface Member {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly roles: readonly HeldFragment[];
}

/** The staff by name; null while it is on its way. All pages are read, as the list is searched here. */
export function useStaff(hospital: string | null): {
  readonly members: readonly Member[] | null;
  readonly problem: Problem | null;
  readonly reload: () => Promise<void>;
} {
  const [rows, setRows] = useState<readonly HeldFragment[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const turn = useRef(0);

  const reload = useCallback(async () => {
    const mine = (turn.current += 1);
    const found: HeldFragment[] = [];
    let after: string | null = null;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const answer: Awaited<ReturnType<typeof call<{ staff: StaffPage }, { after?: string | null | undefined }>>> = await call(Staff, { after });
      if (mine !== turn.current) return;
      if (!answer.ok) return setProblem(answer.problem);
      found.push(...answer.data.staff.nodes);
      after = answer.data.staff.pageInfo.endCursor;
      if (!answer.data.staff.pageInfo.hasNextPage) break;
    }
    setProblem(null);
    setRows(found);
  }, []);

  const tongue = language.value;
  useEffect(() => {
    if (hospital) void reload();
    return () => void (turn.current += 1);
  }, [hospital, tongue, reload]);

  return { members: rows && hospital ? byPerson(rows.filter((one) => one.hospital?.id === hospital)) : null, problem, reload };
}

interface StaffPage {
  readonly nodes: HeldFragment[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

function byPerson(rows: readonly HeldFragment[]): readonly Member[] {
  const found = new Map<string, { id: string; name: string; title: string; roles: HeldFragment[] }>();
  for (const row of rows) {
    const member = found.get(row.person.id) ?? { ...row.person, roles: [] };
    member.roles.push(row);
    found.set(row.person.id, member);
  }
  return [...found.values()].sort((one, other) => one.name.localeCompare(other.name, "zh-Hans"));
}
