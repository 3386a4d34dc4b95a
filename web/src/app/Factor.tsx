import { useEffect, useRef, useState } from "preact/hooks";
import { Banner, Button, TextField } from "../kit";
import { atTheDoor } from "../net/door";
import { problem as made, type Problem } from "../net/problem";
import { keyAnswer, keysSupported } from "../net/securityKeys";
import { door, showFactor, signOut } from "../net/session";
import { words } from "./sign-in-words";

type Asked = Parameters<typeof keyAnswer>[0];

/** The second step: the code of an authenticator, a recovery code, or a security key. */
export function FactorForm() {
  const say = words();
  const form = useRef<HTMLFormElement>(null);
  const [code, setCode] = useState("");
  const [missing, setMissing] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const factors = door.value.factors ?? [];
  const byKey = factors.includes("SECURITY_KEY");

  useEffect(() => form.current?.querySelector<HTMLInputElement>("[name=code]")?.focus(), []);

  function told(found: Problem | null): void {
    setBusy(false);
    setProblem(found);
    if (!found) return;
    setCode("");
    form.current?.querySelector<HTMLInputElement>("[name=code]")?.focus();
  }

  async function send(event: Event) {
    event.preventDefault();
    setMissing(!code.trim());
    if (!code.trim()) return form.current?.querySelector<HTMLInputElement>("[name=code]")?.focus();
    setBusy(true);
    told(await showFactor({ code }));
  }

  async function touch() {
    setBusy(true);
    const asked = await atTheDoor<Asked>("factor/");
    if (!asked.ok) return told(asked.problem);
    const credential = await keyAnswer(asked.data);
    told(credential ? await showFactor({ credential }) : made("refused", say.keyGivenUp));
  }

  return (
    <form ref={form} class="stack" noValidate onSubmit={(event) => void send(event)}>
      <h2>{say.secondStep}</h2>
      <div aria-live="assertive">{problem ? <Banner tone="bad">{problem.message}</Banner> : null}</div>
      {byKey ? (
        <>
          <Button kind={factors[0] === "SECURITY_KEY" ? "primary" : "plain"} busy={busy} disabled={!keysSupported()} onClick={() => void touch()}>
            {say.byKey}
          </Button>
          {keysSupported() ? null : <p class="aside">{say.noKeysHere}</p>}
        </>
      ) : null}
      <TextField
        label={factors.includes("TOTP") ? say.code : say.recoveryCode}
        hint={factors.includes("TOTP") ? say.codeHint : say.recoveryHint}
        name="code"
        inputMode="numeric"
        autoComplete="one-time-code"
        value={code}
        onChange={setCode}
        error={missing && !code.trim() ? say.codeMissing : ""}
      />
      <div class="row">
        <Button kind="primary" type="submit" busy={busy}>
          {say.confirm}
        </Button>
        <Button kind="quiet" onClick={() => void signOut()}>
          {say.startOver}
        </Button>
      </div>
    </form>
  );
}
