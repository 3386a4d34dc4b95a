import { useEffect, useRef, useState } from "preact/hooks";
import { Banner, Button, TextField } from "../kit";
import { door, setupSecret, signIn } from "../net/session";
import type { Problem } from "../net/problem";
import { language, speak } from "../words";
import { FactorForm } from "./Factor";
import { SetupForm } from "./Setup";
import { words as shellWords } from "./words";
import { words } from "./sign-in-words";

/** The page that meets whoever is not signed in. */
export function SignInPage() {
  const say = words();
  const shell = shellWords();
  const [secret, setSecret] = useState(setupSecret);
  const [username, setUsername] = useState("");
  useEffect(() => {
    document.title = `${say.title} · ${shell.product}`;
  }, [say]);
  return (
    <main class="apart sign-in">
      <div class="sign-in-card">
        <h1>{shell.product}</h1>
        <p class="lead">{say.lead}</p>
        {secret ? (
          <SetupForm
            secret={secret}
            done={(name) => {
              history.replaceState(null, "", location.pathname); // the secret has done its work
              setUsername(name);
              setSecret("");
            }}
          />
        ) : (
          <SignInForm key={username} username={username} known={Boolean(username)} />
        )}
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

interface Props {
  readonly username: string;
  /** Only the same person may come back. */
  readonly fixed?: boolean;
  /** The name is right; the password comes next. */
  readonly known?: boolean;
}

/** The way in: username and password, or the hospital's own sign-in; then a second factor where one is enrolled. */
export function SignInForm(props: Props) {
  return door.value.pending === "mfa" ? <FactorForm /> : <PasswordForm {...props} />;
}

function PasswordForm({ username: given, fixed, known }: Props) {
  const say = words();
  const form = useRef<HTMLFormElement>(null);
  const [username, setUsername] = useState(given);
  const [password, setPassword] = useState("");
  const [shown, setShown] = useState(false);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const told = door.value.problem;
  useEffect(() => {
    if (known) form.current?.querySelector<HTMLInputElement>("[name=password]")?.focus();
  }, [known]);

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
        ) : told ? (
          <Banner tone="bad">{told}</Banner>
        ) : null}
      </div>
      <TextField
        label={say.username}
        name="username"
        autoComplete="username"
        value={username}
        onChange={setUsername}
        disabled={fixed}
        autoFocus={!fixed && !known}
        error={tried && !username.trim() ? say.usernameMissing : ""}
      />
      <TextField
        label={say.password}
        name="password"
        type={shown ? "text" : "password"}
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
        autoFocus={Boolean(fixed || known)}
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
      <Providers />
    </form>
  );
}

/** The hospitals' own sign-ins; each leads away from the page and back to it. */
function Providers() {
  const say = words();
  const found = door.value.providers ?? [];
  if (!found.length) return null;
  const next = encodeURIComponent(location.pathname + location.search);
  return (
    <div class="stack providers">
      <p class="aside">{say.orBy}</p>
      {found.map(({ id, name }) => (
        <a key={id} class="button" href={`/session/oidc/${id}/?next=${next}`}>
          {name}
        </a>
      ))}
    </div>
  );
}
