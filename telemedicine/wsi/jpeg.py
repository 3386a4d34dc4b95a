"""JPEG streams as slides store them: told apart by their headers, and made self-contained without decoding."""

from dataclasses import dataclass

from telemedicine.wsi.faults import BadSlide, Fault

START, END = b"\xff\xd8", b"\xff\xd9"
RGB, YCBCR = 2, 6
# Adobe's marker: version 100, no flags, and the colour transform (0: none, 1: YCbCr).
ADOBE = {
    RGB: b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00",
    YCBCR: b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x01",
}
FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended and progressive Huffman: what every browser decodes
OTHER_FRAMES = {0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
ALONE = {0x01, *range(0xD0, 0xD8)}


@dataclass(frozen=True)
class Header:
    """What the markers before the first scan say."""

    width: int
    height: int
    bits: int
    components: int
    jfif: bool
    adobe: int | None
    quantised: bool
    coded: bool


def header(stream: bytes) -> Header:
    """The header of a whole stream; DAMAGED_TILE if it is none that a browser decodes."""
    try:
        return _header(stream)
    except IndexError as error:
        raise BadSlide(Fault.DAMAGED_TILE, "the header ends early") from error


def _header(stream: bytes) -> Header:
    """Walk the markers as far as the first scan."""
    if stream[:2] != START:
        raise BadSlide(Fault.DAMAGED_TILE, "no JPEG")
    frame: tuple[int, int, int, int] | None = None
    jfif, adobe, quantised, coded, at = False, None, False, False, 2
    while True:
        if stream[at] != 0xFF:
            raise BadSlide(Fault.DAMAGED_TILE, f"no marker at {at}")
        mark = stream[at + 1]
        if mark == 0xFF or mark in ALONE:
            at += 1 if mark == 0xFF else 2
            continue
        length = stream[at + 2] << 8 | stream[at + 3]
        body = stream[at + 4 : at + 2 + length]
        if length < 2 or mark in OTHER_FRAMES or mark in (0xD8, 0xD9):
            raise BadSlide(Fault.DAMAGED_TILE, f"marker {mark:#x}")
        if len(body) < length - 2:
            raise BadSlide(Fault.DAMAGED_TILE, "the header ends early")
        if mark == 0xDA:
            break
        if mark in FRAMES and len(body) >= 6:
            frame = (body[3] << 8 | body[4], body[1] << 8 | body[2], body[0], body[5])
        jfif |= mark == 0xE0 and body[:5] == b"JFIF\0"
        adobe = body[11] if mark == 0xEE and body[:5] == b"Adobe" and len(body) >= 12 else adobe
        quantised |= mark == 0xDB
        coded |= mark == 0xC4
        at += 2 + length
    if frame is None:
        raise BadSlide(Fault.DAMAGED_TILE, "a scan without a frame")
    return Header(*frame, jfif, adobe, quantised, coded)


def tables_of(data: bytes) -> bytes:
    """The segments of an abbreviated table stream without its start and end; empty for none."""
    if not data:
        return b""
    if data[:2] != START or data[-2:] != END:
        raise BadSlide(Fault.BAD_STRUCTURE, "tables are no JPEG stream")
    return data[2:-2]


def opening(found: Header, tables: bytes, photometric: int) -> bytes | None:
    """What must replace the first two bytes of such tiles so that any decoder shows them right; None if nothing can."""
    if found.bits != 8 or found.components != 3 or photometric not in ADOBE:
        return None
    if not tables and not (found.quantised and found.coded):
        return None
    wanted = 0 if photometric == RGB else 1
    if found.jfif and photometric == RGB:
        return None  # JFIF means YCbCr, whatever else is said
    if found.adobe is not None and found.adobe != wanted:
        return None
    marker = b"" if found.jfif or found.adobe is not None else ADOBE[photometric]
    return START + marker + tables
