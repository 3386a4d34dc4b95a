"""Tiles of a slide, ours as stored against OpenSlide's DeepZoom with a JPEG made of each: in process, then over HTTP.

`./refnet bench tiles [--width N] [--height N] [--tiles N] [--seconds N] [--slide PATH …]`; ratios are printed, nothing
is asserted. With `--seconds 0` nothing is served and no database is touched.
"""

import argparse
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from openslide import OpenSlide
from openslide.deepzoom import DeepZoomGenerator
from PIL import Image

from bench.over_http.measure import over_http
from telemedicine.wsi import Slide, blob, open_index, open_slide
from telemedicine.wsi.generate import make_dicom, make_svs, make_tiff

Place = tuple[int, int, int]
MAKERS = {"slide.svs": make_svs, "slide.tif": make_tiff, "slide-dicom": make_dicom}
MARK = 100


def timed(work: Callable[[Place], object], places: list[Place]) -> tuple[list[float], float]:
    """The seconds that each place took, and a mean one's processor seconds, which a busy machine leaves alone."""
    taken, busy = [], time.process_time()
    for place in places:
        began = time.perf_counter()
        work(place)
        taken.append(time.perf_counter() - began)
    return taken, (time.process_time() - busy) / len(places)


def line(name: str, taken: list[float], busy: float) -> None:
    """Print the measure of one way to get tiles."""
    median, slow = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
    print(f"    {name:<34} {median * 1e6:>9.1f} µs  p95 {slow * 1e6:>9.1f} µs  processor {busy * 1e6:>9.1f} µs")


def as_jpeg(image: Image.Image) -> bytes:
    """A JPEG as the usual tile servers make it."""
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=75)
    return out.getvalue()


def differing(slide: Slide, reference: OpenSlide, places: list[Place]) -> int:
    """How many of these tiles show another pixel than OpenSlide."""
    found = 0
    for number, column, row in places:
        level = slide.levels[number]
        x, y = column * level.tile_width, row * level.tile_height
        size = min(level.tile_width, level.width - x), min(level.tile_height, level.height - y)
        corner = round(x * level.downsample), round(y * level.downsample)
        wanted = reference.read_region(corner, number, size).convert("RGB")
        ours = Image.open(io.BytesIO(slide.tile(number, column, row)[0])).convert("RGB").crop((0, 0, *size))
        found += ours.tobytes() != wanted.tobytes()
    return found


def measure(path: Path, count: int) -> float:
    """Print the comparison for one slide; how many times less processor time a tile of ours takes."""
    began = time.perf_counter()
    parsed = open_slide(path)
    opened = time.perf_counter() - began
    index = blob.dump(parsed)
    began = time.perf_counter()
    slide = open_index(index, path)
    reopened = time.perf_counter() - began
    reference = OpenSlide(path / slide.entry if path.is_dir() else path)
    zoom = DeepZoomGenerator(reference, tile_size=256, overlap=0)
    chance = Random(1)  # noqa: S311 (no secret)
    full, columns, rows = slide.levels[0], *zoom.level_tiles[-1]
    ours = [(0, chance.randrange(full.columns), chance.randrange(full.rows)) for _ in range(count)]
    theirs = [(zoom.level_count - 1, chance.randrange(columns), chance.randrange(rows)) for _ in range(count)]
    grid = f"{full.tile_width} px, levels {', '.join(str(round(level.downsample)) for level in slide.levels)}"
    print(f"\n  {path.name}: {slide.width} × {slide.height}, {grid}")
    print(f"    opened in {opened * 1e3:.1f} ms, from its index of {len(index)} bytes in {reopened * 1e3:.1f} ms")
    timed(lambda place: slide.tile(*place), ours)  # both warm
    timed(lambda place: zoom.get_tile(place[0], place[1:]), theirs[: count // 10])
    fast = timed(lambda place: slide.tile(*place), ours * 5)
    slow = timed(lambda place: as_jpeg(zoom.get_tile(place[0], place[1:])), theirs)
    line("ours, as stored", *fast)
    line("OpenSlide DeepZoom + Pillow JPEG", *slow)
    ratio = slow[1] / fast[1]
    medians = statistics.median(slow[0]) / statistics.median(fast[0])
    print(f"    ratio of medians {medians:.0f}, of the processor's time {ratio:.0f} (mark: {MARK})")
    sample = ours[:100]
    print(f"    {differing(slide, reference, sample)} of {len(sample)} tiles differ from OpenSlide in any pixel")
    return ratio


def main(arguments: list[str] | None = None) -> None:
    """Measure the given slides, or made-up ones of each format."""
    parser = argparse.ArgumentParser(prog="refnet bench tiles")
    parser.add_argument("--width", type=int, default=8000)
    parser.add_argument("--height", type=int, default=6000)
    parser.add_argument("--tiles", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=27, help="over HTTP, 0 for not at all")
    parser.add_argument("--slide", type=Path, nargs="*", default=[])
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="refnet-bench-") as folder:
        paths = list(options.slide)
        for name, make in {} if paths else MAKERS.items():
            path = Path(folder) / name
            print(f"making {name} …", flush=True)
            make(path, width=options.width, height=options.height, seed=1)
            paths.append(path)
        ratios = [measure(path, options.tiles) for path in paths]
        if options.seconds:
            over_http(next(path for path in paths if path.is_file()), options.seconds)
    print(f"\n  smallest ratio in process: {min(ratios):.0f}")


if __name__ == "__main__":
    main()
