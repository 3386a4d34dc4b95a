"""Every bad file of the list is refused with its sentence, nothing of it is kept, and nothing crashes."""

import stat
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from telemedicine.wsi import BadSlide, Fault, check, open_slide
from telemedicine.wsi.check import inspect
from telemedicine.wsi.generate.container import BYTES, LONG, SHORT
from tests.wsi.files import chance, cyclic, encoded, endless, picture, tiled

WORDS = {
    "html.svs": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
    "drawing.svs": b'\xef\xbb\xbf  <svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "xml.svs": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><svg/>',
    "a.kfb": b"KFB\0" + bytes(100),
    "renamed.svs": b"KFB\0" + bytes(100),
    "b.KFB": b"whatever it holds",
    "a.sdpc": b"SQ" + bytes(100),
    "a.tmap": b"TMAP" + bytes(100),
    "a.mds": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
    "a.mdsx": b"whatever it holds",
    "empty.svs": b"",
    "program.svs": b"\x7fELF" + bytes(500),
    "windows.svs": b"MZ" + bytes(500),
    "pdf.svs": b"%PDF-1.7" + bytes(100),
    "photo.svs": b"\xff\xd8\xff\xe0" + bytes(500),
    "lonely.mrxs": b"\xff\xd8\xff\xe0" + bytes(500),
    "head.svs": b"II*\0",
    "nowhere.svs": b"II*\0\xff\xff\xff\xff",
    "none.svs": b"II*\0\0\0\0\0" + bytes(100),
    "tags.svs": b"II*\0\x08\0\0\0\xff\xff" + bytes(100),
    "big.svs": b"II+\0\x10\0\0\0" + bytes(100),
    "plain.dcm": bytes(128) + b"DICM" + bytes(100),
    "noise.dcm": bytes(128) + b"DICM" + chance(1).randbytes(4000),
}
WORDS_FAULTS = {
    "html.svs": Fault.WEB_PAGE,
    "drawing.svs": Fault.WEB_PAGE,
    "xml.svs": Fault.WEB_PAGE,
    "a.kfb": Fault.FORMAT_KFB,
    "renamed.svs": Fault.FORMAT_KFB,
    "b.KFB": Fault.FORMAT_KFB,
    "a.sdpc": Fault.FORMAT_SDPC,
    "a.tmap": Fault.FORMAT_TMAP,
    "a.mds": Fault.FORMAT_MDS,
    "a.mdsx": Fault.FORMAT_MDS,
    "empty.svs": Fault.EMPTY,
    "lonely.mrxs": Fault.ZIP_CONTENT,
    "head.svs": Fault.TRUNCATED,
    "nowhere.svs": Fault.TRUNCATED,
    "none.svs": Fault.BAD_STRUCTURE,
    "tags.svs": Fault.BAD_STRUCTURE,
    "big.svs": Fault.BAD_STRUCTURE,
    "plain.dcm": Fault.NOT_A_SLIDE,
}
Build = Callable[[Path], object]
PICTURES: dict[str, tuple[Fault, Build]] = {
    "cyclic": (Fault.CYCLIC_DIRECTORIES, cyclic),
    "cyclic-big": (Fault.CYCLIC_DIRECTORIES, lambda p: cyclic(p, big=True)),
    "endless": (Fault.TOO_MANY_DIRECTORIES, endless),
    "huge": (Fault.TOO_LARGE, lambda p: tiled(p, changed={n: (n, LONG, [10**9]) for n in (256, 257)})),
    "huge-tile": (Fault.TOO_LARGE, lambda p: tiled(p, changed={n: (n, LONG, [60_000]) for n in (322, 323)})),
    "millions": (
        Fault.TOO_MANY_TILES,
        lambda p: tiled(p, changed={256: (256, LONG, [800_000]), 257: (257, LONG, [800_000])}),
    ),
    "zero": (Fault.BAD_STRUCTURE, lambda p: tiled(p, changed={256: (256, LONG, [0])})),
    "zero-tile": (Fault.BAD_STRUCTURE, lambda p: tiled(p, changed={322: (322, SHORT, [0])})),
    "few-tiles": (Fault.BAD_STRUCTURE, lambda p: tiled(p, changed={256: (256, LONG, [5000])})),
    "no-lengths": (Fault.BAD_STRUCTURE, lambda p: tiled(p, drop=[325])),
    "type": (Fault.BAD_STRUCTURE, lambda p: tiled(p, changed={256: (256, 2, b"512\0")})),
    "strips": (Fault.NOT_TILED, lambda p: tiled(p, drop=[324])),
    "no-pyramid": (Fault.NO_PYRAMID, lambda p: tiled(p, side=8448, tile=256, pack=lambda part: small())),
    "compression": (Fault.UNKNOWN_COMPRESSION, lambda p: tiled(p, changed={259: (259, SHORT, [50000])})),
    "old-jpeg": (Fault.UNKNOWN_COMPRESSION, lambda p: tiled(p, changed={259: (259, SHORT, [6])})),
    "tables": (Fault.BAD_STRUCTURE, lambda p: tiled(p, changed={347: (347, BYTES, b"not a table")})),
    "no-jpeg": (Fault.DAMAGED_TILE, lambda p: tiled(p, pack=lambda part: b"\0" * 500)),
    "bomb": (Fault.DECOMPRESSION_BOMB, lambda p: tiled(p, pack=lambda part: sized(20_000))),
    "one-bomb": (Fault.DECOMPRESSION_BOMB, lambda p: tiled(p, pack=Odd(lambda: sized(20_000)))),
    "one-cut": (Fault.DAMAGED_TILE, lambda p: tiled(p, pack=Odd(lambda: small()[:300]))),
    "beyond": (Fault.TRUNCATED, lambda p: tiled(p, changed={324: (324, LONG, [10, 20, 30, 2**31])})),
    "all-holes": (Fault.DAMAGED_TILE, lambda p: tiled(p, holes=range(4))),
}


class Odd:
    """Packs three tiles well and the last one in another way."""

    def __init__(self, last: Callable[[], bytes]) -> None:
        self.last, self.count = last, 0

    def __call__(self, part: object) -> bytes:
        self.count += 1
        return self.last() if self.count == 4 else small()


def small() -> bytes:
    """A right tile."""
    return encoded(picture(256, 256), 75, abbreviated=True)


def sized(side: int) -> bytes:
    """A tile whose header claims another size."""
    data = small()
    at = data.index(b"\xff\xc0")
    return data[: at + 5] + struct.pack(">HH", side, side) + data[at + 9 :]


def refused(path: Path, name: str = "") -> Fault:
    """The one reason for which a file is refused; the folder around it is as before."""
    before = sorted(path.parent.iterdir())
    found = inspect(path, name=name, unpack_to=path.parent / "kept")
    assert sorted(path.parent.iterdir()) == before
    assert (found.slide, found.index, found.overview, found.pictures, found.unpacked) == (None, b"", b"", {}, None)
    assert len(found.findings) == 1
    assert found.refusal
    assert found.refusal.message
    return found.refusal.code


@pytest.mark.parametrize("name", WORDS)
def test_what_is_no_slide(tmp_path, name):
    path = tmp_path / "upload"
    path.write_bytes(WORDS[name])
    assert refused(path, name) == WORDS_FAULTS.get(name, Fault.NOT_A_SLIDE)


@pytest.mark.parametrize("name", PICTURES)
def test_a_slide_that_lies(tmp_path, name):
    fault, build = PICTURES[name]
    build(tmp_path / "a.tif")
    assert refused(tmp_path / "a.tif") == fault


def test_a_cut_slide(slides, tmp_path):
    path = tmp_path / "a.svs"
    path.write_bytes(slides("svs").read_bytes()[:-5000])
    assert refused(path) == Fault.TRUNCATED


def test_a_cut_dicom_file(slides, tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes((slides("dicom") / "level-0.dcm").read_bytes()[:-2000])
    assert refused(path) == Fault.TRUNCATED


def archive(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip with these members."""
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members:
            file.writestr(name, data)
    return path


def link(name: str) -> zipfile.ZipInfo:
    """A symbolic link as a member."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    "name", ["../out.svs", "a/../../out.svs", "/etc/out.svs", "..\\out.svs", "C:\\out.svs", "a/" * 120 + "b"]
)
def test_an_archive_that_reaches_outside(tmp_path, name):
    assert refused(archive(tmp_path / "a.zip", ("a.svs", b"x"), (name, b"x"))) == Fault.ZIP_PATH
    assert not (tmp_path.parent / "out.svs").exists()


def test_an_archive_with_a_link(tmp_path):
    assert refused(archive(tmp_path / "a.zip", (link("a.svs"), b"/etc/passwd"))) == Fault.ZIP_PATH


def test_an_archive_with_one_name_as_file_and_folder(tmp_path):
    assert refused(archive(tmp_path / "a.zip", ("a", b"x"), ("a/b", b"x"))) == Fault.ZIP_PATH


def test_an_archive_bomb(tmp_path):
    assert refused(archive(tmp_path / "a.zip", ("a.svs", bytes(80 * 1024 * 1024)))) == Fault.ZIP_BOMB


def test_an_archive_of_very_many_files(tmp_path):
    many = [(f"{number}.dat", b"") for number in range(5000)]
    assert refused(archive(tmp_path / "a.zip", *many, method=zipfile.ZIP_STORED)) == Fault.ZIP_BOMB


def test_an_archive_that_understates_its_size(tmp_path):
    path = archive(tmp_path / "a.zip", ("a.svs", bytes(1024 * 1024)))
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 1024 * 1024), struct.pack("<I", 10)))
    assert refused(path) == Fault.TRUNCATED


def test_a_locked_archive(tmp_path):
    path = archive(tmp_path / "a.zip", ("a.svs", b"x"), method=zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert refused(path) == Fault.ZIP_ENCRYPTED


@pytest.mark.parametrize(
    "members",
    [
        [("a.txt", b"x"), ("b.txt", b"y")],
        [("a.mrxs", b"x"), ("b.mrxs", b"y")],
        [("inner.zip", b"PK\x03\x04" + bytes(50))],
        [("__MACOSX/a", b"x")],
    ],
)
def test_an_archive_that_holds_no_one_slide(tmp_path, members):
    assert refused(archive(tmp_path / "a.zip", *members)) == Fault.ZIP_CONTENT


def test_an_archive_with_a_false_mirax_slide(tmp_path):
    path = archive(tmp_path / "a.zip", ("a.mrxs", b"\xff\xd8\xff"), ("a/Slidedat.ini", b"[GENERAL]\n"))
    assert refused(path) == Fault.UNREADABLE


def test_a_cut_archive(tmp_path):
    path = archive(tmp_path / "a.zip", ("a.svs", chance(2).randbytes(5000)))
    path.write_bytes(path.read_bytes()[:3000])
    assert refused(path) == Fault.TRUNCATED


@pytest.mark.parametrize("kind", ["tiff", "bigtiff", "svs", "dicom"])
def test_flipped_and_missing_bytes_never_do_worse_than_a_refusal(slides, tmp_path, kind):
    whole = slides(kind)
    good = (whole / "level-0.dcm" if whole.is_dir() else whole).read_bytes()
    dice = chance(11)
    path = tmp_path / "a"
    answers = {"refused": 0, "opened": 0}
    for _number in range(120):
        data = bytearray(good)
        start = 0 if kind == "dicom" or dice.random() < 0.3 else len(data) - 6000
        end = 6000 if kind == "dicom" else len(data)
        for _flip in range(dice.choice((1, 4, 30))):
            data[dice.randrange(max(start, 0), end)] = dice.choice((0, 1, 0x7F, 0x80, 0xFF))
        path.write_bytes(data[: dice.randrange(len(data))] if dice.random() < 0.2 else data)
        began = time.process_time()
        try:
            slide = open_slide(path)
            for level in range(len(slide.levels)):
                slide.raw_tile(level, 0, 0)
            answers["opened"] += 1
        except BadSlide:
            answers["refused"] += 1
        assert time.process_time() - began < 5
    assert answers["refused"] >= 20
    assert sum(answers.values()) == 120


def test_the_examiner_answers_for_flipped_files_too(slides, tmp_path):
    good = slides("svs").read_bytes()
    dice = chance(12)
    path = tmp_path / "a.svs"
    for _number in range(12):
        data = bytearray(good)
        for _flip in range(40):
            data[dice.randrange(len(data) - 6000, len(data))] = dice.randrange(256)
        path.write_bytes(data)
        found = inspect(path)
        assert found.accepted or (isinstance(found.refusal, check.Finding) and found.index == b"")
    assert list(tmp_path.iterdir()) == [path]
