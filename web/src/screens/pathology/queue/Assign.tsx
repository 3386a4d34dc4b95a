import { useState } from "preact/hooks";
import { Badge, Button, Dialog, Empty, Loading, Trouble } from "../../../kit";
import { useAct, useRead } from "../../../net/hooks";
import type { Problem } from "../../../net/problem";
import {
  AssignPathology,
  PathologyReaders,
  type PathologyReadersData,
  type PathologyRowFragment,
} from "../../../operations";
import { words } from "./words";

type Reader = PathologyReadersData["pathologyReaders"][number];

/** A pathologist once, with what speaks for giving them this case. */
export interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly inHand: number;
  readonly limit: number;
  readonly fit: "fits" | "general" | "other";
}

/** Each reader once, those of the subspecialty first, then who has least in hand. */
export function candidates(readers: readonly Reader[], subspecialty: string): readonly Candidate[] {
  const order = { fits: 0, general: 1, other: 2 } as const;
  const found = new Map<string, Candidate>();
  for (const row of readers.filter((one) => one.endedAt === null)) {
    const fit =
      row.subspecialty.code === subspecialty ? "fits" : row.subspecialty.code === "GENERAL" ? "general" : "other";
    const before = found.get(row.person.id);
    if (before && order[before.fit] <= order[fit]) continue;
    found.set(row.person.id, {
      id: row.person.id,
      name: row.person.name,
      inHand: row.inHand,
      limit: row.openLimit,
      fit,
    });
  }
  return [...found.values()].sort((a, b) => order[a.fit] - order[b.fit] || a.inHand / a.limit - b.inHand / b.limit);
}

interface Props {
  readonly row: PathologyRowFragment;
  readonly close: () => void;
  readonly done: (name: string) => void;
}

/** Gives a case of the pool to somebody: by subspecialty and load, one press. */
export function AssignDialog({ row, close, done }: Props) {
  const say = words();
  const department = row.performerDepartment?.id ?? "";
  const { data, problem, reload } = useRead(PathologyReaders, { department }, { skip: !department });
  const { act, busy } = useAct(AssignPathology);
  const [refused, setRefused] = useState<Problem | null>(null);
  const all = candidates(data?.pathologyReaders ?? [], row.subspecialty.code);

  async function give(to: Candidate): Promise<void> {
    const answer = await act({ id: row.id, expectedVersion: row.version, expert: to.id });
    if (answer.ok) done(to.name);
    else setRefused(answer.problem);
  }

  return (
    <Dialog title={say.assignTitle(row.number)} onClose={close}>
      <p class="aside">{say.assignHint(row.subspecialty.label)}</p>
      <Trouble problem={problem ?? refused} retry={problem ? () => void reload() : undefined} />
      {!data && !problem ? <Loading /> : null}
      {data && !all.length ? <Empty title={say.noReaders}>{say.noReadersHint}</Empty> : null}
      <ul class="plain candidates">
        {all.map((one) => (
          <li key={one.id}>
            <span>
              <strong>{one.name}</strong> <Badge tone={one.fit === "other" ? "plain" : "info"}>{say[one.fit]}</Badge>
              <span class="aside">
                {" "}
                {say.load(one.inHand, one.limit)}
                {one.inHand >= one.limit ? ` · ${say.full}` : ""}
              </span>
            </span>
            <Button small busy={busy} onClick={() => void give(one)} aria-label={`${say.assign}：${one.name}`}>
              {say.assign}
            </Button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
