import { useRef, useState } from "preact/hooks";
import { Button, TextField, toast, Trouble, wrongWith } from "../../kit";
import { ownWays } from "../../net/door";
import type { Problem } from "../../net/problem";
import { words } from "./security-words";

const NONE = { old: "", new: "", again: "" };

/** Changes one's password; every other session ends. */
export function PasswordPanel() {
  const say = words();
  const form = useRef<HTMLFormElement>(null);
  const [typed, type] = useState(NONE);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const differs = typed.again !== typed.new;
  const set = (name: keyof typeof NONE) => (value: string) => type((before) => ({ ...before, [name]: value }));

  async function change(event: Event) {
    event.preventDefault();
    setTried(true);
    const first = !typed.old ? "old" : !typed.new ? "new" : differs ? "again" : "";
    if (first) return form.current?.querySelector<HTMLInputElement>(`[name=${first}]`)?.focus();
    setBusy(true);
    const answer = await ownWays<object>("password/", "POST", { old: typed.old, new: typed.new });
    setBusy(false);
    setProblem(answer.ok ? null : answer.problem);
    if (!answer.ok) return;
    type(NONE);
    setTried(false);
    toast(say.passwordChanged);
  }

  return (
    <section class="panel">
      <h2>{say.password}</h2>
      <form ref={form} class="stack" noValidate onSubmit={(event) => void change(event)}>
        {problem && !["old", "new"].includes(problem.field) ? <Trouble problem={problem} /> : null}
        <TextField
          label={say.oldPassword}
          name="old"
          type="password"
          autoComplete="current-password"
          value={typed.old}
          onChange={set("old")}
          error={wrongWith(problem, "old") || (tried && !typed.old ? say.missing : "")}
        />
        <TextField
          label={say.newPassword}
          hint={say.newPasswordHint}
          name="new"
          type="password"
          autoComplete="new-password"
          value={typed.new}
          onChange={set("new")}
          error={wrongWith(problem, "new") || (tried && !typed.new ? say.missing : "")}
        />
        <TextField
          label={say.again}
          name="again"
          type="password"
          autoComplete="new-password"
          value={typed.again}
          onChange={set("again")}
          error={tried && typed.new && differs ? say.differs : ""}
        />
        <Button type="submit" busy={busy}>
          {say.changePassword}
        </Button>
      </form>
    </section>
  );
}
