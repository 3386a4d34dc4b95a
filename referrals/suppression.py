"""Which counts a reader is not told: the small ones, and as many beside them as keep them from being worked out.

Counts are sums of parts that exclude one another. What is told is a system of linear equations over the parts; it is
solved as a reader could solve it, modulo a large prime, and as long as a small count follows from it, the smallest
count that it follows from is withheld too. The same counts always give the same answer: two would tell more than one.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

SMALLEST = 5  # a count from 1 to 4 is not told
PRIME = 2**61 - 1


@dataclass(frozen=True)
class Count:
    """A count: how many, and of which parts that are not empty it is the sum.

    `told` is false for what nobody publishes and yet, if it is small or `secret`, nobody may work out; `fixed` is true
    for what is published elsewhere, `first` for what is withheld before anything else.
    """

    value: int
    parts: frozenset[Hashable]
    told: bool = True
    fixed: bool = False
    secret: bool = False
    first: bool = False


def is_small(value: int) -> bool:
    """Whether a count would tell of few people."""
    return 0 < value < SMALLEST


def withheld(counts: Mapping[Hashable, Count]) -> frozenset[Hashable]:
    """The names of the counts that are not told, so that no small one follows from those that are."""
    names = list(counts)
    order = {part: at for at, part in enumerate(sorted({p for one in counts.values() for p in one.parts}, key=repr))}
    small = [counts[name].parts for name in names if is_small(counts[name].value) or counts[name].secret]
    hidden = {name for name in names if counts[name].told and not counts[name].fixed and is_small(counts[name].value)}
    while small:
        told = [at for at, name in enumerate(names) if counts[name].told and name not in hidden]
        known = Known(((counts[names[at]], at) for at in told), order)
        free = [at for at in told if not counts[names[at]].fixed]
        found = _smallest(known.betrayals(small), free, [(not counts[n].first, counts[n].value) for n in names])
        if not found:
            break
        hidden |= {names[at] for at in found}
    return frozenset(hidden)


def _smallest(betrayals: Iterable[set[int]], free: list[int], ranks: list[tuple[bool, int]]) -> set[int]:
    """Of each set of counts from which too much follows, the smallest that may be withheld; one serves for several."""
    found: set[int] = set()
    choices = [[at for at in free if at in support and ranks[at][1]] for support in betrayals]
    for choice in sorted(choices, key=len):
        if choice and not found.intersection(choice):
            found.add(min(choice, key=lambda at: (ranks[at], at)))
    return found


@dataclass
class Row:
    """One equation: coefficients of parts, what they come to, and of how many times which counts it was made."""

    parts: dict[int, int]
    value: int
    counts: dict[int, int]

    def take(self, other: "Row", times: int) -> None:
        """Subtract a multiple of another equation."""
        for mine, theirs in ((self.parts, other.parts), (self.counts, other.counts)):
            for key, factor in theirs.items():
                left = (mine.get(key, 0) - times * factor) % PRIME
                if left:
                    mine[key] = left
                else:
                    mine.pop(key, None)
        self.value = (self.value - times * other.value) % PRIME


class Known:
    """What follows from counts that are told: their equations, solved for one part each."""

    def __init__(self, counts: Iterable[tuple[Count, int]], order: Mapping[Hashable, int]) -> None:
        """Solve for as many parts as there are equations."""
        self.order = order
        self.rows: dict[int, Row] = {}
        for count, at in sorted(counts, key=lambda pair: len(pair[0].parts)):
            row = self._reduced(count.parts, count.value, {at: 1})
            if row.parts:
                self._add(row)

    def _reduced(self, parts: Iterable[Hashable], value: int, counts: dict[int, int]) -> Row:
        row = Row(dict.fromkeys(sorted(self.order[part] for part in parts), 1), value, counts)
        for part in [part for part in row.parts if part in self.rows]:
            row.take(self.rows[part], row.parts[part])
        return row

    def _add(self, row: Row) -> None:
        pivot, factor = next(iter(row.parts.items()))
        inverse = pow(factor, -1, PRIME)
        row.parts = {part: each * inverse % PRIME for part, each in row.parts.items()}
        row.counts = {at: each * inverse % PRIME for at, each in row.counts.items()}
        row.value = row.value * inverse % PRIME
        for other in self.rows.values():
            if pivot in other.parts:
                other.take(row, other.parts[pivot])
        self.rows[pivot] = row

    def betrayals(self, small: Iterable[frozenset[Hashable]]) -> list[set[int]]:
        """The counts that each small sum follows from: the given ones, and small rests of what is told."""
        found = []
        for parts in small:
            row = self._reduced(parts, 0, {})
            if not row.parts:
                found.append(set(row.counts))
        for row in self.rows.values():
            if set(row.parts.values()) == {1} and (is_small(row.value) or row.value == len(row.parts) > 1):
                found.append(set(row.counts))
        return found
