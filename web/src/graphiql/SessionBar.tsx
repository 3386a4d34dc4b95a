/** @jsxImportSource react */
/** The bar above GraphiQL: who is signed in, with 退出; or the sign-in form. */
import { useRef, useState, type FormEvent } from "react";
import { signIn, signOut, type Person } from "./session";
import { forget } from "./storage";

export function SessionBar({ person }: { person: Person | null }) {
  return (
    <header className="bar">
      <h1>Refnet 接口试验台</h1>
      {person ? <SignedIn person={person} /> : <SignInForm />}
    </header>
  );
}

function SignedIn({ person }: { person: Person }) {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState("");

  async function leave() {
    setBusy(true);
    setTrouble("");
    try {
      await signOut();
      // GraphiQL writes what is typed after a short wait; forgetting last is what makes it stay forgotten.
      window.addEventListener("pagehide", forget);
      window.location.reload();
    } catch (error) {
      setTrouble((error as Error).message);
      setBusy(false);
    }
  }

  return (
    <div className="session">
      <span>
        已登录：<strong>{person.name || person.username}</strong>
      </span>
      <button type="button" onClick={leave} disabled={busy}>
        {busy ? "正在退出…" : "退出"}
      </button>
      <Trouble text={trouble} />
    </div>
  );
}

function SignInForm() {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState("");
  const password = useRef<HTMLInputElement>(null);

  async function enter(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const typed = new FormData(event.currentTarget);
    setBusy(true);
    setTrouble("");
    try {
      await signIn(String(typed.get("username")).trim(), String(typed.get("password")));
      window.location.reload();
    } catch (error) {
      setTrouble((error as Error).message);
      setBusy(false);
      password.current?.select();
    }
  }

  return (
    <form className="session" onSubmit={enter} aria-label="登录">
      <label htmlFor="username">用户名</label>
      <input id="username" name="username" autoComplete="username" autoCapitalize="none" spellCheck={false} required />
      <label htmlFor="password">密码</label>
      <input
        id="password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
        ref={password}
        aria-describedby="trouble"
        aria-invalid={Boolean(trouble)}
      />
      <button type="submit" disabled={busy}>
        {busy ? "正在登录…" : "登录"}
      </button>
      <Trouble text={trouble} />
    </form>
  );
}

/** Always in the page, so that a screen reader announces the words when they come. */
function Trouble({ text }: { text: string }) {
  return (
    <p id="trouble" role="alert" className="trouble">
      {text}
    </p>
  );
}
