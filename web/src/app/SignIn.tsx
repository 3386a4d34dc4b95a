import { useEffect, useRef, useState } from "preact/hooks";
import { Banner, Button, TextField } from "../kit";
import { signIn } from "../net/session";
import type { Problem } from "../net/problem";
import { language, speak } from "../words";
import { words as shellWords } from "./words";
import { words } from "./sign-in-words";

/** The page that meets whoever is not signed in. */
export function SignInPage() {
  const say = words();
  const shell = shellWords();
  useEffect(() => {
    document.title = `${say.title} · ${shell.product}`;
  }, [say]);
  return (
    <main class="apart sign-in">
      <div class="sign-in-card">
        <h1>{shell.product}</h1>
        <p class="lead">{say.lead}</p>
        <SignInForm username="" />
        <p class="aside">{say.forgotten}</p>
      </div>
      <p>
        <button
          type="button"
          class="button quiet"
          lang={language.value === "en" ? "zh-Hans" : "en"}
          aria-label={shell.switchLanguageLabel}
          onClick={() => speak(language.value === "en" ? "zh" : "en")}
        >
          {shell.switchLanguage}
        </button>
      </p>
    </main>
  );
}

/** Username and password; `fixed` when only the same person may come back. */
export function SignInForm({ username: known, fixed }: { readonly username: string; readonly fixed?: boolean }) {
  const say = words();
  const form = useRef<HTMLFormElement>(null);
  const [username, setUsername] = useState(known);
  const [password, setPassword] = useState("");
  const [shown, setShown] = useState(false);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  async function enter(event: Event) {
    event.preventDefault();
    setTried(true);
    if (!username.trim() || !password) {
      form.current?.querySelector<HTMLInputElement>(username.trim() ? "[name=password]" : "[name=username]")?.focus();
      return;
    }
    setBusy(true);
    const found = await signIn(username.trim(), password);
    setBusy(false);
    setProblem(found);
    if (found) form.current?.querySelector<HTMLInputElement>("[name=password]")?.focus();
  }

  return (
    <form ref={form} class="stack" noValidate onSubmit={(event) => void enter(event)}>
      <div aria-live="assertive">
        {problem ? (
          <Banner tone="bad">{problem.code === "UNAUTHENTICATED" ? say.wrong : problem.message}</Banner>
        ) : null}
      </div>
      <TextField
        label={say.username}
        name="username"
        autoComplete="username"
        value={username}
        onChange={setUsername}
        disabled={fixed}
        autoFocus={!fixed}
        error={tried && !username.trim() ? say.usernameMissing : ""}
      />
      <TextField
        label={say.password}
        name="password"
        type={shown ? "text" : "password"}
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
        autoFocus={Boolean(fixed)}
        error={tried && !password ? say.passwordMissing : ""}
      />
      <div class="row">
        <Button kind="primary" type="submit" busy={busy}>
          {say.enter}
        </Button>
        <Button kind="quiet" onClick={() => setShown(!shown)}>
          {shown ? say.hide : say.show}
        </Button>
      </div>
    </form>
  );
}
