import { useRef, useState } from "preact/hooks";
import { Banner, Button, TextField, wrongWith } from "../kit";
import { atTheDoor } from "../net/door";
import type { Problem } from "../net/problem";
import { words } from "./sign-in-words";

interface Props {
  readonly secret: string;
  readonly done: (username: string) => void;
}

/** The first or another password, by a link that works once. */
export function SetupForm({ secret, done }: Props) {
  const say = words();
  const form = useRef<HTMLFormElement>(null);
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const differs = tried && again !== password ? say.differs : "";

  async function set(event: Event) {
    event.preventDefault();
    setTried(true);
    if (!password || again !== password) return form.current?.querySelector<HTMLInputElement>(password ? "[name=again]" : "[name=new]")?.focus();
    setBusy(true);
    const answer = await atTheDoor<{ username: string }>("setup/", "POST", { secret, password });
    setBusy(false);
    if (answer.ok) done(answer.data.username);
    else setProblem(answer.problem);
  }

  return (
    <form ref={form} class="stack" noValidate onSubmit={(event) => void set(event)}>
      <h2>{say.setUp}</h2>
      <div aria-live="assertive">
        {problem && problem.field !== "password" ? <Banner tone="bad">{problem.message}</Banner> : null}
      </div>
      <TextField
        label={say.newPassword}
        hint={say.newPasswordHint}
        name="new"
        type="password"
        autoComplete="new-password"
        value={password}
        onChange={setPassword}
        autoFocus
        error={wrongWith(problem, "password") || (tried && !password ? say.passwordMissing : "")}
      />
      <TextField label={say.again} name="again" type="password" autoComplete="new-password" value={again} onChange={setAgain} error={differs} />
      <Button kind="primary" type="submit" busy={busy}>
        {say.setPassword}
      </Button>
    </form>
  );
}
