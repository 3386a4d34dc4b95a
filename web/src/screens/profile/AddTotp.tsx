import { useEffect, useRef, useState } from "preact/hooks";
import { Button, Dialog, Loading, TextField, Trouble, wrongWith } from "../../kit";
import { ownWays } from "../../net/door";
import type { Problem } from "../../net/problem";
import { words } from "./security-words";

interface Begun {
  readonly secret: string;
  readonly picture: { readonly size: number; readonly path: string };
}

interface Props {
  readonly close: () => void;
  readonly done: (recoveryCodes: readonly string[]) => void;
}

/** Enrols an authenticator: its picture is scanned or its secret typed, and a code of it proves that it works. */
export function AddTotp({ close, done }: Props) {
  const say = words();
  const form = useRef<HTMLFormElement>(null);
  const [begun, setBegun] = useState<Begun | null>(null);
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  async function begin() {
    setProblem(null);
    const answer = await ownWays<Begun>("totp/", "POST");
    if (answer.ok) setBegun(answer.data);
    else setProblem(answer.problem);
  }
  useEffect(() => void begin(), []);

  async function confirm(event: Event) {
    event.preventDefault();
    setBusy(true);
    const answer = await ownWays<{ recoveryCodes: string[] }>("totp/", "PUT", { code });
    setBusy(false);
    if (answer.ok) return done(answer.data.recoveryCodes);
    setProblem(answer.problem);
    form.current?.querySelector<HTMLInputElement>("[name=code]")?.focus();
  }

  return (
    <Dialog title={say.addTotp} onClose={close}>
      {begun ? (
        <form ref={form} class="stack" noValidate onSubmit={(event) => void confirm(event)}>
          <p>{say.scan}</p>
          <svg class="qr" viewBox={`0 0 ${begun.picture.size} ${begun.picture.size}`} role="img" aria-label={say.qr}>
            <rect class="paper" width="100%" height="100%" />
            <path d={begun.picture.path} />
          </svg>
          <p>
            {say.orType}
            <output class="secret" aria-label={say.secret}>
              {begun.secret.match(/.{1,4}/g)?.join(" ")}
            </output>
          </p>
          {problem && problem.field !== "code" ? <Trouble problem={problem} /> : null}
          <TextField
            label={say.firstCode}
            hint={say.firstCodeHint}
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            value={code}
            onChange={setCode}
            error={wrongWith(problem, "code")}
          />
          <div class="row">
            <Button kind="primary" type="submit" busy={busy}>
              {say.confirm}
            </Button>
            <Button kind="quiet" onClick={close}>
              {say.cancel}
            </Button>
          </div>
        </form>
      ) : problem ? (
        <Trouble problem={problem} retry={() => void begin()} />
      ) : (
        <Loading />
      )}
    </Dialog>
  );
}
