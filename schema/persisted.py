"""The documents of the browser front: written at its build, asked for by their hash, read anew after each build."""

import json
import re
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from consortium.errors import Code, Refused

ID = re.compile(r"sha256:[0-9a-f]{64}")
FILES = ("documents.json", "documents.previous.json")  # a page that was open during a deploy still asks by the latter


def text_of(id: str) -> str:
    """The document of a hash; UNKNOWN_DOCUMENT when neither this build of the front nor the one before it has it."""
    if not ID.fullmatch(id):
        raise Refused(Code.BAD_REQUEST, _("documentId 须为 sha256: 加 64 位十六进制数。"), field="documentId")
    for name in FILES:
        path: Path = settings.FRONT / name
        try:
            known = _read(path, path.stat().st_mtime_ns)
        except FileNotFoundError:
            continue
        if id in known:
            return known[id]
    raise Refused(Code.UNKNOWN_DOCUMENT, _("页面版本已更新，请刷新。"), field="documentId")


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> dict[str, str]:
    """What the file held when it was last changed."""
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found
