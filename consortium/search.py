"""Search in Chinese names: arrays of one- and two-character grams, which an index serves where LIKE cannot; and by
their sound in pinyin (拼音), whole or by its initials, as the lexemes of an indexed tsvector."""

import importlib.util
import re
import sys
from itertools import pairwise
from types import ModuleType

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q

TYPED = re.compile(r"[a-z][a-z0-9]{0,63}")


def _lazy(name: str) -> ModuleType:
    """A module that is read when it is first used: a dictionary of 58 MB, which only the loading of names needs."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(name)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


pypinyin = _lazy("pypinyin")


def grams(*texts: str) -> list[str]:
    """Every character and every neighbouring pair of the texts, lower-case, sorted, each once."""
    found: set[str] = set()
    for text in texts:
        letters = "".join(text.split()).lower()
        found.update(letters)
        found.update(left + right for left, right in pairwise(letters))
    return sorted(found)


def wanted(text: str) -> list[str]:
    """The grams that a row must contain to match what somebody typed: pairs, or the one character."""
    letters = "".join(text.split()).lower()
    return [left + right for left, right in pairwise(letters)] or list(letters)


def sounds(text: str) -> str:
    """The pinyin of a name from each syllable on, in full and by initials: `erfeiyan efy feiyan fy …` for 儿肺炎."""
    styles = (pypinyin.Style.NORMAL, pypinyin.Style.FIRST_LETTER)
    spoken = [[_letters(part) for part in pypinyin.lazy_pinyin(text, style=style)] for style in styles]
    found = {"".join(parts[start:]) for parts in spoken for start, part in enumerate(parts) if part}
    return " ".join(sorted(found))


def heard(text: str, path: str = "") -> Q:
    """The condition that the `sounds` at the end of a path have a syllable from which on they begin as typed.

    What is not written in Latin letters sounds like nothing.
    """
    typed = _letters(text)
    if not TYPED.fullmatch(typed) or re.search(r"[^\x00-\x7f]", text):
        return Q(pk__in=[])
    return Q(**{f"{path}sounds": SearchQuery(f"{typed}:*", search_type="raw", config="simple")})


def found_by(name: str) -> dict[str, object]:
    """The fields by which a place is found, for whoever writes many at once."""
    return {"name_grams": grams(name), "sounds": sounds(name)}


def _letters(text: str) -> str:
    """The letters and digits alone, lower-case."""
    return re.sub(r"[^a-z0-9]", "", text.lower())
