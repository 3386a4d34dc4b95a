import { useState } from "preact/hooks";
import { Banner, Button, date, Dialog, Empty, Loading, toast, Trouble } from "../../kit";
import { ownWays } from "../../net/door";
import type { Problem } from "../../net/problem";
import { keysSupported } from "../../net/securityKeys";
import { AddKey } from "./AddKey";
import { AddTotp } from "./AddTotp";
import { useOwn } from "./own";
import { words } from "./security-words";

interface Factor {
  readonly id: number;
  readonly way: "TOTP" | "SECURITY_KEY";
  readonly name: string;
  readonly addedAt: string;
  readonly usedAt: string | null;
}

interface Factors {
  readonly factors: readonly Factor[];
  readonly recoveryCodes: number;
  readonly compulsory: boolean;
}

type Opened = "totp" | "key" | "codes" | Factor | null;

/** One's second factors: what is enrolled, one more, one less, and recovery codes. */
export function FactorsPanel({ enrolled }: { readonly enrolled?: () => void }) {
  const say = words();
  const { data, problem, reload } = useOwn<Factors>("factors/");
  const [opened, open] = useState<Opened>(null);
  const [codes, show] = useState<readonly string[] | null>(null);
  const rows = data?.factors ?? [];
  const nameOf = (one: Factor): string => one.name || say.totp;

  function added(found: readonly string[]): void {
    open(null);
    toast(say.added);
    if (found.length) show(found);
    else finished();
  }
  function finished(): void {
    show(null);
    if (enrolled) enrolled();
    else void reload();
  }

  return (
    <section class="panel">
      <h2>{say.factors}</h2>
      <p class="aside">{say.factorsHint}</p>
      <Trouble problem={problem} retry={() => void reload()} />
      {!data && !problem ? <Loading /> : null}
      {data && !rows.length ? <Empty title={say.noFactor} /> : null}
      <ul class="lines">
        {rows.map((one) => (
          <li key={one.id}>
            <div>
              <strong>{nameOf(one)}</strong>
              <p class="aside">{[say.since(date(one.addedAt)), one.usedAt ? say.lastUsed(date(one.usedAt)) : say.neverUsed].join(" · ")}</p>
            </div>
            <Button small kind="danger" aria-label={say.removeOf(nameOf(one))} onClick={() => open(one)}>
              {say.remove}
            </Button>
          </li>
        ))}
        {rows.length ? (
          <li>
            <div>
              <strong>{say.recovery}</strong>
              <p class="aside">{say.codesLeft(data?.recoveryCodes ?? 0)}</p>
            </div>
            <Button small onClick={() => open("codes")}>
              {say.renewCodes}
            </Button>
          </li>
        ) : null}
      </ul>
      {data ? (
        <div class="row">
          <Button onClick={() => open("totp")}>{rows.some((one) => one.way === "TOTP") ? say.replaceTotp : say.addTotp}</Button>
          <Button disabled={!keysSupported()} onClick={() => open("key")}>
            {say.addKey}
          </Button>
        </div>
      ) : null}
      {keysSupported() ? null : <p class="aside">{say.noKeysHere}</p>}
      {opened === "totp" ? <AddTotp close={() => open(null)} done={added} /> : null}
      {opened === "key" ? <AddKey close={() => open(null)} done={added} /> : null}
      {opened === "codes" ? (
        <Sure
          title={say.renewCodes}
          text={say.renewSure}
          word={say.renewCodes}
          close={() => open(null)}
          act={() => ownWays<{ recoveryCodes: string[] }>("recovery-codes/", "POST")}
          done={(found) => {
            open(null);
            show(found.recoveryCodes);
          }}
        />
      ) : null}
      {opened && typeof opened === "object" ? (
        <Sure
          title={say.removeOf(nameOf(opened))}
          text={say.removeSure(nameOf(opened))}
          word={say.remove}
          close={() => open(null)}
          act={() => ownWays<object>(`factors/${opened.id}/`, "DELETE")}
          done={() => {
            open(null);
            toast(say.removed);
            void reload();
          }}
        />
      ) : null}
      {codes ? <Codes codes={codes} close={finished} /> : null}
    </section>
  );
}

interface SureProps<Body> {
  readonly title: string;
  readonly text: string;
  readonly word: string;
  readonly act: () => ReturnType<typeof ownWays<Body>>;
  readonly done: (body: Body) => void;
  readonly close: () => void;
}

/** Asks once more before something ends. */
export function Sure<Body>({ title, text, word, act, done, close }: SureProps<Body>) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  async function go() {
    setBusy(true);
    const answer = await act();
    setBusy(false);
    if (answer.ok) done(answer.data);
    else setProblem(answer.problem);
  }
  return (
    <Dialog title={title} onClose={close}>
      <div class="stack">
        <p>{text}</p>
        <Trouble problem={problem} />
        <div class="row">
          <Button kind="danger" busy={busy} onClick={() => void go()}>
            {word}
          </Button>
          <Button kind="quiet" onClick={close}>
            {words().cancel}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** The recovery codes, this once; they go away only when told to. */
function Codes({ codes, close }: { readonly codes: readonly string[]; readonly close: () => void }) {
  const say = words();
  return (
    <Dialog title={say.recovery}>
      <Banner tone="warn">{say.codesOnce}</Banner>
      <ol class="codes" aria-label={say.recovery}>
        {codes.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ol>
      <div class="row">
        <Button onClick={() => void navigator.clipboard.writeText(codes.join("\n")).then(() => toast(say.copied))}>{say.copy}</Button>
        <Button kind="primary" onClick={close}>
          {say.kept}
        </Button>
      </div>
    </Dialog>
  );
}
