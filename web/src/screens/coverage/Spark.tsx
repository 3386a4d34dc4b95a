interface Props {
  /** One value for each month, the earliest first; null where none is known. */
  readonly values: readonly (number | null)[];
  /** Where the scale begins; the least value when not given. */
  readonly from?: number;
}

const [WIDTH, HEIGHT, MARGIN] = [120, 28, 3];

/** A line of the months, for the eye alone: the numbers stand in the table of the indicator. */
export function Spark({ values, from }: Props) {
  const known = values.filter((one) => one !== null);
  if (known.length < 2) return <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" />;
  const least = from ?? Math.min(...known);
  const range = Math.max(...known) - least || 1;
  const points = values.flatMap((value, at) =>
    value === null
      ? []
      : [[MARGIN + (at * (WIDTH - 2 * MARGIN)) / (values.length - 1), HEIGHT - MARGIN - ((value - least) / range) * (HEIGHT - 2 * MARGIN)]],
  );
  const last = points.at(-1);
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <polyline points={points.map((point) => point.map((one) => (one ?? 0).toFixed(1)).join(",")).join(" ")} />
      {last ? <circle cx={last[0]} cy={last[1]} r="2.6" /> : null}
    </svg>
  );
}
