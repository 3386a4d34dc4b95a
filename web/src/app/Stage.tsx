/** The place where the screen of the present address is shown. */
import { Component, type ComponentChildren, type ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Banner, Button, ButtonLink, Empty, Loading } from "../kit";
import { language } from "../words";
import { go, href, place, scrollBack } from "./router";
import { offered, permitted, type Screen, screenAt, type ScreenProps, stylesOf } from "./screens";
import { words } from "./words";

const loaded = new Map<Screen, ComponentType<ScreenProps>>();

/** The screen that the address names; a word while it is fetched, and what to do when it cannot be. */
export function Stage() {
  const { path } = place.value;
  const found = screenAt(path);
  if (path === "/" && !(found && permitted(found.screen))) return <Front />;
  if (found && !permitted(found.screen)) return <Barred title={found.screen.title[language.value]} />;
  // Another object is another screen: nothing that was begun for one case is left open over the next.
  return found ? <Shown key={path} {...found} /> : <Absent />;
}

/** The start of whoever has no screen at its address: the first one that they are offered. */
function Front() {
  const first = offered()[0];
  useEffect(() => {
    if (first) go(first.path, { replace: true });
  }, [first]);
  return first ? null : (
    <Main title={words().nothing}>
      <Empty title={words().nothing}>{words().nothingHint}</Empty>
    </Main>
  );
}

function Absent() {
  const say = words();
  return (
    <Main title={say.absent}>
      <h1 tabIndex={-1}>{say.absent}</h1>
      <Empty title={say.absentHint} action={<ButtonLink href={href("/")}>{say.home}</ButtonLink>} />
    </Main>
  );
}

function Barred({ title }: { readonly title: string }) {
  const say = words();
  return (
    <Main title={title}>
      <h1>{title}</h1>
      <Empty title={say.barred} action={<ButtonLink href={href("/")}>{say.home}</ButtonLink>}>
        {say.barredHint}
      </Empty>
    </Main>
  );
}

function Shown({ screen, params }: { readonly screen: Screen; readonly params: Readonly<Record<string, string>> }) {
  const [, turn] = useState(0);
  const [failed, setFailed] = useState(false);
  const known = loaded.get(screen);
  useEffect(() => {
    if (known || failed) return;
    let gone = false;
    screen.load().then(
      (found) => {
        loaded.set(screen, found.default);
        if (!gone) turn((before) => before + 1);
      },
      () => !gone && setFailed(true),
    );
    return () => {
      gone = true;
    };
  }, [screen, known, failed]);
  const say = words();
  const title = screen.title[language.value];
  if (failed) {
    const action = (
      <>
        <Button onClick={() => setFailed(false)}>{say.retry}</Button>
        <Button kind="quiet" onClick={() => location.reload()}>
          {say.reload}
        </Button>
      </>
    );
    return (
      <Main title={title}>
        <Banner tone="bad" title={say.failed} action={action}>
          {say.failedHint}
        </Banner>
      </Main>
    );
  }
  const Found = known;
  return (
    <Main title={title} ready={Boolean(Found)} styles={stylesOf(screen)}>
      {Found ? (
        <Mishap>
          <Found params={params} />
        </Mishap>
      ) : (
        <Loading what={say.opening} />
      )}
    </Main>
  );
}

/** The main part of the page; whoever comes by a link finds the focus on its heading, and the tab says where they are. */
function Main(props: {
  readonly title: string;
  readonly ready?: boolean;
  readonly styles?: string;
  readonly children: ComponentChildren;
}) {
  const { title, ready = true, styles, children } = props;
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    document.title = `${title} · ${words().product}`;
  }, [title, language.value]);
  const { path } = place.value;
  useEffect(() => {
    if (!ready || document.querySelector("dialog:modal")) return;
    scrollBack();
    const heading = main.current?.querySelector<HTMLElement>("h1");
    const target = heading ?? main.current;
    target?.setAttribute("tabindex", "-1");
    if (!main.current?.contains(document.activeElement)) target?.focus({ preventScroll: true });
  }, [path, ready]);
  return (
    <main id="content" class={styles} ref={main} tabIndex={-1}>
      {children}
    </main>
  );
}

/** Keeps a mistake in one screen from taking the whole page along. */
class Mishap extends Component<{ readonly children: ComponentChildren }, { broken: boolean }> {
  override state = { broken: false };

  static override getDerivedStateFromError() {
    return { broken: true };
  }

  override componentDidCatch(error: unknown) {
    console.error(error);
  }

  render() {
    if (!this.state.broken) return this.props.children;
    const say = words();
    return (
      <Banner tone="bad" title={say.broken} action={<Button onClick={() => location.reload()}>{say.reload}</Button>}>
        {say.brokenHint}
      </Banner>
    );
  }
}
