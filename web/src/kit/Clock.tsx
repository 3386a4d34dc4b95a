import { moment } from "../net/moment";
import { ago, dateTime, span } from "./time";
import { words } from "./words";

const NEAR = 15 * 60_000; // milliseconds before its end at which a limit counts as near; of a short limit, its last third

interface Props {
  /** When the limit ends (ISO); null when there is none. */
  readonly dueAt: string | null;
  /** When it began; a fifth of the whole counts as near. */
  readonly startedAt?: string | undefined;
  /** Whose move it is, in words: 湘雅二医院 儿科. */
  readonly holder?: string | undefined;
}

/** A limit as a clock that runs: 剩 42 分 · 湘雅二医院 儿科 持有; near and breached in words and signs, not in colour alone. */
export function Clock({ dueAt, startedAt, holder }: Props) {
  const say = words();
  const held = holder ? <span class="holder"> · {say.held(holder)}</span> : null;
  if (!dueAt) return <span class="clock none">{say.noLimit}{held}</span>;
  const due = Date.parse(dueAt);
  const left = due - moment.value;
  const whole = startedAt ? due - Date.parse(startedAt) : Infinity;
  const near = startedAt ? Math.max(whole / 5, Math.min(NEAR, whole / 3)) : NEAR;
  const state = left < 0 ? "over" : left < near ? "near" : "far";
  const sign = { over: "⚠", near: "◔", far: "" }[state];
  const text = Math.abs(left) < 60_000 ? say.due : left < 0 ? say.over(span(left)) : say.left(span(left));
  return (
    <time class={`clock ${state}`} dateTime={dueAt} title={dateTime(dueAt)}>
      {sign ? <span aria-hidden="true">{sign} </span> : null}
      {text}
      {state === "near" && left >= 60_000 ? <span class="unseen">（{say.soon}）</span> : null}
      {held}
    </time>
  );
}

/** A moment in the past, as how long ago it was; the exact time on pointing at it. */
export function Ago({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={dateTime(at)}>
      {ago(at, moment.value)}
    </time>
  );
}

/** An exact time. */
export function When({ at }: { readonly at: string }) {
  return <time dateTime={at}>{dateTime(at)}</time>;
}
