/** The frame around every screen: who you are, where you can go, whether the line holds. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { Banner, Button, Dialog, Loading, Trouble } from "../kit";
import { Toasts } from "../kit/Toast";
import { online, outdated } from "../net/line";
import { begin, me, standing, trouble } from "../net/session";
import { language } from "../words";
import { Bar } from "./Bar";
import { helpShown, HelpDialog } from "./Help";
import { type Key, useKeys } from "./keys";
import { Navigation } from "./Navigation";
import { go, place } from "./router";
import { offered } from "./screens";
import { Stage } from "./Stage";
import { SignInForm, SignInPage } from "./SignIn";
import { words as signInWords } from "./sign-in-words";
import { words } from "./words";

/** The whole page. */
export function Shell() {
  switch (standing.value) {
    case "asking":
      return trouble.value ? (
        <Apart>
          <Trouble problem={trouble.value} retry={() => void begin()} />
        </Apart>
      ) : (
        <Apart>
          <Loading what={words().opening} />
        </Apart>
      );
    case "out":
      return (
        <>
          <SignInPage />
          <Toasts />
        </>
      );
    case "enrol":
      return (
        <>
          <Enrol />
          <Toasts />
        </>
      );
    default:
      return <Inside />;
  }
}

/** Fetched when somebody must enrol: few meet it, and once. */
function Enrol() {
  const [Page, found] = useState<(() => preact.JSX.Element) | null>(null);
  useEffect(() => void import("./Enrol").then(({ EnrolPage }) => found(() => EnrolPage)), []);
  return Page ? (
    <Page />
  ) : (
    <Apart>
      <Loading what={words().opening} />
    </Apart>
  );
}

function Apart({ children }: { readonly children: preact.ComponentChildren }) {
  return <main class="apart">{children}</main>;
}

function Inside() {
  const say = words();
  useShellKeys();
  return (
    <div class="shell">
      <a class="skip" href="#content" onClick={skip}>
        {say.skip}
      </a>
      <Bar />
      <Navigation />
      <div class="middle">
        <div class="line" aria-live="polite">
          {online.value ? null : <Banner tone="warn">{say.offline}</Banner>}
          {outdated.value ? (
            <Banner
              tone="warn"
              action={
                <Button small onClick={() => location.reload()}>
                  {say.reload}
                </Button>
              }
            >
              {say.outdated}
            </Banner>
          ) : null}
        </div>
        <Stage />
      </div>
      {helpShown.value ? <HelpDialog /> : null}
      {standing.value === "ended" ? <SignInAgain /> : null}
      <Toasts />
    </div>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("main h1, main")?.focus();
}

/** The dialog over whatever was on the page when the session ended. */
function SignInAgain() {
  const say = signInWords();
  return (
    <Dialog title={say.againTitle} veiled>
      <p>{say.againHint}</p>
      <SignInForm username={me.value?.username ?? ""} fixed />
      <p class="aside">
        <Button kind="quiet" small onClick={() => location.reload()}>
          {say.otherPerson}
        </Button>
      </p>
    </Dialog>
  );
}

function useShellKeys(): void {
  const tongue = language.value;
  const person = me.value;
  const keys = useMemo<readonly Key[]>(() => {
    const say = words();
    return [
      { keys: "?", does: say.helpKey, run: () => (helpShown.value = true) },
      ...offered().flatMap((screen) =>
        screen.key
          ? [
              {
                keys: `g ${screen.key}`,
                does: say.goTo(screen.title[tongue]),
                run: () => place.peek().path !== screen.path && go(screen.path),
              },
            ]
          : [],
      ),
    ];
  }, [tongue, person]);
  useKeys(keys);
}
