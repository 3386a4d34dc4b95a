"""The made-up slides are the same for the same seed, look like tissue, and are what their formats demand."""

import hashlib
import subprocess
import sys
from pathlib import Path

import openslide
import pytest
from django.core.management import CommandError, call_command
from PIL import Image
from pydicom import dcmread
from pydicom.uid import UID

from telemedicine.wsi import open_slide
from telemedicine.wsi.generate import make_dicom, make_svs, make_tiff
from telemedicine.wsi.generate.tissue import Tissue
from tests.wsi.conftest import HEIGHT, SEED, WIDTH

SMALL = {"width": 500, "height": 300}


def digest(path: Path) -> str:
    """A checksum of a file, or of all files of a folder."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


@pytest.mark.parametrize("make", [make_tiff, make_svs, make_dicom])
def test_the_seed_decides_every_byte(tmp_path, make):
    made = []
    for number, seed in enumerate((1, 1, 2)):
        make(tmp_path / str(number), **SMALL, seed=seed)
        made.append(digest(tmp_path / str(number)))
    assert made[0] == made[1] != made[2]


def shares(image: Image.Image) -> dict[str, float]:
    """How much of a picture is glass, pink and purple."""
    found = {"glass": 0, "pink": 0, "purple": 0}
    pixels = list(image.convert("HSV").resize((256, 256)).get_flattened_data())
    for hue, saturation, value in pixels:
        if saturation < 25:
            found["glass"] += 1
        elif 215 <= hue <= 245 and value > 170:
            found["pink"] += 1
        elif 175 <= hue < 215:
            found["purple"] += 1
    return {name: count / len(pixels) for name, count in found.items()}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_looks_like_tissue_in_two_stains_on_glass(seed):
    tissue = Tissue(6000, 4000, seed)
    whole = shares(tissue.tile(0, 0, 6000, 4000).reduce(4))
    assert 0.3 < whole["glass"] < 0.9
    assert 0.08 < whole["pink"] < 0.7
    assert 0.01 < whole["purple"] < 0.4


def test_neighbouring_tiles_fit():
    tissue = Tissue(4000, 3000, 5)
    whole = tissue.tile(1500, 1200, 512, 256)
    parts = Image.new("RGB", (512, 256))
    parts.paste(tissue.tile(1500, 1200, 256, 256), (0, 0))
    parts.paste(tissue.tile(1756, 1200, 256, 256), (256, 0))
    different = sum(1 for a, b in zip(whole.tobytes(), parts.tobytes(), strict=True) if abs(a - b) > 8)
    assert different < 0.001 * len(whole.tobytes())


def test_a_small_level_is_the_large_one_reduced(slides):
    reference = openslide.OpenSlide(slides("tiff"))
    full = reference.read_region((0, 0), 0, (1024, 512)).convert("RGB").reduce(2).resize((16, 8), Image.Resampling.BOX)
    half = reference.read_region((0, 0), 1, (512, 256)).convert("RGB").resize((16, 8), Image.Resampling.BOX)
    assert max(abs(a - b) for a, b in zip(full.tobytes(), half.tobytes(), strict=True)) <= 6


@pytest.mark.parametrize(("kind", "magic"), [("tiff", b"II*\0"), ("bigtiff", b"II+\0"), ("svs", b"II*\0")])
def test_the_container_is_what_it_says(slides, kind, magic):
    assert slides(kind).read_bytes()[:4] == magic


def test_an_svs_speaks_like_a_scanner(slides):
    reference = openslide.OpenSlide(slides("svs"))
    assert reference.properties["openslide.vendor"] == "aperio"
    assert reference.properties["aperio.AppMag"] == "40"
    assert reference.properties["aperio.MPP"] == "0.2500"
    assert set(reference.associated_images) == {"label", "macro", "thumbnail"}
    assert reference.associated_images["label"].convert("L").getextrema()[0] < 60


def test_a_dicom_series_has_the_attributes_of_its_class(slides):
    headers = {path.stem: dcmread(path) for path in slides("dicom").iterdir()}
    assert sorted(headers) == ["label", "level-0", "level-1", "overview"]
    assert len({header.SeriesInstanceUID for header in headers.values()}) == 1
    assert len({header.SOPInstanceUID for header in headers.values()}) == 4
    for header in headers.values():
        assert header.SOPClassUID.name == "VL Whole Slide Microscopy Image Storage"
        assert UID(header.SOPInstanceUID).is_valid
        assert (header.PatientID, str(header.PatientName)) == (f"DEMO{SEED}", "Yan^Shi=演^示")
        assert header.Modality == "SM"
        assert header.NumberOfFrames == header.get("NumberOfFrames", 1)
        assert header.OpticalPathSequence[0].ICCProfile[36:40] == b"acsp"
        assert header.SpecimenDescriptionSequence[0].SpecimenIdentifier == header.ContainerIdentifier
    full = headers["level-0"]
    assert (full.TotalPixelMatrixColumns, full.TotalPixelMatrixRows) == (WIDTH, HEIGHT)
    assert full.NumberOfFrames == 15
    assert list(full.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing) == [0.00025, 0.00025]
    assert list(headers["label"].ImageType) == ["ORIGINAL", "PRIMARY", "LABEL", "NONE"]
    assert headers["label"].BurnedInAnnotation == "YES"


@pytest.mark.slow
def test_memory_does_not_grow_with_the_slide(tmp_path):
    peaks = []
    for width, height in ((1000, 1000), (7000, 5000)):
        code = (
            "import resource, pathlib, sys; from telemedicine.wsi.generate import make_tiff;"
            f"make_tiff(pathlib.Path(sys.argv[1]), width={width}, height={height}, seed=1);"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        path = tmp_path / f"{width}.tif"
        done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout))
    assert peaks[1] - peaks[0] < 12 * 1024  # kilobytes; a tenth of the larger slide's pixels


@pytest.mark.parametrize("name", ["a.svs", "a.tif", "folder"])
def test_the_command_makes_a_slide(tmp_path, capsys, name):
    call_command("make_slide", str(tmp_path / name), "--width", "400", "--height", "300", "--seed", "4")
    assert capsys.readouterr().out == f"{tmp_path / name}\n"
    slide = open_slide(tmp_path / name)
    assert (slide.width, slide.height) == (400, 300)


@pytest.mark.parametrize("wrong", [["a.png"], ["a.svs", "--width", "3"], ["a.svs", "--height", "10000000"], ["."]])
def test_the_command_says_what_is_wrong(tmp_path, monkeypatch, wrong):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError):
        call_command("make_slide", *wrong)
    assert list(tmp_path.iterdir()) == []
