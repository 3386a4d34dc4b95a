"""Opens a slide from a file, a folder or ranges, or from its stored index without parsing anything again."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from telemedicine.wsi import blob, dicom, pyramid, sniff, tiff
from telemedicine.wsi.cache import TileCache
from telemedicine.wsi.decode import Decoder
from telemedicine.wsi.faults import BadSlide, Fault
from telemedicine.wsi.slide import Slide
from telemedicine.wsi.source import FileSource, Source, Window, as_source

Describe = Callable[[Path], Slide]


def open_slide(source: Any, *, cache: TileCache | None = None) -> Slide:
    """The slide in a file, folder, seekable binary object or reader with `read_at` and `size`, or in several by name.

    Reads headers only and trusts nothing in them, but parses in this process: foreign files go through `check.inspect`
    first. BadSlide says why a file is refused. What must be decoded needs a path.
    """
    slide, _patient = opened(source, described)
    return slide.reading(slide.sources, decoder_for(slide, source, cache))


def open_index(index: bytes, sources: Any, *, path: str | Path | None = None, cache: TileCache | None = None) -> Slide:
    """The slide of a stored index: `sources` is what holds its bytes, or a mapping of its part names to that.

    `path` is a local copy for what must be decoded, by default the source itself if it is a path.
    """
    slide = blob.load(index)
    held: list[Source | None]
    if isinstance(sources, Mapping):
        held = [as_source(sources[name]) if name in sources else None for name in slide.part_names]
    elif isinstance(sources, str | Path) and Path(sources).is_dir():
        held = [FileSource(Path(sources) / name) for name in slide.part_names]
    else:
        held = [as_source(sources)]
    return slide.reading(held, decoder_for(slide, sources if path is None else path, cache))


def decoder_for(slide: Slide, source: Any, cache: TileCache | None) -> Decoder | None:
    """The decoder of a slide at a local path, None elsewhere."""
    return Decoder(entry_path(slide, source), cache=cache) if isinstance(source, str | Path) else None


def entry_path(slide: Slide, source: str | Path) -> Path:
    """The file that OpenSlide opens for a slide at a local path."""
    path = Path(source)
    return path / slide.entry if path.is_dir() else path


def described(path: Path) -> Slide:
    """A slide that only OpenSlide can read, described by it in a limited process."""
    return Decoder(path).index()


def opened(source: Any, describe: Describe) -> tuple[Slide, dict[str, str]]:
    """The slide and the patient its headers name; `describe` asks OpenSlide about what only it can read."""
    if isinstance(source, Mapping):
        return dicom.read({name: as_source(part) for name, part in source.items()})
    if not isinstance(source, str | Path):
        return _single(as_source(source), None, describe)
    path = Path(source)
    return _folder(path, describe) if path.is_dir() else _single(FileSource(path), path, describe)


def _single(source: Source, path: Path | None, describe: Describe) -> tuple[Slide, dict[str, str]]:
    """The slide of one file."""
    kind = sniff.kind(source.read_at(0, sniff.HEAD), path.name if path else "")
    if kind == sniff.Kind.DICOM:
        return dicom.read({"": source})
    if kind == sniff.Kind.ZIP:
        raise BadSlide(Fault.ZIP_CONTENT, "unpack the archive first")
    if kind == sniff.Kind.TIFF:
        window = Window(source)
        directories = tiff.directories(window)
        if pyramid.needs_openslide(directories) is None:
            return pyramid.read(window, directories).reading([source]), {}
    if path is None:
        raise BadSlide(Fault.UNREADABLE, "a format that needs a local file")
    return describe(path).reading([source]), {}


def _folder(folder: Path, describe: Describe) -> tuple[Slide, dict[str, str]]:
    """The slide of a folder: one .mrxs with its data, one slide file, or the DICOM files of one series."""
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
    mirax = [name for name in files if name.lower().endswith(".mrxs")]
    if len(mirax) == 1:
        slide = replace(describe(files[mirax[0]]), part_names=(mirax[0],), entry=mirax[0])
        return slide.reading([None]), {}
    sources = {name: FileSource(path) for name, path in files.items()}
    series = {name: source for name, source in sources.items() if dicom.is_dicom(source.read_at(0, 132))}
    if series and not mirax:
        return dicom.read(series)
    if len(files) != 1 or mirax:
        raise BadSlide(Fault.ZIP_CONTENT, f"{len(mirax)} .mrxs, {len(series)} DICOM, {len(files)} files")
    ((name, path),) = files.items()
    slide, patient = _single(sources[name], path, describe)
    return replace(slide, part_names=(name,), entry=name), patient
