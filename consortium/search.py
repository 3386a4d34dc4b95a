"""Search in Chinese names: arrays of one- and two-character grams, which an index serves where LIKE cannot."""

from itertools import pairwise


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
