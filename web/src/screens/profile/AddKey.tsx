import { useRef, useState } from "preact/hooks";
import { Button, Dialog, TextField, Trouble, wrongWith } from "../../kit";
import { ownWays } from "../../net/door";
import { problem as made, type Problem } from "../../net/problem";
import { newKeyAnswer } from "../../net/securityKeys";
import { words } from "./security-words";

interface Props {
  readonly close: () => void;
  readonly done: (recoveryCodes: readonly string[]) => void;
}

/** Enrols a security key under a name by which its owner tells it from others. */
export function AddKey({ close, done }: Props) {
  const say = words();
  const form = useRef<HTMLFormElement>(null);
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  async function touched(): Promise<Problem | null> {
    const asked = await ownWays<Parameters<typeof newKeyAnswer>[0]>("keys/", "POST");
    if (!asked.ok) return asked.problem;
    const credential = await newKeyAnswer(asked.data);
    if (!credential) return made("refused", say.keyGivenUp);
    const answer = await ownWays<{ recoveryCodes: string[] }>("keys/", "PUT", { name, credential });
    if (!answer.ok) return answer.problem;
    done(answer.data.recoveryCodes);
    return null;
  }

  async function add(event: Event) {
    event.preventDefault();
    if (!name.trim()) {
      setProblem(made("refused", say.nameMissing, { field: "name" }));
      return form.current?.querySelector<HTMLInputElement>("[name=name]")?.focus();
    }
    setBusy(true);
    setProblem(await touched());
    setBusy(false);
  }

  return (
    <Dialog title={say.addKey} onClose={close}>
      <form ref={form} class="stack" noValidate onSubmit={(event) => void add(event)}>
        <p>{say.keyHint}</p>
        {problem && problem.field !== "name" ? <Trouble problem={problem} /> : null}
        <TextField label={say.keyName} hint={say.keyNameHint} name="name" value={name} onChange={setName} maxLength={40} autoFocus error={wrongWith(problem, "name")} />
        <div class="row">
          <Button kind="primary" type="submit" busy={busy}>
            {say.touchKey}
          </Button>
          <Button kind="quiet" onClick={close}>
            {say.cancel}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
