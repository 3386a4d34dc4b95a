"""Whole-slide images: stored tiles served as they are where that is right, decoded in limited processes elsewhere.

`open_slide(source)` reads the headers of a slide; `blob.dump` makes its index bytes that `open_index` turns back into
a slide without parsing. `check.inspect(path)` judges a foreign file in a process of its own.
"""

from telemedicine.wsi.cache import TileCache
from telemedicine.wsi.faults import SENTENCES, BadSlide, Fault, NoSuchTile, Note
from telemedicine.wsi.opening import open_index, open_slide
from telemedicine.wsi.slide import Associated, Level, Slide
from telemedicine.wsi.source import FileSource, Source, StreamSource

__all__ = [
    "SENTENCES",
    "Associated",
    "BadSlide",
    "Fault",
    "FileSource",
    "Level",
    "NoSuchTile",
    "Note",
    "Slide",
    "Source",
    "StreamSource",
    "TileCache",
    "open_index",
    "open_slide",
]
