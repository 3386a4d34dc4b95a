import { useRef, useState } from "preact/hooks";
import { Banner, Button, Loading } from "../../kit";
import type { CountyReach } from "../../operations";
import type { County, Level } from "./Counties";
import { count } from "./numbers";
import { nextTowards, type Outline, shortName, useOutlines } from "./outlines";
import { words } from "./words";

interface Props {
  readonly counties: readonly County[];
  readonly levels: readonly Level[];
  /** The level that is looked at alone; the others fade. */
  readonly only: CountyReach | null;
  /** Code of the county whose figures are shown. */
  readonly chosen: string | null;
  readonly onChoose: (code: string) => void;
}

/** The counties in four levels, each by colour and pattern; one stop of the Tab key, the arrows move from county to county. */
export function CountyMap({ counties, levels, only, chosen, onChoose }: Props) {
  const say = words();
  const { outlines, failed, retry } = useOutlines();
  const [pointed, setPointed] = useState<string | null>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const svg = useRef<SVGSVGElement>(null);
  if (failed) return <Banner tone="warn" action={<Button small onClick={retry}>{say.retry}</Button>}>{say.mapFailed}</Banner>;
  if (!outlines) return <Loading what={say.mapLoading} />;

  const byCode = new Map(counties.map((one) => [one.division.code, one]));
  const levelOf = new Map(levels.map((one) => [one.reach, one.label]));
  const stop = focused ?? chosen ?? outlines.counties[0]?.code;
  const outlineOf = (code: string | null) => outlines.counties.find((one) => one.code === code);
  const told = byCode.get(pointed ?? focused ?? chosen ?? "");

  function sentence(county: County | undefined, name: string): string {
    if (!county) return name;
    return say.countyLine(name, levelOf.get(county.reach) ?? "", county.members, count(county.sent), count(county.served));
  }

  function onKey(event: KeyboardEvent, from: Outline): void {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      onChoose(from.code);
      return;
    }
    if (!event.key.startsWith("Arrow") || !outlines) return;
    event.preventDefault();
    const next = nextTowards(outlines.counties, from, event.key);
    if (next) svg.current?.querySelector<SVGPathElement>(`[data-code="${next.code}"]`)?.focus();
  }

  return (
    <div class="map">
      <svg ref={svg} viewBox={outlines.viewBox} onMouseLeave={() => setPointed(null)}>
        <g role="listbox" aria-label={say.mapList}>
          {outlines.counties.map((one) => {
            const county = byCode.get(one.code);
            const reach = county?.reach ?? "NONE";
            return (
              <path
                key={one.code}
                d={one.path}
                data-code={one.code}
                class={`county ${reach}${only && only !== reach ? " faded" : ""}`}
                fill={`url(#reach-${reach})`}
                role="option"
                aria-selected={one.code === chosen}
                aria-label={sentence(county, one.name)}
                tabIndex={one.code === stop ? 0 : -1}
                onClick={() => onChoose(one.code)}
                onFocus={() => setFocused(one.code)}
                onBlur={() => setFocused(null)}
                onMouseEnter={() => setPointed(one.code)}
                onKeyDown={(event) => onKey(event, one)}
              />
            );
          })}
        </g>
        <g class="over" aria-hidden="true">
          {outlines.prefectures.map((one) => (
            <path key={one.code} d={one.path} class="prefecture" />
          ))}
          {outlineOf(chosen) ? <path d={outlineOf(chosen)?.path} class="ring chosen" /> : null}
          {outlineOf(focused) ? <path d={outlineOf(focused)?.path} class="ring focused" /> : null}
          {outlines.prefectures.map((one) => (
            <text key={one.code} x={one.x} y={one.y}>
              {shortName(one.name)}
            </text>
          ))}
        </g>
      </svg>
      <p class="told" aria-hidden="true">
        {told ? `${told.division.parent?.name ?? ""} ${sentence(told, told.division.name)}` : say.mapHint}
      </p>
    </div>
  );
}

/** The four fillings, each told from the others without its colour: hatched, dotted, striped, full. */
export function Patterns() {
  return (
    <defs>
      <pattern id="reach-NONE" class="filling NONE" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="9" height="9" />
        <line x1="0" y1="0" x2="0" y2="9" stroke-width="3" />
      </pattern>
      <pattern id="reach-MEMBER" class="filling MEMBER" width="12" height="12" patternUnits="userSpaceOnUse">
        <rect width="12" height="12" />
        <circle cx="6" cy="6" r="1.9" />
      </pattern>
      <pattern id="reach-ACTIVE" class="filling ACTIVE" width="12" height="12" patternUnits="userSpaceOnUse">
        <rect width="12" height="12" />
        <line x1="0" y1="6" x2="12" y2="6" stroke-width="2.5" />
      </pattern>
      <pattern id="reach-SERVED" class="filling SERVED" width="12" height="12" patternUnits="userSpaceOnUse">
        <rect width="12" height="12" />
      </pattern>
    </defs>
  );
}
