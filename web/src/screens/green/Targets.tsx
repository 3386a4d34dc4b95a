import { useState } from "preact/hooks";
import { Badge, Button, Loading, span } from "../../kit";
import { moment } from "../../net/moment";
import type { GreenTargetsData } from "../../operations";
import { words } from "./words";

type Target = GreenTargetsData["greenTargets"][number];
const SHOWN = 6; // hospitals at first; the rest on demand

interface Props {
  readonly targets: readonly Target[];
  readonly busy: boolean;
  readonly asked: readonly string[];
  readonly change: (asked: readonly string[]) => void;
  readonly error: string;
}

/** Whom a call asks, the best first, each with the facts it is ranked by. */
export function Targets({ targets, busy, asked, change, error }: Props) {
  const say = words();
  const [all, setAll] = useState(false);
  if (busy && !targets.length) return <Loading what={say.ranking} />;
  if (!targets.length) return <p class="aside">{say.noTargets}</p>;
  const shown = all ? targets : targets.filter((one, at) => at < SHOWN || asked.includes(one.department.id));
  return (
    <fieldset class={error ? "targets field wrong" : "targets field"}>
      <legend class="unseen">{say.whom}</legend>
      <p class="error" role={error ? "alert" : undefined} hidden={!error}>
        {error}
      </p>
      {shown.map((one) => {
        const id = one.department.id;
        return (
          <label key={id} class="target">
            <input
              type="checkbox"
              checked={asked.includes(id)}
              onChange={(event) =>
                change(event.currentTarget.checked ? [...asked, id] : asked.filter((other) => other !== id))
              }
            />
            <span>
              <strong>{one.department.hospital.name}</strong> {one.department.name}
              <span class="aside facts-line">
                {one.able ? null : <Badge tone="warn">{say.notAble}</Badge>} {places(one.freePlaces, one.figureAsOf)} ·{" "}
                {road(one.travelMinutes, one.travelSource)}
              </span>
            </span>
          </label>
        );
      })}
      {targets.length > shown.length ? (
        <div>
          <Button small kind="quiet" onClick={() => setAll(true)}>
            {say.moreTargets(targets.length - shown.length)}
          </Button>
        </div>
      ) : null}
    </fieldset>
  );
}

/** Free places with the age of the count. */
export function places(free: number | null, asOf: string | null): string {
  const say = words();
  if (free === null) return say.uncounted;
  const counted = asOf ? say.countedAgo(span(moment.value - Date.parse(asOf))) : "";
  return `${free > 0 ? say.free(free) : say.full}${counted && `（${counted}）`}`;
}

/** Minutes on the road, marked where nobody measured them. */
export function road(minutes: number | null, source: string): string {
  const say = words();
  if (minutes === null) return say.roadUnknown;
  return source.startsWith("ESTIMATE") ? say.roadEstimate(span(minutes * 60_000)) : say.road(span(minutes * 60_000));
}
