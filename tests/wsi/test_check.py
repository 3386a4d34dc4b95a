"""A foreign slide is judged in a limited process, whose death is an answer; of a refused one nothing is kept."""

import io
import shutil
import zipfile
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from django.utils.translation import override
from PIL import Image
from pydicom import dcmread

from telemedicine.wsi import SENTENCES, Fault, Note, check, open_index, open_slide
from telemedicine.wsi.check import inspect
from telemedicine.wsi.identity import Patient, differs
from telemedicine.wsi.limits import Limits
from tests.wsi.conftest import HEIGHT, WIDTH
from tests.wsi.files import DEFLATE, ndpi, tiled

WANG = {"PatientName": "Wang^Min=王^敏", "PatientID": "A1", "PatientBirthDate": "19600203", "PatientSex": "F"}


def zipped(folder: Path, path: Path, inside: str = "") -> Path:
    """A zip of a folder's files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, inside + file.name)
    return path


def codes(found: check.Inspection) -> list[str]:
    """The codes of the findings."""
    return [finding.code for finding in found.findings]


@pytest.mark.parametrize(
    ("kind", "notes", "pictures"),
    [
        ("tiff", [Note.NO_MAGNIFICATION], set()),
        ("bigtiff", [Note.NO_MAGNIFICATION], set()),
        ("svs", [Note.LABEL_PRESENT], {"label", "macro", "thumbnail"}),
    ],
)
def test_a_good_file_is_accepted_with_index_and_pictures(slides, kind, notes, pictures):
    path = slides(kind)
    found = inspect(path, sha256=sha256(path.read_bytes()).hexdigest())
    assert found.accepted
    assert codes(found) == notes
    assert set(found.pictures) == pictures
    assert open_index(found.index, path).raw_tile(0, 1, 1) == open_slide(path).raw_tile(0, 1, 1)
    overview = Image.open(io.BytesIO(found.overview))
    assert overview.width / overview.height == pytest.approx(WIDTH / HEIGHT, rel=0.05)


def test_a_zipped_dicom_series_is_unpacked_where_it_is_wanted(slides, tmp_path):
    found = inspect(zipped(slides("dicom"), tmp_path / "a.zip", "slide/"), unpack_to=tmp_path / "kept")
    assert codes(found) == [Note.LABEL_PRESENT, Note.PATIENT_TAGS]
    assert found.unpacked == tmp_path / "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "kept"]
    slide = open_index(found.index, found.unpacked)
    assert slide.part_names[0] == "slide/label.dcm"
    assert slide.raw_tile(0, 0, 0) == open_slide(slides("dicom")).raw_tile(0, 0, 0)
    assert slide.associated_image("label")[1] == "image/jpeg"


def test_a_zip_of_one_plain_slide_is_as_good_as_the_slide(slides, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(slides("svs"), folder / "切片 1.svs")
    found = inspect(zipped(folder, tmp_path / "a.zip"), unpack_to=tmp_path / "kept")
    assert found.accepted
    assert open_index(found.index, found.unpacked).raw_tile(0, 0, 0) == open_slide(slides("svs")).raw_tile(0, 0, 0)


@pytest.mark.parametrize("make", [ndpi, lambda path: tiled(path, compression=DEFLATE)])
def test_what_must_be_decoded_is_accepted_and_said(tmp_path, make):
    found = inspect(make(tmp_path / "a.ndpi"))
    assert found.accepted
    assert Note.DECODED_TILES in codes(found)
    assert Image.open(io.BytesIO(found.overview)).width > 20


def test_a_wrong_checksum_is_refused(slides):
    assert codes(inspect(slides("tiff"), sha256="0" * 64)) == [Fault.WRONG_CHECKSUM]


@pytest.mark.parametrize(
    ("patient", "accepted"),
    [
        (Patient(name="演示", birth_date=date(1970, 1, 1)), True),
        (Patient(name="王敏"), False),
        (Patient(birth_date=date(1980, 1, 1)), False),
        (Patient(identifiers=("DEMO7",), name="王敏"), True),
    ],
)
def test_the_patient_inside_is_compared(slides, tmp_path, patient, accepted):
    found = inspect(zipped(slides("dicom"), tmp_path / "a.zip"), patient=patient, unpack_to=tmp_path / "kept")
    assert found.accepted is accepted
    assert (tmp_path / "kept").exists() is accepted
    assert found.refusal is None or found.refusal.code == Fault.OTHER_PATIENT


@pytest.mark.parametrize(
    ("tags", "patient", "other"),
    [
        (WANG, Patient(), False),
        (WANG, Patient(name="王敏"), False),
        (WANG, Patient(name="王 敏", identifiers=("B2",)), False),
        (WANG, Patient(name="王敏敏"), True),
        (WANG, Patient(identifiers=("A1",), birth_date=date(1960, 2, 3)), False),
        (WANG, Patient(identifiers=("A1",), birth_date=date(1961, 2, 3)), True),
        ({"PatientID": "A1"}, Patient(identifiers=("B2",)), True),
        ({"PatientName": "WANG^MIN"}, Patient(name="王敏"), False),
        ({"PatientName": "", "PatientID": ""}, Patient(name="王敏", identifiers=("B2",)), False),
        ({}, Patient(name="王敏", birth_date=date(1960, 2, 3)), False),
    ],
)
def test_what_contradicts_a_patient(tags, patient, other):
    assert differs(tags, patient) is other


def test_files_of_two_patients_are_refused(slides, tmp_path):
    folder = tmp_path / "two"
    shutil.copytree(slides("dicom"), folder)
    header = dcmread(folder / "level-1.dcm")
    header.PatientID = "SOMEBODY"
    header.save_as(folder / "level-1.dcm")
    assert codes(inspect(zipped(folder, tmp_path / "a.zip"))) == [Fault.OTHER_PATIENT]


@pytest.mark.parametrize(
    ("behaviour", "limits", "fault"),
    [
        ("wait", Limits(wall_seconds=1.5), Fault.TOO_SLOW),
        ("spin", Limits(wall_seconds=60, cpu_seconds=1), Fault.TOO_SLOW),
        ("grow", Limits(memory_bytes=300 * 1024**2), Fault.TOO_MUCH_MEMORY),
        ("write", Limits(file_bytes=1024**2), Fault.ZIP_BOMB),
        ("abort", Limits(), Fault.CRASHED),
        ("leave", Limits(), Fault.CRASHED),
        ("mumble", Limits(), Fault.CRASHED),
    ],
)
def test_whatever_becomes_of_the_process_is_an_answer(slides, monkeypatch, tmp_path, behaviour, limits, fault):
    monkeypatch.setattr(check.tempfile, "tempdir", str(tmp_path))
    original = check.command

    def ours(module: str) -> dict:
        how = original("tests.wsi.misbehave")
        return how | {"args": [*how["args"], behaviour]}

    monkeypatch.setattr(check, "command", ours)
    assert codes(inspect(slides("tiff"), limits=limits)) == [fault]
    assert list(tmp_path.iterdir()) == []


def test_every_code_has_a_sentence_in_two_languages_that_ends_like_one():
    assert set(SENTENCES) == {*Fault, *Note}
    for code, sentence in SENTENCES.items():
        assert str(sentence).endswith("。"), code
        if isinstance(code, Fault):
            assert "请" in str(sentence), code  # names the remedy
        with override("en"):
            assert str(sentence).endswith("."), code
