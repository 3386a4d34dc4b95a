/** What every page of one pathology case does around it: follow its moves, and say that it is not there. */
import { useState } from "preact/hooks";
import { href } from "../../app/router";
import { ButtonLink, Empty, Loading, Trouble } from "../../kit";
import { useLive } from "../../net/live";
import type { Problem } from "../../net/problem";
import { me } from "../../net/session";
import { PathologyCaseMoved } from "../../operations";
import { words as moves } from "./case/words";
import { words } from "./words";

/** Reads a case anew when it has moved; answers the latest step that somebody else took, as a sentence. */
export function useMoves(id: string, version: number | undefined, reload: () => Promise<unknown>) {
  const say = moves();
  const [news, setNews] = useState("");
  useLive(
    PathologyCaseMoved,
    { id },
    {
      next: ({ pathologyCaseChanged: { event, pathologyCase } }) => {
        if (event.actor?.id !== me.peek()?.person.id)
          setNews(say.movedBy(event.actor?.name ?? say.somebody, event.label));
        if (pathologyCase.version !== version) void reload();
      },
      gap: () => void reload(),
    },
  );
  return { news, hush: () => setNews("") };
}

interface Props {
  readonly title: string;
  /** Whether the service has answered; then there is no such case for the reader. */
  readonly answered: boolean;
  readonly problem: Problem | null;
  readonly retry: () => void;
}

/** The page while there is no case to show: it is being fetched, could not be, or is not there. */
export function NoCase({ title, answered, problem, retry }: Props) {
  const say = words();
  if (!answered && !problem) return <Loading />;
  return (
    <>
      <h1>{answered ? say.notThere : title}</h1>
      {answered ? (
        <Empty title={say.notThereHint} action={<ButtonLink href={href("/pathology")}>{say.back}</ButtonLink>} />
      ) : (
        <Trouble problem={problem} retry={retry} />
      )}
    </>
  );
}
