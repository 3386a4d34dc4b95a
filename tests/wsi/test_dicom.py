"""DICOM slides as other makers write them: frames in any order, in pieces, in several planes, uncompressed."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from telemedicine.wsi import BadSlide, Fault, open_slide


@pytest.fixture
def rewritten(slides, tmp_path) -> Callable[..., Path]:
    """The largest level of the made-up series, its header and frames changed."""

    def write(change: Callable[[FileDataset, list[bytes]], list[bytes]], pieces: int = 1) -> Path:
        header = dcmread(slides("dicom") / "level-0.dcm")
        frames = list(generate_frames(header.PixelData, number_of_frames=header.NumberOfFrames))
        frames = change(header, frames)
        header.NumberOfFrames = len(frames)
        if header.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian:
            header.PixelData = b"".join(frames)
        else:
            header.PixelData = encapsulate(frames, fragments_per_frame=pieces)
        path = tmp_path / "level.dcm"
        header.save_as(path)
        return path

    return write


def placed(x: int, y: int) -> Dataset:
    """The group of a frame at a place of the whole picture."""
    at, group = Dataset(), Dataset()
    at.ColumnPositionInTotalImagePixelMatrix, at.RowPositionInTotalImagePixelMatrix = x + 1, y + 1
    group.PlanePositionSlideSequence = Sequence([at])
    return group


def places(header: FileDataset) -> list[tuple[int, int]]:
    """The corner of each tile, row by row."""
    return [
        (x, y)
        for y in range(0, header.TotalPixelMatrixRows, 256)
        for x in range(0, header.TotalPixelMatrixColumns, 256)
    ]


def sparse(header: FileDataset, frames: list[bytes]) -> list[bytes]:
    """The frames backwards, with their places; the first tile left out."""
    header.DimensionOrganizationType = "TILED_SPARSE"
    header.PerFrameFunctionalGroupsSequence = Sequence([placed(*at) for at in reversed(places(header)[1:])])
    return list(reversed(frames[1:]))


def test_frames_in_any_order_find_their_places(slides, rewritten):
    ours, whole = open_slide(rewritten(sparse)), open_slide(slides("dicom"))
    level = ours.levels[0]
    for column in range(level.columns):
        for row in range(level.rows):
            if (column, row) != (0, 0):
                assert ours.raw_tile(0, column, row) == whole.raw_tile(0, column, row)
    assert b"Adobe" not in ours.raw_tile(0, 0, 0)
    assert len(ours.raw_tile(0, 0, 0)) < 2000  # white


def test_a_frame_off_the_grid_is_refused(rewritten):
    def shifted(header: FileDataset, frames: list[bytes]) -> list[bytes]:
        kept = sparse(header, frames)
        header.PerFrameFunctionalGroupsSequence[0] = placed(7, 7)
        return kept

    with pytest.raises(BadSlide) as caught:
        open_slide(rewritten(shifted))
    assert caught.value.fault == Fault.UNREADABLE


def test_of_several_planes_the_first_is_shown(slides, rewritten):
    def planes(header: FileDataset, frames: list[bytes]) -> list[bytes]:
        header.TotalPixelMatrixFocalPlanes = 2
        return [*frames, *reversed(frames)]

    ours, whole = open_slide(rewritten(planes)), open_slide(slides("dicom"))
    assert ours.facts == {"planes": 2}
    assert ours.raw_tile(0, 1, 2) == whole.raw_tile(0, 1, 2)


def test_frames_in_pieces_are_not_passed_through(rewritten):
    slide = open_slide(rewritten(lambda header, frames: frames, pieces=2))
    assert slide.raw_tile(0, 0, 0) is None


def test_too_few_frames_are_refused(rewritten):
    with pytest.raises(BadSlide) as caught:
        open_slide(rewritten(lambda header, frames: frames[:5]))
    assert caught.value.fault == Fault.BAD_STRUCTURE


def test_uncompressed_frames_are_decoded(slides, rewritten):
    def plain(header: FileDataset, frames: list[bytes]) -> list[bytes]:
        header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        header.PhotometricInterpretation = "RGB"
        return [bytes((200, 100, 150)) * (256 * 256)] * len(frames)

    slide = open_slide(rewritten(plain))
    assert slide.raw_tile(0, 0, 0) is None
    data, kind = slide.tile(0, 0, 0)
    assert kind == "image/jpeg"
    assert struct.unpack(">H", data[:2]) == (0xFFD8,)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda header: setattr(header, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.2"), Fault.NOT_A_SLIDE),
        (lambda header: setattr(header, "TotalPixelMatrixColumns", 2_000_000_000), Fault.TOO_LARGE),
        (lambda header: setattr(header, "Rows", 0), Fault.BAD_STRUCTURE),
        (lambda header: setattr(header, "Rows", 512), Fault.DECOMPRESSION_BOMB),
        (lambda header: setattr(header, "ImageType", ["ORIGINAL", "PRIMARY", "LABEL"]), Fault.NOT_TILED),
        (lambda header: setattr(header.file_meta, "TransferSyntaxUID", "1.2.3.4"), Fault.UNKNOWN_COMPRESSION),
    ],
)
def test_a_header_that_lies_is_refused(rewritten, change, fault):
    def changed(header: FileDataset, frames: list[bytes]) -> list[bytes]:
        change(header)
        return frames

    with pytest.raises(BadSlide) as caught:
        open_slide(rewritten(changed))
    assert caught.value.fault == fault
