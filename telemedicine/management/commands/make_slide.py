"""Make up a whole-slide image for trying things out: `manage.py make_slide slide.svs --width 20000 --height 15000`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from telemedicine.wsi.generate import make_dicom, make_svs, make_tiff

LARGEST = 200_000


class Command(BaseCommand):
    """`manage.py make_slide PATH`: SVS by its ending, TIFF by .tif or .tiff, a folder of DICOM files otherwise."""

    help = "Make up a slide in haematoxylin and eosin; the same seed gives the same bytes."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add place, size, seed and format."""
        parser.add_argument("path", type=Path, help="A file .svs, .tif or .tiff, or a new folder for DICOM files.")
        parser.add_argument("--width", type=int, default=4000, help="Pixels of 0.25 micrometres, by default 4000.")
        parser.add_argument("--height", type=int, default=3000, help="By default 3000.")
        parser.add_argument("--seed", type=int, default=1, help="Another seed, another patient; by default 1.")
        parser.add_argument("--big", action="store_true", help="A BigTIFF, for files beyond 4 GB.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the slide and say where it lies."""
        path: Path = options["path"]
        size = {"width": options["width"], "height": options["height"], "seed": options["seed"]}
        if not all(16 <= size[side] <= LARGEST for side in ("width", "height")):
            raise CommandError(f"Width and height must be 16 to {LARGEST} pixels.")
        if path.exists():
            raise CommandError(f"{path} exists already; name another place.")
        ending = path.suffix.lower()
        if ending == ".svs":
            make_svs(path, **size)
        elif ending in (".tif", ".tiff"):
            make_tiff(path, **size, big=options["big"])
        elif ending:
            raise CommandError(f"{ending} is none of .svs, .tif and .tiff, nor a folder.")
        else:
            make_dicom(path, **size)
        self.stdout.write(str(path))
