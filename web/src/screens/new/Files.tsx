import { useEffect, useRef, useState } from "preact/hooks";
import { Button, FileField } from "../../kit";
import { returned } from "../../net/line";
import { signInAgain } from "../../net/client";
import type { Problem } from "../../net/problem";
import { lighter, MOST, send } from "./upload";
import { words } from "./words";

interface Waiting {
  readonly id: number;
  readonly file: File;
  readonly was: number;
  readonly share: number;
  readonly state: "waiting" | "sending" | "there" | "failed";
  readonly problem: Problem | null;
}

interface Props {
  /** The referral they belong to; null while there is none, and they wait. */
  readonly referral: string | null;
  readonly there: readonly {
    readonly id: string;
    readonly name: string;
    readonly size: number;
    readonly url: string;
  }[];
  /** Hears how many are not yet there. */
  readonly onWaiting: (count: number) => void;
}

/** Pictures and papers of the patient, by camera or file; each with its progress, and sent again after a cut line. */
export function Files({ referral, there, onWaiting }: Props) {
  const say = words();
  const [rows, setRows] = useState<readonly Waiting[]>([]);
  const last = useRef(0);
  const active = useRef(false);
  const put = (id: number, change: Partial<Waiting>) =>
    setRows((before) => before.map((one) => (one.id === id ? { ...one, ...change } : one)));
  const left = rows.filter((one) => one.state !== "there").length;
  useEffect(() => onWaiting(left), [left]);

  async function take(files: readonly File[]) {
    for (const file of files) {
      const light = await lighter(file);
      last.current += 1;
      const row: Waiting = { id: last.current, file: light, was: file.size, share: 0, state: "waiting", problem: null };
      setRows((before) => [...before, row]);
    }
  }

  const next = rows.find((one) => one.state === "waiting");
  useEffect(() => {
    if (!referral || !next || active.current) return;
    active.current = true;
    put(next.id, { state: "sending", problem: null });
    void send(referral, next.file, (share) => put(next.id, { share })).then((problem) => {
      active.current = false;
      put(next.id, problem ? { state: "failed", problem, share: 0 } : { state: "there", share: 1 });
      if (problem?.kind === "signedOut")
        void signInAgain().then((again) => again && put(next.id, { state: "waiting" }));
    });
  }, [referral, next?.id, rows]);

  const back = returned.value;
  useEffect(() => {
    if (back)
      setRows((before) =>
        before.map((one) => (one.problem?.kind === "line" ? { ...one, state: "waiting", problem: null } : one)),
      );
  }, [back]);

  useEffect(() => {
    if (!left) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [left]);

  return (
    <>
      <FileField
        label={say.files}
        hint={say.filesHint}
        required={false}
        accept="image/*,application/pdf,.pdf,.dcm"
        camera
        multiple
        most={MOST}
        onFiles={(files) => void take(files)}
      />
      <ul class="plain files-list">
        {there.map((one) => (
          <li key={one.id}>
            <a href={one.url} target="_blank" rel="noopener">
              {one.name}
            </a>{" "}
            <span class="aside">{size(one.size)}</span>
          </li>
        ))}
        {rows.map((one) => (
          <li key={one.id}>
            <span>
              {one.file.name}{" "}
              <span class="aside">
                {one.was > one.file.size ? say.madeSmaller(size(one.was), size(one.file.size)) : size(one.file.size)}
              </span>
            </span>
            <span class={one.state === "failed" ? "error" : "aside"} role="status">
              {one.state === "failed"
                ? one.problem?.message
                : one.state === "there"
                  ? `✓ ${say.fileThere}`
                  : one.state === "waiting" && !referral
                    ? say.fileHeld
                    : say.filePart(Math.round(one.share * 100))}
            </span>
            {one.state === "sending" ? <progress max={1} value={one.share} aria-label={one.file.name} /> : null}
            {one.state === "failed" ? (
              <span class="row">
                <Button small onClick={() => put(one.id, { state: "waiting", problem: null })}>
                  {say.fileAgain}
                </Button>
                <Button
                  small
                  kind="quiet"
                  onClick={() => setRows((before) => before.filter((other) => other.id !== one.id))}
                >
                  {say.fileDrop}
                </Button>
              </span>
            ) : null}
          </li>
        ))}
      </ul>
    </>
  );
}

function size(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
