/** The outlines of the counties and prefectures, fetched when a map is first shown. */
import { useEffect, useState } from "preact/hooks";

/** One division as the map draws it: where its centre is on the map's grid, and its line. */
export interface Outline {
  readonly code: string;
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly path: string;
}

/** The whole map. */
export interface Outlines {
  readonly viewBox: string;
  readonly counties: readonly Outline[];
  readonly prefectures: readonly Outline[];
}

let kept: Outlines | null = null;

/** The service's own map file, whose source stands in consortium/data/SOURCES.md; the monthly report draws the same. */
async function fetched(): Promise<Outlines> {
  if (kept) return kept;
  const { viewBox, projection, counties, prefectures } = (await import("../../../../consortium/data/hunan_map.json")).default;
  const placed = ({ code, name, lon, lat, path }: (typeof counties)[number]): Outline => ({
    code,
    name,
    path,
    x: (lon - projection.lon0) * projection.cos_lat * projection.scale,
    y: (projection.lat1 - lat) * projection.scale,
  });
  kept = { viewBox, counties: counties.map(placed), prefectures: prefectures.map(placed) };
  return kept;
}

/** The outlines; `failed` when they could not be fetched, `retry` tries again. */
export function useOutlines(): { readonly outlines: Outlines | null; readonly failed: boolean; readonly retry: () => void } {
  const [outlines, set] = useState(kept);
  const [failed, fail] = useState(false);
  useEffect(() => {
    if (outlines || failed) return;
    let gone = false;
    fetched().then(
      (found) => !gone && set(found),
      () => !gone && fail(true),
    );
    return () => {
      gone = true;
    };
  }, [outlines, failed]);
  return { outlines, failed, retry: () => fail(false) };
}

/** The name of a prefecture in a word that fits on the map: 湘西土家族苗族自治州 → 湘西. */
export function shortName(name: string): string {
  return name.replace(/(土家族|苗族|侗族|瑶族)*自治州$|市$/, "");
}

/** The nearest outline in a direction from one of them, null at the edge; what lies straight ahead counts as nearer. */
export function nextTowards(all: readonly Outline[], from: Outline, key: string): Outline | null {
  const dx = Number(key === "ArrowRight") - Number(key === "ArrowLeft");
  const dy = Number(key === "ArrowDown") - Number(key === "ArrowUp");
  let best: Outline | null = null;
  let least = Infinity;
  for (const one of all) {
    const [x, y] = [one.x - from.x, one.y - from.y];
    const ahead = x * dx + y * dy;
    const aside = Math.abs(x * dy) + Math.abs(y * dx);
    if (ahead <= 0 || aside > 2 * ahead) continue;
    const far = ahead + 2 * aside;
    if (far < least) [best, least] = [one, far];
  }
  return best;
}
