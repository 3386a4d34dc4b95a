import { useState } from "preact/hooks";
import { Badge, Button, dateTime, Loading, toast, Trouble } from "../../kit";
import { ownWays } from "../../net/door";
import { Sure } from "./Factors";
import { useOwn } from "./own";
import { words } from "./security-words";

interface Session {
  readonly mine: boolean;
  readonly beganAt: string;
  readonly address: string | null;
  readonly agent: string;
}

interface SignIn {
  readonly at: string;
  readonly wayLabel: string;
  readonly outcome: string;
  readonly outcomeLabel: string;
  readonly address: string | null;
}

/** Where one is signed in, and what was tried with one's name. */
export function SessionsPanel() {
  const say = words();
  const sessions = useOwn<{ sessions: readonly Session[] }>("sessions/");
  const signIns = useOwn<{ signIns: readonly SignIn[] }>("sign-ins/");
  const [ending, end] = useState(false);
  const rows = sessions.data?.sessions ?? [];
  return (
    <section class="panel">
      <h2>{say.sessions}</h2>
      <p class="aside">{say.sessionsHint}</p>
      <Trouble problem={sessions.problem} retry={() => void sessions.reload()} />
      {!sessions.data && !sessions.problem ? <Loading /> : null}
      <ul class="lines">
        {rows.map((one) => (
          <li key={one.beganAt}>
            <div>
              <strong>{browserOf(one.agent) || say.unknownBrowser}</strong> {one.mine ? <Badge tone="good">{say.thisOne}</Badge> : null}
              <p class="aside">{[say.since(dateTime(one.beganAt)), one.address].filter(Boolean).join(" · ")}</p>
            </div>
          </li>
        ))}
      </ul>
      {rows.length > 1 ? (
        <Button kind="danger" onClick={() => end(true)}>
          {say.endOthers}
        </Button>
      ) : null}
      <h3>{say.signIns}</h3>
      <Trouble problem={signIns.problem} retry={() => void signIns.reload()} />
      <ul class="lines tried">
        {signIns.data?.signIns.map((one) => (
          <li key={one.at}>
            <span>
              {dateTime(one.at)} · {one.wayLabel}
            </span>
            <span>
              <Badge tone={one.outcome === "DONE" ? "good" : "warn"}>{one.outcomeLabel}</Badge> <span class="aside">{one.address ?? ""}</span>
            </span>
          </li>
        ))}
      </ul>
      {ending ? (
        <Sure
          title={say.endOthers}
          text={say.endSure}
          word={say.endOthers}
          close={() => end(false)}
          act={() => ownWays<{ ended: number }>("sessions/", "DELETE")}
          done={({ ended }) => {
            end(false);
            toast(say.ended(ended));
            void sessions.reload();
          }}
        />
      ) : null}
    </section>
  );
}

/** A browser's name from how it names itself; "" when it is none of the usual. */
function browserOf(agent: string): string {
  const found = /(Edg|QQBrowser|Firefox|Chrome|Safari)\/(\d+)/.exec(agent.includes("Edg/") ? agent.slice(agent.indexOf("Edg/")) : agent);
  const name = found?.[1] === "Edg" ? "Edge" : (found?.[1] ?? "");
  const system = /Windows|Android|iPhone|iPad|Mac OS X|Linux/.exec(agent)?.[0] ?? "";
  return [name && `${name} ${found?.[2] ?? ""}`, system].filter(Boolean).join(" · ");
}
