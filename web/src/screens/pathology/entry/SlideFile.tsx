import { useEffect, useRef } from "preact/hooks";
import { Banner, Button, toast } from "../../../kit";
import { useRead } from "../../../net/hooks";
import { SlideUploads } from "../../../operations";
import { again, forget, giveUp, pause, resume, type Sending, sendings, sendSlide } from "./uploads";
import { words } from "./words";

/** A size as people say it. */
export function bytes(count: number): string {
  const [unit, by] = count >= 2 ** 30 ? ["GB", 2 ** 30] : count >= 2 ** 20 ? ["MB", 2 ** 20] : ["KB", 2 ** 10];
  return `${(count / (by as number)).toFixed(count / (by as number) < 10 ? 1 : 0)} ${unit}`;
}

interface Props {
  readonly slide: string;
  readonly barcode: string;
  readonly has: boolean;
  readonly ready: () => Promise<void>;
}

const EVERY = 2500; // milliseconds between looks at a file that is being checked

/** The file of a slide: chosen, on its way, paused, cut, checked or refused, each with what can be done. */
export function SlideFile({ slide, barcode, has, ready }: Props) {
  const say = words();
  const input = useRef<HTMLInputElement>(null);
  const sending = sendings.value.get(slide);
  const { data, reload } = useRead(SlideUploads, { slide });
  const newest = data?.uploads[0];
  const checking = newest?.state === "CHECKING";

  useEffect(() => {
    if (sending?.state !== "received") return;
    void reload();
  }, [sending?.state]);
  useEffect(() => {
    if (!checking) return;
    const timer = window.setInterval(() => void reload(), EVERY);
    return () => window.clearInterval(timer);
  }, [checking]);
  const settled = newest && ["READY", "REFUSED"].includes(newest.state) ? `${newest.id} ${newest.state}` : "";
  const known = useRef<string | null>(null);
  useEffect(() => {
    if (!data) return;
    if (known.current !== null && settled && known.current !== settled) {
      forget(slide);
      if (newest?.state === "READY") void ready();
    }
    known.current = settled;
  }, [settled, data]);

  const choose = (word: string) => (
    <>
      <input
        ref={input}
        class="unseen"
        type="file"
        tabIndex={-1}
        aria-label={say.fileFor(barcode)}
        accept=".svs,.ndpi,.tif,.tiff,.zip,.mrxs,.dcm,.scn,.bif,.vms"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = "";
          if (file) void sendSlide(slide, file);
        }}
      />
      <Button small onClick={() => input.current?.click()} aria-label={`${word} ${barcode}`}>
        {word}
      </Button>
    </>
  );

  if (sending && sending.state !== "received")
    return <OnItsWay sending={sending} barcode={barcode} url={newest?.url ?? null} changed={() => void reload()} />;
  if (checking || sending?.state === "received") {
    return (
      <p class="aside" role="status">
        {say.checking}
      </p>
    );
  }
  return (
    <div class="slide-file">
      {newest?.state === "REFUSED" && newest.refusal && newest.refusalCode !== "TERMINATED" ? (
        <Banner tone="warn" title={say.refused}>
          {newest.refusal}
        </Banner>
      ) : null}
      {newest?.state === "RECEIVING" ? (
        <p class="halfway">{say.halfway(newest.name, Math.floor((newest.offset / newest.size) * 100))}</p>
      ) : null}
      <div class="row">
        {choose(has ? say.rescan : say.choose)}
        {newest?.state === "RECEIVING" ? (
          <Button
            small
            kind="quiet"
            onClick={() => void giveUp(slide, newest.url).then((done) => (done ? reload() : toast(say.giveUpFailed)))}
          >
            {say.giveUp}
          </Button>
        ) : null}
        {has ? null : <span class="aside">{say.formats}</span>}
      </div>
    </div>
  );
}

/** A file on its way, with its progress in numbers too. */
function OnItsWay({
  sending,
  barcode,
  url,
  changed,
}: {
  readonly sending: Sending;
  readonly barcode: string;
  readonly url: string | null;
  readonly changed: () => void;
}) {
  const say = words();
  const { slide, state, sent, size, problem } = sending;
  const percent = size ? Math.floor((sent / size) * 100) : 0;
  const said = { starting: say.starting, sending: "", paused: say.paused, cut: say.cut, failed: "", received: "" }[
    state
  ];
  return (
    <div class="slide-file">
      <progress max={size} value={sent} aria-label={say.progress(barcode)}>
        {percent}%
      </progress>
      <p class="row spread">
        <span>
          {sending.name} · {say.sending(percent, bytes(sent), bytes(size))} {said ? <strong>{said}</strong> : null}
        </span>
        <span class="row">
          {state === "sending" ? (
            <Button small onClick={() => pause(slide)}>
              {say.pause}
            </Button>
          ) : null}
          {state === "paused" || state === "cut" ? (
            <Button small onClick={() => resume(slide)}>
              {say.resume}
            </Button>
          ) : null}
          {state === "failed" ? (
            <Button small onClick={() => again(slide)}>
              {say.tryAgain}
            </Button>
          ) : null}
          <Button
            small
            kind="quiet"
            onClick={() => void giveUp(slide, url).then((done) => (done ? changed() : toast(say.giveUpFailed)))}
          >
            {say.giveUp}
          </Button>
        </span>
      </p>
      {problem ? <Banner tone={state === "failed" ? "bad" : "warn"}>{problem}</Banner> : null}
    </div>
  );
}
