"""Stored tiles leave the index undecoded and show, pixel by pixel, what OpenSlide shows."""

import io
from pathlib import Path

import openslide
import pytest
from PIL import Image

from telemedicine.wsi import BadSlide, Fault, FileSource, NoSuchTile, StreamSource, blob, jpeg, open_index, open_slide
from telemedicine.wsi.slide import blank
from tests.wsi.conftest import HEIGHT, WIDTH
from tests.wsi.files import tiled, whole_jpeg

FORMATS = ["tiff", "bigtiff", "svs", "dicom", "dicom-no-tables"]


class Counting:
    """A source that counts how often it is read."""

    def __init__(self, path: Path) -> None:
        self.source, self.reads = FileSource(path), 0
        self.size = self.source.size

    def read_at(self, offset: int, length: int) -> bytes:
        """The same bytes."""
        self.reads += 1
        return self.source.read_at(offset, length)


def shown(data: bytes) -> Image.Image:
    """What a decoder makes of a tile."""
    return Image.open(io.BytesIO(data)).convert("RGB")


@pytest.mark.parametrize("kind", FORMATS)
def test_every_raw_tile_equals_openslide(slides, kind):
    path = slides(kind)
    slide = open_slide(path)
    reference = openslide.OpenSlide(path / "level-0.dcm" if path.is_dir() else path)
    assert [(level.width, level.height) for level in slide.levels] == list(reference.level_dimensions)
    different = {}
    for number, level in enumerate(slide.levels):
        assert level.raw
        assert level.downsample == pytest.approx(reference.level_downsamples[number])
        for column in range(level.columns):
            for row in range(level.rows):
                tile = shown(slide.raw_tile(number, column, row))
                assert tile.size == (level.tile_width, level.tile_height)
                x, y = column * level.tile_width, row * level.tile_height
                size = min(level.tile_width, level.width - x), min(level.tile_height, level.height - y)
                corner = round(x * level.downsample), round(y * level.downsample)
                wanted = reference.read_region(corner, number, size).convert("RGB")
                if tile.crop((0, 0, *size)).tobytes() != wanted.tobytes():
                    different[number, column, row] = size
    assert different == {}


def test_aperio_tiles_are_served_at_their_own_grid(slides):
    slide = open_slide(slides("svs"))
    assert {(level.tile_width, level.tile_height) for level in slide.levels} == {(240, 240)}
    assert [round(level.downsample) for level in slide.levels] == [1, 4, 16]
    assert (slide.levels[0].columns, slide.levels[0].rows) == (5, 3)


@pytest.mark.parametrize(
    ("kind", "vendor", "magnification", "names"),
    [
        ("tiff", "generic-tiff", None, {}),
        ("svs", "aperio", 40.0, {"thumbnail": False, "label": True, "macro": True}),
        ("dicom", "dicom", 40.0, {"label": True, "macro": True}),
    ],
)
def test_what_the_file_says_of_itself(slides, kind, vendor, magnification, names):
    slide = open_slide(slides(kind))
    assert (slide.format, slide.vendor, slide.magnification) == (kind, vendor, magnification)
    assert (slide.width, slide.height) == (WIDTH, HEIGHT)
    assert slide.mpp == pytest.approx((0.25, 0.25))
    assert {image.name: image.shows_label for image in slide.associated()} == names


def test_an_abbreviated_tile_alone_does_not_decode_and_ours_does(slides):
    slide = open_slide(slides("tiff"))
    tiles = slide.stored[0]
    stored = slide.sources[0].read_at(tiles.offsets[0], tiles.lengths[0])
    with pytest.raises(OSError, match="broken data stream"):
        shown(stored)
    assert shown(slide.raw_tile(0, 0, 0)).size == (256, 256)


def test_an_aperio_tile_without_the_marker_shows_false_colours(slides):
    slide = open_slide(slides("svs"))
    right = slide.raw_tile(0, 2, 1)
    assert right.count(jpeg.ADOBE[jpeg.RGB]) == 1
    wrong = right.replace(jpeg.ADOBE[jpeg.RGB], b"")
    assert shown(right).resize((1, 1)).getpixel((0, 0)) != shown(wrong).resize((1, 1)).getpixel((0, 0))


@pytest.mark.parametrize(
    "place", [(0, -1, 0), (0, 0, -1), (0, 2**31, 0), (0, 0, 2**31), (99, 0, 0), (-1, 0, 0), (0, 5, 0)]
)
def test_outside_the_grid_there_is_no_tile(slides, place):
    slide = open_slide(slides("svs"))
    with pytest.raises(NoSuchTile):
        slide.raw_tile(*place)
    with pytest.raises(NoSuchTile):
        slide.tile(*place)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_index_survives_as_bytes_and_reads_nothing_again(slides, kind):
    path = slides(kind)
    slide = open_slide(path)
    index = blob.dump(slide)
    assert len(index) < 1500 + 3 * sum(level.columns * level.rows for level in slide.levels)
    if path.is_dir():
        sources = {name: Counting(path / name) for name in slide.part_names}
        again = open_index(index, sources)
        counted = sources[slide.entry]
    else:
        counted = Counting(path)
        again = open_index(index, counted)
    assert again == slide
    assert counted.reads == 0
    assert again.raw_tile(0, 1, 1) == slide.raw_tile(0, 1, 1)
    assert counted.reads == 1


@pytest.mark.parametrize("junk", [b"", b"RefnetWSI", b"PK\x03\x04" + bytes(50), b"RefnetWSI\x02" + bytes(50)])
def test_other_bytes_are_no_index(junk):
    with pytest.raises(ValueError, match="index"):
        blob.load(junk)


def test_a_cut_index_is_refused(slides):
    index = blob.dump(open_slide(slides("tiff")))
    with pytest.raises(ValueError, match="cut short"):
        blob.load(index[:-20])


@pytest.mark.parametrize("kind", ["tiff", "bigtiff", "svs"])
def test_opening_costs_few_reads(slides, kind):
    counted = Counting(slides(kind))
    open_slide(counted)
    assert counted.reads <= 2 + counted.size // (256 * 1024)


def test_any_seekable_object_is_a_source(slides):
    path = slides("svs")
    with path.open("rb") as file:
        from_file = open_slide(file)
        from_memory = open_slide(StreamSource(io.BytesIO(path.read_bytes())))
        assert from_file.raw_tile(0, 0, 0) == from_memory.raw_tile(0, 0, 0) == open_slide(path).raw_tile(0, 0, 0)


def test_a_dicom_series_is_read_from_several_sources(slides):
    path = slides("dicom")
    slide = open_slide({file.name: file.read_bytes() and FileSource(file) for file in path.iterdir()})
    assert [level.raw for level in slide.levels] == [True, True]
    assert slide.entry == "level-0.dcm"
    assert slide.raw_tile(1, 0, 0) == open_slide(path).raw_tile(1, 0, 0)


def test_a_place_left_out_by_the_scanner_is_white(tmp_path):
    slide = open_slide(tiled(tmp_path / "a.tif", holes=[2]))
    assert slide.raw_tile(0, 0, 1) == blank(256, 256)
    assert shown(slide.raw_tile(0, 0, 1)).getextrema() == ((255, 255),) * 3


@pytest.mark.parametrize(
    ("what", "how"),
    [
        ("deflate", {"compression": 8}),
        ("JFIF says YCbCr where the file says RGB", {"photometric": 2, "pack": whole_jpeg}),
        ("grey by its tag", {"photometric": 1}),
    ],
)
def test_what_is_not_surely_right_is_not_passed_through(tmp_path, what, how):
    slide = open_slide(tiled(tmp_path / "a.tif", **how))
    assert slide.levels[0].raw is False
    assert slide.raw_tile(0, 0, 0) is None


def test_a_tile_that_vanished_is_damage(slides, tmp_path):
    path = slides("tiff")
    index = blob.dump(open_slide(path))
    slide = open_index(index, io.BytesIO(path.read_bytes()[:2000]))
    with pytest.raises(BadSlide) as caught:
        slide.raw_tile(0, 4, 2)
    assert caught.value.fault == Fault.DAMAGED_TILE
