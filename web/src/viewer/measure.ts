/** Lengths and areas on a slide, in micrometres where the file gives its scale, else in pixels. */
import { say } from "./words";
import type { Geometry, Info, Position } from "./wire";

/** A length in words: µm, mm, or pixels. */
export function lengthOf(line: Position[], info: Info): string {
  const [x, y] = steps(info);
  let sum = 0;
  for (let n = 1; n < line.length; n += 1) {
    sum += Math.hypot((line[n]![0] - line[n - 1]![0]) * x, (line[n]![1] - line[n - 1]![1]) * y);
  }
  if (!info.mpp) return `${rounded(sum)} ${say("pixels")}`;
  return sum < 1000 ? `${rounded(sum)} µm` : `${rounded(sum / 1000)} mm`;
}

/** An area in words: µm², mm², or square pixels. */
export function areaOf(ring: Position[], info: Info): string {
  const [x, y] = steps(info);
  let sum = 0;
  for (let n = 0; n < ring.length; n += 1) {
    const [a, b] = [ring[n]!, ring[(n + 1) % ring.length]!];
    sum += a[0] * b[1] - b[0] * a[1];
  }
  const area = (Math.abs(sum) / 2) * x * y;
  if (!info.mpp) return `${rounded(area)} ${say("pixels")}²`;
  return area < 100_000 ? `${rounded(area)} µm²` : `${rounded(area / 1_000_000)} mm²`;
}

/** What a geometry measures, or nothing for a point. */
export function sizeOf(geometry: Geometry, info: Info): string {
  if (geometry.type === "LineString") return lengthOf(geometry.coordinates, info);
  return geometry.type === "Polygon" ? areaOf(geometry.coordinates[0]!, info) : "";
}

/** A scale bar of 1, 2 or 5 times a power of ten that is at most `room` wide: its width in pixels, and its words. */
export function barOf(room: number, micrometresPerPixel: number): { width: number; words: string } {
  const most = room * micrometresPerPixel;
  const power = 10 ** Math.floor(Math.log10(most));
  const length = power * ([5, 2, 1].find((each) => each * power <= most) ?? 1);
  const words = length >= 1000 ? `${length / 1000} mm` : `${length} µm`;
  return { width: length / micrometresPerPixel, words };
}

function steps(info: Info): [number, number] {
  return info.mpp ? [info.mppX ?? info.mpp, info.mppY ?? info.mpp] : [1, 1];
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3).replace(/\.?0+$/, "");
}
