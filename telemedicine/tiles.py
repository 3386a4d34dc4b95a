"""Tiles of stored slides: passed through as they lie in the file where that is right, decoded elsewhere.

Each process keeps the indexes of the slides it served lately; a tile is then one read of one range.
"""

from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

from django.conf import settings

from consortium import access
from consortium.database.acting import acting
from telemedicine import store
from telemedicine.models import SlideImage
from telemedicine.wsi import Slide, TileCache, open_index

OPEN = 48  # slides whose index a process keeps in memory, one or two megabytes each at most


class Opened:
    """The slides that this process has opened, the longest unused going first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, Slide] = OrderedDict()
        self._lock = Lock()

    def get(self, image: UUID) -> Slide:
        """The slide of an image whose files are there, opened if need be."""
        with self._lock:
            if slide := self._kept.get(image):
                self._kept.move_to_end(image)
                return slide
        with acting(access.SYSTEM):  # whoever asks was let in before; the slide is kept for all of them
            row = SlideImage.objects.get(pk=image)
        slide = open_image(row)
        with self._lock:
            self._kept[image] = slide
            while len(self._kept) > OPEN:
                self._kept.popitem(last=False)
        return slide

    def at_hand(self, image: UUID) -> Slide | None:
        """The slide of an image if it is open."""
        return self._kept.get(image)

    def forget(self) -> None:
        """Close them all."""
        with self._lock:
            self._kept.clear()


opened = Opened()


def open_image(image: SlideImage) -> Slide:
    """The slide of an image: its stored index over its stored files, and a local copy only for what must be decoded."""
    index = store.get(image.pictures["index"]["file"])
    cache = TileCache(Path(settings.MEDIA_ROOT) / "tiles", limit_bytes=settings.SLIDE_COPIES_BYTES // 2)
    names = {store.part_name(name): name for name in image.files}
    only = next(iter(names.values())) if list(names) == [store.SINGLE] else ""
    sources: Any = store.source(only) if only else {part: store.source(name) for part, name in names.items()}
    slide = open_index(index, sources)
    if all(level.raw for level in slide.levels):
        return slide
    if local := store.local_path(image.files[0]):
        place = local if only else local.parents[len(Path(store.part_name(image.files[0])).parts) - 1]
    else:
        place = store.local_copy(image.pk, image.files)
        place = place / store.SINGLE if only else place
    return open_index(index, sources, path=place, cache=cache)


def tile(image: UUID, level: int, column: int, row: int) -> tuple[bytes, str]:
    """A tile of the file's own grid and its media type; NoSuchTile outside it, BadSlide if it cannot be read."""
    return opened.get(image).tile(level, column, row)
