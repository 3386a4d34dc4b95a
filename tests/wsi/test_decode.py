"""What cannot be served as stored is decoded in limited processes that may die, and kept on disk."""

import io
import os
import signal

import openslide
import pytest
from PIL import Image, ImageChops

from telemedicine.wsi import BadSlide, Fault, NoSuchTile, TileCache, blob, open_index, open_slide
from telemedicine.wsi.decode import Decoder, Pool, command
from tests.wsi.files import DEFLATE, ndpi, picture, tiled


@pytest.fixture
def pool():
    """A pool of one process, ended with the test."""
    made = Pool(1)
    yield made
    made.stop()


def shown(data: bytes) -> Image.Image:
    """What a decoder makes of a tile."""
    return Image.open(io.BytesIO(data)).convert("RGB")


def far(one: Image.Image, other: Image.Image) -> int:
    """The mean difference of two pictures, rounded."""
    small = ImageChops.difference(one, other).convert("L").resize((1, 1), Image.Resampling.BOX)
    return int(small.getpixel((0, 0)))


def test_a_deflated_slide_is_decoded(tmp_path):
    slide = open_slide(tiled(tmp_path / "a.tif", compression=DEFLATE, side=300))
    data, kind = slide.tile(0, 1, 1)
    assert kind == "image/jpeg"
    tile = shown(data)
    assert tile.size == (256, 256)
    assert far(tile.crop((0, 0, 44, 44)), picture(300, 300).crop((256, 256, 300, 300))) <= 6
    assert tile.getpixel((200, 200)) == (255, 255, 255)  # beyond the picture


def test_hamamatsu_is_read_by_openslide_alone(tmp_path):
    path = ndpi(tmp_path / "a.ndpi")
    slide = open_slide(path)
    reference = openslide.OpenSlide(path)
    assert (slide.format, slide.vendor, slide.magnification) == ("ndpi", "hamamatsu", 20.0)
    assert [(level.width, level.height) for level in slide.levels] == list(reference.level_dimensions)
    assert {level.raw for level in slide.levels} == {False}
    assert slide.mpp == pytest.approx((10_000 / 22_000,) * 2)
    tile = shown(slide.tile(0, 1, 0)[0])
    assert far(tile, reference.read_region((512, 0), 0, (512, 512)).convert("RGB")) <= 3
    again = open_index(blob.dump(slide), path)
    assert again.tile(1, 0, 0) == slide.tile(1, 0, 0)


def test_without_a_local_path_nothing_is_decoded(tmp_path):
    path = tiled(tmp_path / "a.tif", compression=DEFLATE)
    with path.open("rb") as file:
        slide = open_slide(file)
        with pytest.raises(BadSlide) as caught:
            slide.tile(0, 0, 0)
        assert caught.value.fault == Fault.UNREADABLE
        local = open_index(blob.dump(slide), file, path=path)
        assert shown(local.tile(0, 0, 0)[0]).size == (256, 256)


def test_associated_pictures_are_decoded_by_name(slides):
    slide = open_slide(slides("svs"))
    data, kind = slide.associated_image("label")
    assert (kind, shown(data).size) == ("image/jpeg", (387, 463))
    with pytest.raises(NoSuchTile):
        slide.associated_image("../label")


def test_a_decoded_tile_is_kept_and_not_asked_for_again(tmp_path, pool):
    slide = open_slide(tiled(tmp_path / "a.tif", compression=DEFLATE))
    cache = TileCache(tmp_path / "cache", limit_bytes=1 << 20)
    decoder = Decoder(tmp_path / "a.tif", cache=cache, pool=pool)
    first = decoder.tile(slide, 0, 0, 0)
    pool.stop()
    pool.ask = None
    assert decoder.tile(slide, 0, 0, 0) == first
    assert len(list((tmp_path / "cache").glob("*/*"))) == 1


def test_the_cache_keeps_to_its_size_and_lets_the_longest_unused_go(tmp_path):
    cache = TileCache(tmp_path, limit_bytes=1000)
    for number in range(20):
        cache.put(f"{number:02}key", bytes(100))
        os.utime(tmp_path / f"{number:02}" / f"{number:02}key", (number, number))
    assert cache.get("00key") == bytes(100)  # used just now
    cache.sweep()
    kept = sorted(path.name for path in tmp_path.glob("*/*"))
    assert kept == ["00key", *(f"{number}key" for number in range(12, 20))]
    assert cache.get("05key") is None


def test_a_process_that_dies_is_an_answer_and_the_next_request_has_a_new_one(tmp_path, pool):
    slide = open_slide(tiled(tmp_path / "a.tif", compression=DEFLATE))
    decoder = Decoder(tmp_path / "a.tif", pool=pool)
    first = decoder.tile(slide, 0, 0, 0)
    process = pool._idle.queue[0]
    os.kill(process._running.pid, signal.SIGSTOP)
    with pytest.raises(BadSlide) as caught:
        pool.ask({"path": str(decoder.path), "stamp": "", "want": "index"}, timeout=0.3)
    assert caught.value.fault == Fault.TOO_SLOW
    assert decoder.tile(slide, 0, 0, 0) == first
    os.kill(process._running.pid, signal.SIGKILL)
    process._running.wait()
    assert decoder.tile(slide, 0, 0, 0) == first


def test_a_file_that_openslide_refuses_is_unreadable(tmp_path, pool):
    (tmp_path / "a.tif").write_bytes(b"II*\0" + bytes(100))
    with pytest.raises(BadSlide) as caught:
        Decoder(tmp_path / "a.tif", pool=pool).index()
    assert caught.value.fault == Fault.UNREADABLE


def test_a_limited_process_inherits_no_configuration(monkeypatch):
    monkeypatch.setenv("REFNET_SECRET_KEY", "secret")
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    assert set(command("x")["env"]) == {"PYTHONPATH", "PYTHONUTF8", "PYTHONDONTWRITEBYTECODE"}
