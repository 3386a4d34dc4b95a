import type { ComponentChildren } from "preact";
import { signInAgain } from "../net/client";
import type { Problem } from "../net/problem";
import { Button } from "./Button";
import { words } from "./words";

const SIGNS = { info: "ℹ", good: "✓", warn: "!", bad: "✕" } as const;

interface Props {
  readonly tone?: keyof typeof SIGNS;
  readonly title?: string | undefined;
  readonly children?: ComponentChildren;
  /** What can be done about it. */
  readonly action?: ComponentChildren;
}

/** A sentence that stays until its cause is gone; its tone has a sign and words, not a colour alone. */
export function Banner({ tone = "info", title, children, action }: Props) {
  return (
    <div class={`banner ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <span class="sign" aria-hidden="true">
        {SIGNS[tone]}
      </span>
      <div class="said">
        {title ? <strong>{title}</strong> : null}
        {children ? <div>{children}</div> : null}
      </div>
      {action ? <div class="action">{action}</div> : null}
    </div>
  );
}

/** What went wrong, with its remedy as a button: try again, sign in, or reload. Nothing when nothing did. */
export function Trouble({
  problem,
  retry,
}: {
  readonly problem: Problem | null;
  readonly retry?: (() => void) | undefined;
}) {
  if (!problem) return null;
  const say = words();
  let action: ComponentChildren = retry ? (
    <Button small onClick={retry}>
      {say.retry}
    </Button>
  ) : null;
  if (problem.kind === "outdated")
    action = (
      <Button small onClick={() => location.reload()}>
        {say.reload}
      </Button>
    );
  if (problem.kind === "signedOut") {
    action = (
      <Button small onClick={() => void signInAgain().then((again) => again && retry?.())}>
        {say.signIn}
      </Button>
    );
  }
  return (
    <Banner tone={problem.kind === "line" ? "warn" : "bad"} action={action}>
      <p>{problem.message}</p>
      {problem.requestId && problem.kind === "fault" ? <p class="aside">{say.requestId(problem.requestId)}</p> : null}
    </Banner>
  );
}

/** The sentence about one field of a form, "" when nothing is wrong with it; nested fields answer to their outer name. */
export function wrongWith(problem: Problem | null, field: string): string {
  const found = problem?.all.find((one) => one.field === field || one.field?.startsWith(`${field}.`));
  if (found) return found.message;
  return problem && problem.field === field ? problem.message : "";
}
