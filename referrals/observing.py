"""What of the figures an observer is not told: which counts are linked, so that `suppression` keeps small ones apart.

All that is published of one scope is weighed together, whatever part of it was asked for: the flows by hospital, by
prefecture and by level, what each hospital and county sent, and the total.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from referrals.suppression import Count, is_small, withheld

TOTAL = "total"
# The kinds of legs that exclude one another, and what each published count is made of.
MADE_OF: dict[str, tuple[str, ...]] = {
    "SENT": ("ACCEPTED", "ADVISED", "OTHERWISE", "OPEN"),
    "ANSWERED": ("ACCEPTED", "ADVISED", "OTHERWISE"),
    "ACCEPTED": ("ACCEPTED",),
    "ADVISED": ("ADVISED",),
    "ARRIVED": ("COMPLETED", "ENDED", "WAITING"),
    "JUDGED": ("COMPLETED", "ENDED"),
    "COMPLETED": ("COMPLETED",),
}
# What nobody publishes, but what would be the rest of two published counts.
RESTS: tuple[tuple[str, ...], ...] = (
    ("ADVISED", "OTHERWISE"), ("ACCEPTED", "OTHERWISE"), ("OTHERWISE",), ("OPEN",), ("ENDED", "WAITING"), ("ENDED",),
    ("WAITING",),
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A hospital at one end of legs, and what else it is counted under."""

    hospital: UUID
    level: str
    prefecture: str
    county: str | None


def of_places(pairs: Iterable[tuple[Place, Place, int]]) -> frozenset[Hashable]:
    """What is withheld, from how many legs went from place to place: `(HOSPITAL or PREFECTURE or LEVEL, from, to)`,
    `(ORIGIN or DESTINATION, hospital)`, `(COUNTY, code)` and TOTAL."""
    return withheld(linked(pairs))


def linked(pairs: Iterable[tuple[Place, Place, int]]) -> dict[Hashable, Count]:
    """Every count of one scope that is published somewhere, by those names."""
    sums: dict[Hashable, dict[Hashable, int]] = {}
    for start, end, legs in pairs:
        names: list[Hashable] = [
            ("HOSPITAL", start.hospital, end.hospital),
            ("PREFECTURE", start.prefecture, end.prefecture),
            ("LEVEL", start.level, end.level),
            ("ORIGIN", start.hospital),
            ("DESTINATION", end.hospital),
            TOTAL,
        ]
        names += [("COUNTY", start.county)] if start.county else []
        for name in names:
            sums.setdefault(name, {})[start.hospital, end.hospital] = legs
    return {name: Count(sum(parts.values()), frozenset(parts)) for name, parts in sums.items()}


def of_legs(
    rows: Mapping[Any, Mapping[str, int]], *, unsent: Iterable[Hashable] | None = None
) -> frozenset[tuple[Hashable, str]]:
    """The withheld counts, by row and name, of rows that partition a whole of which the same counts are published.

    `unsent` are the rows of which SENT is already withheld elsewhere; None: SENT is decided here too.
    """
    whole = {name: sum(row[name] for row in rows.values()) for name in MADE_OF}
    gone = frozenset((TOTAL, name) for name in of_whole(whole, sent=not is_small(whole["SENT"])))
    return _of_legs(rows, {TOTAL: whole}, gone, unsent)


def of_whole(row: Mapping[str, int], *, sent: bool) -> frozenset[str]:
    """The withheld counts of a whole by itself, whose SENT is withheld elsewhere or told."""
    hidden = _of_legs({TOTAL: row}, {}, frozenset(), () if sent else (TOTAL,))
    return frozenset(name for _row, name in hidden)


def _of_legs(
    rows: Mapping[Hashable, Mapping[str, int]],
    wholes: Mapping[Hashable, Mapping[str, int]],
    gone: frozenset[tuple[Hashable, str]],
    unsent: Iterable[Hashable] | None,
) -> frozenset[tuple[Hashable, str]]:
    counts: dict[Hashable, Count] = {}
    every = {key: _kinds(row) for key, row in rows.items()}
    for key, kinds in every.items():
        for name, made in MADE_OF.items():
            sent, elsewhere = name == "SENT" and unsent is not None, name == "SENT" and key in (unsent or ())
            one = _count({key: kinds}, made, told=not elsewhere, fixed=sent, secret=elsewhere)
            counts[key, name] = replace(one, first=name == "JUDGED")  # a completeness is missed least
        for made in RESTS:
            counts[key, made] = _count({key: kinds}, made, told=False)
    for key in wholes:
        for name, made in MADE_OF.items():
            counts[key, name] = _count(every, made, told=(key, name) not in gone, fixed=True)
    return frozenset(name for name in withheld(counts) if isinstance(name, tuple))


def _kinds(row: Mapping[str, int]) -> dict[str, int]:
    """How many legs of each kind, from the counts that hold one another."""
    return {
        "ACCEPTED": row["ACCEPTED"],
        "ADVISED": row["ADVISED"],
        "OTHERWISE": max(0, row["ANSWERED"] - row["ACCEPTED"] - row["ADVISED"]),
        "OPEN": max(0, row["SENT"] - row["ANSWERED"]),
        "COMPLETED": row["COMPLETED"],
        "ENDED": max(0, row["JUDGED"] - row["COMPLETED"]),
        "WAITING": max(0, row["ARRIVED"] - row["JUDGED"]),
    }


def _count(
    rows: Mapping[Hashable, Mapping[str, int]],
    made: Iterable[str],
    *,
    told: bool,
    fixed: bool = False,
    secret: bool = False,
) -> Count:
    parts = {(key, kind): kinds[kind] for key, kinds in rows.items() for kind in made if kinds[kind]}
    return Count(sum(parts.values()), frozenset(parts), told=told, fixed=fixed, secret=secret)


def of_groups(groups: Mapping[Any, tuple[int, ...]]) -> frozenset[Hashable]:
    """The groups that are withheld whole, each of parts that exclude one another and whose sums are published.

    A group with a small part is; then the next smallest, until what is withheld is small in no part.
    """
    hidden = {key for key, parts in groups.items() if any(map(is_small, parts))}
    others = sorted((key for key in groups if key not in hidden and any(groups[key])), key=lambda key: sum(groups[key]))
    while hidden and others and (len(hidden) == 1 or any(map(is_small, _summed(groups, hidden)))):
        hidden.add(others.pop(0))
    return frozenset(hidden)


def _summed(groups: Mapping[Hashable, tuple[int, ...]], keys: Iterable[Hashable]) -> list[int]:
    return [sum(parts) for parts in zip(*(groups[key] for key in keys), strict=True)]
