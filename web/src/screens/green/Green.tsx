/** The green button: what kind, a few facts, whom to ask, and the call is out. One thumb is enough. */
import { useEffect, useState } from "preact/hooks";
import { go, href, query, setQuery } from "../../app/router";
import { Badge, Button, Clock, Empty, Loading, Trouble, Ago } from "../../kit";
import { useDraft } from "../../net/drafts";
import { useRead } from "../../net/hooks";
import { useLive } from "../../net/live";
import { me } from "../../net/session";
import { GreenCalls, type GreenCallsData, GreenKinds, OfferMoved } from "../../operations";
import { Facts } from "./Facts";
import { type CallValues, NOTHING } from "./facts";
import "./style.css";
import { words } from "./words";

/** The screen: one's calls under way, and a new one. */
export default function Green() {
  const say = words();
  const person = me.value?.person.id ?? "";
  const kinds = useRead(GreenKinds, {});
  const draft = useDraft<CallValues>(person, "green", NOTHING);
  const chosen = query.value.get("kind") ?? "";
  const kind = kinds.data?.greenKinds.find((one) => one.concept.code === chosen && !one.goesDown);
  const [ended, setEnded] = useState("");
  useEffect(() => {
    // A call that was sent and not answered is sent again as it was.
    if (draft.ready && draft.value.calling && !chosen) setQuery({ kind: draft.value.calling.kind });
  }, [draft.ready]);
  if (chosen && kinds.data && draft.ready) {
    if (kind && ended !== chosen)
      return (
        <Facts
          kind={kind}
          draft={draft}
          done={(id) => {
            setEnded(chosen);
            draft.drop();
            go(`/green/${id}`);
          }}
        />
      );
  }
  return (
    <div class="green stack">
      <h1>{say.title}</h1>
      <Running />
      <section class="panel stack">
        <h2>{say.which}</h2>
        <p class="aside">{say.whichHint}</p>
        <Trouble problem={kinds.problem} retry={() => void kinds.reload()} />
        {!kinds.data && !kinds.problem ? <Loading /> : null}
        <ul class="kinds">
          {kinds.data?.greenKinds
            .filter((one) => !one.goesDown)
            .map((one) => (
              <li key={one.concept.code}>
                <Button onClick={() => go("/green", { search: `kind=${one.concept.code}` })}>
                  <span>
                    <strong>{one.concept.label}</strong>
                    <small>{say.answerIn(one.answerMinutes)}</small>
                  </span>
                </Button>
              </li>
            ))}
        </ul>
      </section>
    </div>
  );
}

type Row = GreenCallsData["worklist"]["nodes"][number];

function Running() {
  const say = words();
  const { data, problem, reload } = useRead(GreenCalls, {});
  useLive(OfferMoved, {}, { next: () => void reload(), gap: () => void reload() });
  const rows = data?.worklist.nodes ?? [];
  return (
    <section class="stack" aria-labelledby="running">
      <h2 id="running">{say.running}</h2>
      <Trouble problem={problem} retry={() => void reload()} />
      {data && !rows.length ? <Empty title={say.noneRunning}>{say.noneRunningHint}</Empty> : null}
      <ul class="plain calls">
        {rows.map((one) => (
          <li key={one.id}>
            <a class="call-line" href={href(`/green/${one.id}`)}>
              <span>
                <strong>{one.greenKind?.label}</strong> {one.patient.displayName}
              </span>
              <Badge tone={one.status === "BROADCAST" ? "stat" : "info"}>
                {say.status[one.status as keyof typeof say.status] ?? one.status}
              </Badge>
              <span class="aside">{answers(one)}</span>
              <span class="aside">
                {one.number} · <Ago at={one.createdAt} />
              </span>
              {one.clock ? <Clock dueAt={one.clock.dueAt} startedAt={one.clock.startedAt} /> : null}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function answers(row: Row): string {
  const say = words();
  if (row.performerHospital) return say.to(row.performerHospital.name);
  return say.answered(row.offers.filter((one) => one.status === "OFFERED").length, row.offers.length);
}
