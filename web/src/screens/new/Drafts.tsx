import { useEffect, useState } from "preact/hooks";
import { href } from "../../app/router";
import { Ago, Badge, Button, ButtonLink, Dialog, Empty, Loading, toast, Trouble } from "../../kit";
import { findDraft } from "../../net/drafts";
import { useRead } from "../../net/hooks";
import { me } from "../../net/session";
import { MyDrafts, type MyDraftsData } from "../../operations";
import { call } from "../../net/client";
import { Discard } from "./Discard";
import type { Values } from "./form";
import { CURRENT } from "./New";
import "./style.css";
import { words } from "./words";

type Row = MyDraftsData["worklist"]["nodes"][number];

/** What one has begun to write and not yet sent, on whatever machine. */
export default function Drafts() {
  const say = words();
  const { data, problem, reload, set } = useRead(MyDrafts, {});
  const [here, setHere] = useState("");
  const [given, setGiven] = useState<Row | null>(null);
  const person = me.value?.person.id ?? "";
  useEffect(() => {
    void findDraft<Values>(person, CURRENT)
      .catch(() => null)
      .then((found) => setHere(found?.server?.id ?? ""));
  }, [person]);
  const page = data?.worklist.pageInfo;

  async function more() {
    const answer = await call(MyDrafts, { after: page?.endCursor ?? null });
    if (answer.ok)
      set((before) => ({
        worklist: { ...answer.data.worklist, nodes: [...before.worklist.nodes, ...answer.data.worklist.nodes] },
      }));
  }

  return (
    <div class="new">
      <div class="row spread">
        <h1>{say.drafts}</h1>
        <ButtonLink href={href("/new")} kind="primary">
          {say.title}
        </ButtonLink>
      </div>
      <Trouble problem={problem} retry={() => void reload()} />
      {!data && !problem ? <Loading /> : null}
      {data && !data.worklist.nodes.length ? <Empty title={say.noDrafts}>{say.noDraftsHint}</Empty> : null}
      <ul class="plain drafts">
        {data?.worklist.nodes.map((one) => (
          <li key={one.id} class="draft">
            <a href={one.id === here ? href("/new") : href("/new", { draft: one.id })}>
              <strong>{one.patient.displayName}</strong>
              <span>
                {" "}
                {[
                  one.patient.sex === "UNKNOWN" ? "" : say.sex[one.patient.sex],
                  one.patient.age === null ? "" : say.years(one.patient.age),
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
            </a>
            <Badge tone={one.priority === "STAT" ? "stat" : "plain"}>{say.priorities[one.priority]}</Badge>
            <span class="about">
              {one.reason || say.nothingYet}
              <span class="aside">
                {" "}
                →{" "}
                {one.performerHospital
                  ? `${one.performerHospital.name} ${one.performerDepartment?.name ?? ""}`
                  : say.noDestination}
              </span>
            </span>
            <span class="aside">
              {one.number} · <Ago at={one.createdAt} />
            </span>
            <Button kind="quiet" small aria-label={say.discardOf(one.number)} onClick={() => setGiven(one)}>
              {say.discard}
            </Button>
          </li>
        ))}
      </ul>
      {page?.hasNextPage ? (
        <div>
          <Button onClick={() => void more()}>{say.moreDrafts}</Button>
        </div>
      ) : null}
      {given ? (
        <Dialog title={say.discardTitle} onClose={() => setGiven(null)}>
          <Discard
            row={given}
            done={() => {
              setGiven(null);
              toast(say.discarded);
              void reload();
            }}
            cancel={() => setGiven(null)}
          />
        </Dialog>
      ) : null}
    </div>
  );
}
