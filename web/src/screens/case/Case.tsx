/** The whole story of one case on one page: what to do now, what is known, who holds the clock, what was done. */
import { useMemo, useState } from "preact/hooks";
import { go, href, query } from "../../app/router";
import type { ScreenProps } from "../../app/screens";
import { useKeys } from "../../app/keys";
import { Badge, ButtonLink, date, Empty, Loading, toast, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { useLive } from "../../net/live";
import { can, me } from "../../net/session";
import type { Problem } from "../../net/problem";
import { CaseChanged, type CaseLegFragment, CaseWhole, type ReferralRowFragment } from "../../operations";
import { lastList } from "../worklist/last";
import { Actions } from "./Actions";
import { AddFiles } from "./AddFiles";
import { labels } from "./labels";
import { Clinical, Files } from "./Clinical";
import { Course } from "./Course";
import { LegHead } from "./LegHead";
import { partyOf, personOf, StatusMark } from "./marks";
import { Elsewhere, Papers } from "./Papers";
import { PatientFacts } from "./Patient";
import { useReceipt } from "./receipt";
import { stepped } from "./stepped";
import "./style.css";
import { Clocks, Timeline } from "./Timeline";
import { words } from "./words";

/** The case page. */
export default function Case({ params }: ScreenProps) {
  const say = words();
  const id = params.id ?? "";
  const { data, problem, reload, set } = useRead(CaseWhole, { id });
  const found = data?.case;
  useLive(
    CaseChanged,
    { id },
    {
      next: ({ caseChanged: { event } }) => {
        if (event.actor?.id !== me.value?.person.id) toast(say.changedBy(event.actor?.name ?? "", event.label));
        void reload();
      },
      gap: () => void reload(),
    },
    { skip: !found },
  );
  useKeys(useMemo(() => [{ keys: "Backspace", does: say.back, run: () => go("/worklist", { search: lastList() }) }], [say]));
  const legs = found?.legs ?? [];
  const wanted = query.value.get("leg");
  const leg = legs.find((one) => one.id === wanted) ?? legs.filter((one) => !one.closedAt).at(-1) ?? legs.at(-1);
  const [answering, setAnswering] = useState(false);
  const done = (now: ReferralRowFragment) => {
    set((before) => (before.case ? { case: { ...before.case, legs: before.case.legs.map((one) => (one.id === now.id ? stepped(one, now) : one)) } } : before));
    void reload();
  };
  useReceipt(leg ?? null, answering, done);
  if (!found) {
    return (
      <>
        <h1>{say.title}</h1>
        {problem ? <Absent problem={problem} retry={() => void reload()} /> : <Loading what={say.loading} />}
      </>
    );
  }
  return (
    <div class="case">
      <header class="case-head">
        <a class="back no-print" href={`${href("/worklist")}?${lastList()}`}>
          ← {say.toList}
        </a>
        <h1>{personOf({ ...found.patient, displayName: found.patient.identity?.name || found.patient.displayName })}</h1>
        <p class="aside">
          {say.number(found.number)} · {say.opened(found.origin.name)} {date(found.openedAt)} {found.closedAt ? <Badge>{say.closed}</Badge> : null}
        </p>
      </header>
      <Trouble problem={problem} retry={() => void reload()} />
      {legs.length > 1 ? <Legs legs={legs} shown={leg?.id} /> : null}
      {leg ? (
        <div class="case-body">
          <div class="stack case-main">
            <LegHead leg={leg}>
              <Papers leg={leg} />
            </LegHead>
            <section class="panel no-print" aria-label={say.mayDo}>
              <h2>{say.mayDo}</h2>
              <Elsewhere leg={leg} />
              <Actions key={leg.id} leg={leg} done={done} refresh={reload} onForm={setAnswering} />
            </section>
            <section class="panel" aria-label={say.summary}>
              <Clinical row={leg} />
              <Course row={leg} />
            </section>
            {leg.attachments ? (
              <section class="panel" aria-labelledby="files">
                <h2 id="files">{say.files}</h2>
                <Files files={leg.attachments} />
                {!leg.closedAt && can("add_attachment") ? <AddFiles key={leg.id} referral={leg.id} reload={reload} /> : null}
              </section>
            ) : null}
          </div>
          <div class="stack case-side">
            <section class="panel" aria-labelledby="clocks">
              <h2 id="clocks">{say.clocks}</h2>
              <Clocks clocks={leg.clocks} />
            </section>
            <PatientFacts id={([leg, ...legs].find((one) => one.accessLevel === "FULL") ?? leg).id} patient={found.patient} />
            <section class="panel" aria-labelledby="timeline">
              <h2 id="timeline">{say.timeline}</h2>
              <Timeline legs={legs} />
            </section>
          </div>
        </div>
      ) : null}
    </div>
  );
}

/** Why there is nothing to show, and where to go. */
export function Absent({ problem, retry }: { readonly problem: Problem; readonly retry: () => void }) {
  const say = words();
  if (problem.kind !== "refused") return <Trouble problem={problem} retry={retry} />;
  return (
    <Empty title={say.notFound} action={<ButtonLink href={href("/worklist")}>{say.toList}</ButtonLink>}>
      {say.notFoundHint}
    </Empty>
  );
}

/** The legs of a case, as a way between them. */
function Legs({ legs, shown }: { readonly legs: readonly CaseLegFragment[]; readonly shown: string | undefined }) {
  const say = words();
  return (
    <nav class="legs" aria-label={say.legs(legs.length)}>
      <ol class="plain">
        {legs.map((one, at) => (
          <li key={one.id}>
            <a href={`?leg=${encodeURIComponent(one.id)}`} aria-current={one.id === shown ? "true" : undefined}>
              <span class="leg-n">{say.leg(at + 1, one.number)}</span>
              <span>
                {labels().direction[one.direction ?? "UP"]} {partyOf(one, "PERFORMER")}
              </span>
              <StatusMark status={one.status} />
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}
