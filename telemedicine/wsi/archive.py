"""Unpacks a zip of a slide's files into a folder of its own, never outside it and never more than is declared."""

import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from telemedicine.wsi.faults import BadSlide, Fault

MAX_FILES = 4096
MAX_BYTES = 32 * 1024**3
MAX_RATIO = 50  # a slide's pictures are compressed already; its index files are small
RATIO_COUNTS_FROM = 64 * 1024 * 1024
# What operating systems add to an archive of their own accord.
LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


def unpack(path: Path, folder: Path) -> None:
    """Write the files of the archive below an empty folder; an unsafe one is refused before anything is written."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive)
            for member, place in members:
                target = folder / place
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as packed, target.open("xb") as file:
                    shutil.copyfileobj(packed, file, 1 << 20)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise BadSlide(Fault.TRUNCATED, str(error)) from error
    except (NotImplementedError, RuntimeError) as error:
        raise BadSlide(Fault.UNKNOWN_COMPRESSION, str(error)) from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise BadSlide(Fault.ZIP_PATH, "one name twice") from error


def _members(archive: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """The files of an archive and their places, each safe."""
    infos = archive.infolist()
    if len(infos) > MAX_FILES:
        raise BadSlide(Fault.ZIP_BOMB, f"{len(infos)} files")
    total, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    if total > MAX_BYTES or (total > RATIO_COUNTS_FROM and total > MAX_RATIO * max(packed, 1)):
        raise BadSlide(Fault.ZIP_BOMB, f"{total} bytes out of {packed}")
    kept = []
    for info in infos:
        place = _place(info)
        if not info.is_dir() and not info.filename.startswith(LITTER) and place.name not in LITTER:
            kept.append((info, place))
    if not kept:
        raise BadSlide(Fault.ZIP_CONTENT, "nothing inside")
    return kept


def _place(info: zipfile.ZipInfo) -> PurePosixPath:
    """Where a member goes; ZIP_PATH if that is outside or it is no plain file, ZIP_ENCRYPTED if it is locked."""
    mode = info.external_attr >> 16
    if info.flag_bits & 1:
        raise BadSlide(Fault.ZIP_ENCRYPTED)
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BadSlide(Fault.ZIP_PATH, "a link or device")
    name = info.filename
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts or "\\" in name or ":" in name or "\0" in name or len(name) > 200:
        raise BadSlide(Fault.ZIP_PATH, "a path that leads outside")
    return place
