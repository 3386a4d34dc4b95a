"""Small made-up slides of every format, made once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from telemedicine.wsi.generate import make_dicom, make_svs, make_tiff

WIDTH, HEIGHT, SEED = 1100, 700, 7


@pytest.fixture(scope="session")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The path of the slide of a format: tiff, bigtiff, svs, dicom or dicom-no-tables."""
    folder = tmp_path_factory.mktemp("slides")
    size = {"width": WIDTH, "height": HEIGHT, "seed": SEED}
    made = {
        "tiff": lambda path: make_tiff(path, **size),
        "bigtiff": lambda path: make_tiff(path, **size, big=True, tile=128),
        "svs": lambda path: make_svs(path, **size),
        "dicom": lambda path: make_dicom(path, **size),
        "dicom-no-tables": lambda path: make_dicom(path, **size, tables=False),
    }

    def slide(kind: str) -> Path:
        path = folder / f"{kind}.{'svs' if kind == 'svs' else 'tif'}" if "dicom" not in kind else folder / kind
        if not path.exists():
            made[kind](path)
        return path

    return slide
