import "../style.css";
import { useMemo, useRef, useState } from "preact/hooks";
import { type Key, useKeys } from "../../../app/keys";
import { go, href, query, setQuery } from "../../../app/router";
import { Button, ButtonLink, dateTime, Empty, Loading, toast, Trouble } from "../../../kit";
import { useAct, useRead } from "../../../net/hooks";
import { useLive } from "../../../net/live";
import { call } from "../../../net/client";
import type { Problem } from "../../../net/problem";
import { can, me } from "../../../net/session";
import {
  ClaimPathology,
  PathologyQueue,
  PathologyQueueChanged,
  PathologyTaken,
  type PathologyQueueVariables,
  type PathologyRowFragment,
} from "../../../operations";
import { language } from "../../../words";
import { words as shared } from "../words";
import { AssignDialog } from "./Assign";
import { BOXES, type Box, Boxes, Filters } from "./Filters";
import { allowed, Row } from "./Row";
import { words } from "./words";

/** The box a person begins with: what they can take, else what came, else what they sent. */
function firstBox(): Box {
  return BOXES.find((box) => box.offered())?.value ?? "MINE";
}

function wanted(): PathologyQueueVariables {
  const given = query.value;
  const only = given.get("only") ?? "open";
  return {
    box: (BOXES.find((one) => one.value === given.get("box"))?.value ?? firstBox()) as Box,
    open: only === "open" ? true : null,
    overdue: only === "overdue" ? true : null,
    kind: (given.get("kind") as PathologyQueueVariables["kind"]) || null,
    subspecialty: given.get("subspecialty") || null,
    patient: given.get("patient") || null,
    sort: (given.get("sort") as PathologyQueueVariables["sort"]) || "NEAREST_DEADLINE",
  };
}

/** The cases of pathology before a lab, a pathologist or a lead: live, by deadline, claimed and assigned in place. */
export default function Queue() {
  const say = words();
  const common = shared();
  const variables = wanted();
  const { box } = variables;
  const { data, problem, busy, reload, set } = useRead(PathologyQueue, variables, { keep: true });
  const claiming = useAct(ClaimPathology);
  const [news, setNews] = useState<readonly string[]>([]);
  const [told, setTold] = useState("");
  const [assigning, setAssigning] = useState<PathologyRowFragment | null>(null);
  const [refused, setRefused] = useState<typeof problem>(null);
  const list = useRef<HTMLOListElement>(null);
  const rows = data?.pathologyWorklist.nodes ?? [];
  const page = data?.pathologyWorklist.pageInfo;

  useLive(
    PathologyQueueChanged,
    { box },
    {
      next: ({ pathologyWorklistChanged: { inBox, pathologyCase } }) => {
        const known = rows.some((row) => row.id === pathologyCase.id);
        if (known) {
          setTold(say.changed(pathologyCase.number, common.status[pathologyCase.status]));
          put(pathologyCase, inBox);
        } else if (inBox) {
          setNews((before) => [...new Set([...before, pathologyCase.id])]);
        }
      },
      gap: () => void reload(),
    },
  );

  /** A row changes where it stands; it never moves under the pointer. */
  function put(row: PathologyRowFragment, inBox = true): void {
    set((before) => {
      const { nodes } = before.pathologyWorklist;
      const changed = nodes.flatMap((one) => (one.id !== row.id ? [one] : inBox ? [row] : []));
      return { pathologyWorklist: { ...before.pathologyWorklist, nodes: changed } };
    });
  }

  async function more(): Promise<void> {
    const answer = await call(PathologyQueue, { ...variables, after: page?.endCursor ?? null });
    if (!answer.ok) return setRefused(answer.problem);
    set((before) => {
      const have = new Set(before.pathologyWorklist.nodes.map((one) => one.id));
      const older = answer.data.pathologyWorklist.nodes.filter((one) => !have.has(one.id));
      return {
        pathologyWorklist: { ...answer.data.pathologyWorklist, nodes: [...before.pathologyWorklist.nodes, ...older] },
      };
    });
  }

  async function claim(row: PathologyRowFragment): Promise<void> {
    setRefused(null);
    const answer = await claiming.act({ id: row.id, expectedVersion: row.version });
    if (answer.ok) {
      toast(say.claimed(row.number), {
        label: say.read,
        run: () => go(`/pathology/${encodeURIComponent(row.id)}/read`),
      });
    } else {
      setRefused(answer.problem);
      if (["INVALID_STATE", "STALE_VERSION"].includes(answer.problem.code)) await tellWho(row.id, answer.problem);
    }
    await reload();
  }

  /** Somebody was faster: who, and when. */
  async function tellWho(id: string, problem: Problem): Promise<void> {
    const answer = await call(PathologyTaken, { id });
    const taken = answer.ok ? answer.data.pathologyCase : null;
    if (taken?.assignedTo && taken.assignedAt) {
      setRefused({ ...problem, message: say.taken(taken.number, taken.assignedTo.name, dateTime(taken.assignedAt)) });
    }
  }

  function selected(): PathologyRowFragment | undefined {
    const id = (document.activeElement?.closest("[data-case]") as HTMLElement | null)?.dataset.case;
    return rows.find((row) => row.id === id);
  }

  function move(by: number): void {
    const links = [...(list.current?.querySelectorAll<HTMLElement>("a.case-link") ?? [])];
    const at = links.findIndex((one) => one.closest("[data-case]")?.contains(document.activeElement));
    links[at < 0 ? 0 : Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
  }

  const handlers = useRef({ move, selected, claim });
  handlers.current = { move, selected, claim };
  const tongue = language.value;
  const keys = useMemo<readonly Key[]>(() => {
    const does = words();
    const at = handlers;
    return [
      { keys: "j", does: does.keyNext, run: () => at.current.move(1) },
      { keys: "k", does: does.keyPrevious, run: () => at.current.move(-1) },
      { keys: "c", does: does.keyClaim, run: () => withRow("claimPathology", (row) => void at.current.claim(row)) },
      { keys: "a", does: does.keyAssign, run: () => withRow("assignPathology", setAssigning) },
      {
        keys: "r",
        does: does.keyRead,
        run: () => withRow("", (row) => go(`/pathology/${encodeURIComponent(row.id)}/read`)),
      },
    ];
    function withRow(action: string, run: (row: PathologyRowFragment) => void): void {
      const row = at.current.selected();
      if (row && (!action || allowed(row, action))) run(row);
    }
  }, [tongue]);
  useKeys(keys);

  const filtered = ["kind", "subspecialty", "patient", "only"].some((name) => query.value.get(name));
  return (
    <div class="pathology stack">
      <div class="row spread">
        <h1>{say.title}</h1>
        <div class="row">
          {can("set_expertise") ? (
            <ButtonLink href={href("/pathology/experts")} kind="quiet">
              {say.experts}
            </ButtonLink>
          ) : null}
          {can("view_pathology_ledger") ? (
            <ButtonLink href={href("/pathology/ledger")} kind="quiet">
              {say.ledger}
            </ButtonLink>
          ) : null}
          {can("create_pathology") ? (
            <ButtonLink href={href("/pathology/new")} kind="primary">
              {say.newCase}
            </ButtonLink>
          ) : null}
        </div>
      </div>
      <Boxes value={box as Box} onChange={(value) => (setNews([]), setQuery({ box: value }))} />
      <Filters variables={variables} />
      <Trouble problem={problem ?? refused} retry={() => (setRefused(null), void reload())} />
      {news.length ? (
        <Button kind="plain" onClick={() => (setNews([]), void reload())}>
          {say.news(news.length)}
        </Button>
      ) : null}
      <p class="unseen" role="status">
        {told}
      </p>
      {!data && !problem ? <Loading /> : null}
      {data && !rows.length ? (
        <Empty
          title={filtered ? say.emptyFilter : say.empty[box]}
          action={
            filtered ? (
              <Button onClick={() => setQuery({ kind: null, subspecialty: null, patient: null, only: null })}>
                {say.clearFilter}
              </Button>
            ) : null
          }
        >
          {filtered ? null : say.emptyHint[box]}
        </Empty>
      ) : null}
      {rows.length ? (
        <>
          <ol class="cases" ref={list} aria-busy={busy}>
            {rows.map((row) => (
              <Row
                key={row.id}
                row={row}
                mine={row.assignedTo?.id === me.value?.person.id}
                claim={claim}
                assign={setAssigning}
                busy={claiming.busy}
              />
            ))}
          </ol>
          <div class="row">
            <span class="aside">{say.shown(rows.length, page?.hasNextPage ?? false)}</span>
            {page?.hasNextPage ? <Button onClick={() => void more()}>{say.more}</Button> : null}
          </div>
        </>
      ) : null}
      {assigning ? (
        <AssignDialog
          row={assigning}
          close={() => setAssigning(null)}
          done={(name) => {
            toast(say.assigned(assigning.number, name));
            setAssigning(null);
            void reload();
          }}
        />
      ) : null}
    </div>
  );
}
