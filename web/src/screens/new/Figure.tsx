import { span } from "../../kit";
import { words } from "./words";

const STALE = 24 * 60; // minutes after which a count of beds is old news

/** Free places with the age of the count: a number nobody dates is worth nothing. */
export function Figure({
  free,
  total,
  ageMinutes,
}: {
  readonly free: number | null;
  readonly total: number | null;
  readonly ageMinutes: number | null;
}) {
  const say = words();
  if (free === null || ageMinutes === null) return <span class="figure unknown">{say.uncounted}</span>;
  const state = free <= 0 ? "full" : ageMinutes > STALE ? "old" : "free";
  return (
    <span class={`figure ${state}`}>
      <strong>{free <= 0 ? say.full : say.free(free)}</strong>
      {total !== null && free > 0 ? <span class="aside"> / {total}</span> : null}
      <span class="aside">
        {" "}
        {ageMinutes > STALE
          ? `⚠ ${say.countedAgo(span(ageMinutes * 60_000))}`
          : say.countedAgo(span(ageMinutes * 60_000))}
      </span>
    </span>
  );
}
