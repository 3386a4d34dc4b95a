/** A slide's own pyramid for OpenSeadragon: each level at the grid of the file, so that no tile is ever made anew. */
import OpenSeadragon from "openseadragon";
import type { Info } from "./wire";

/** The tile source of a slide. OpenSeadragon counts levels from the smallest, the file from the largest. */
export function sourceOf(info: Info): OpenSeadragon.TileSource {
  const top = info.levels.length - 1;
  const level = (number: number) => info.levels[top - number]!;
  const source = new OpenSeadragon.TileSource({
    width: info.width,
    height: info.height,
    tileWidth: level(top).tileWidth,
    tileHeight: level(top).tileHeight,
    tileOverlap: 0,
    minLevel: 0,
    maxLevel: top,
  } as never);
  return Object.assign(source, {
    getLevelScale: (number: number) => 1 / level(number).downsample,
    getTileWidth: (number: number) => level(number).tileWidth,
    getTileHeight: (number: number) => level(number).tileHeight,
    getNumTiles: (number: number) => new OpenSeadragon.Point(level(number).columns, level(number).rows),
    getTileUrl: (number: number, column: number, row: number) =>
      info.tiles
        .replace("{level}", String(top - number))
        .replace("{column}", String(column))
        .replace("{row}", String(row)),
  });
}
