"""Nobody works out a small count from what is told: solved with fractions, by another way than the code does it."""

import random
import time
from fractions import Fraction
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from referrals.observing import MADE_OF, RESTS, TOTAL, Place, linked, of_groups, of_legs, of_places, of_whole
from referrals.suppression import SMALLEST, Count, is_small, withheld

SMALL_COUNTS = st.one_of(st.integers(0, 6), st.integers(0, 40))
TABLES = st.integers(1, 5).flatmap(
    lambda wide: st.lists(st.lists(SMALL_COUNTS, min_size=wide, max_size=wide), min_size=1, max_size=5)
)


def cross_table(table: list[list[int]]) -> dict[object, Count]:
    """A table with its cells, the sums of its rows and columns, and of all."""
    cells = {(r, c): value for r, row in enumerate(table) for c, value in enumerate(row)}
    sums: dict[object, list[tuple[int, int]]] = {("cell", *at): [at] for at in cells}
    sums |= {("row", r): [at for at in cells if at[0] == r] for r in range(len(table))}
    sums |= {("column", c): [at for at in cells if at[1] == c] for c in range(len(table[0]))}
    sums["all"] = list(cells)
    return {
        name: Count(sum(cells[at] for at in parts), frozenset(at for at in parts if cells[at]))
        for name, parts in sums.items()
    }


def rank(rows: list[list[Fraction]]) -> int:
    """The rank of a matrix, by elimination over the rational numbers."""
    rows, found = [list(row) for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((at for at in range(found, len(rows)) if rows[at][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for at in range(found + 1, len(rows)):
            factor = rows[at][column] / rows[found][column]
            rows[at] = [a - factor * b for a, b in zip(rows[at], rows[found], strict=True)]
        found += 1
    return found


def solvable(counts: dict[object, Count], hidden: frozenset[object]) -> set[object]:
    """The small counts that follow from what is told: those that add no rank to the system of the told ones."""
    atoms = sorted({part for count in counts.values() for part in count.parts}, key=repr)

    def vector(count: Count) -> list[Fraction]:
        return [Fraction(atom in count.parts) for atom in atoms]

    told = [vector(count) for name, count in counts.items() if count.told and name not in hidden]
    small = {name: count for name, count in counts.items() if is_small(count.value)}
    before = rank(told)
    return {name for name, count in small.items() if rank([*told, vector(count)]) == before}


@settings(max_examples=50)
@given(TABLES)
def test_no_small_cell_or_sum_of_a_table_can_be_worked_out(table):
    counts = cross_table(table)
    hidden = withheld(counts)
    assert {name for name, count in counts.items() if is_small(count.value)} <= hidden
    assert solvable(counts, hidden) == set()


@given(TABLES)
def test_without_a_small_count_everything_is_told(table):
    counts = cross_table([[value * SMALLEST for value in row] for row in table])
    assert withheld(counts) == frozenset()


@settings(max_examples=50)
@given(st.lists(st.tuples(SMALL_COUNTS, SMALL_COUNTS, SMALL_COUNTS, SMALL_COUNTS), min_size=1, max_size=6))
def test_nor_what_lies_between_counts_that_hold_one_another(rows):
    """Sent ⊃ answered ⊃ accepted, by place and in all: the rests are counts of people too."""
    counts: dict[object, Count] = {}
    for place, row in [*enumerate(rows), (None, None)]:
        held = range(len(rows)) if row is None else [place]
        for name, kinds, told in (
            ("sent", "0123", True), ("answered", "012", True), ("accepted", "0", True), ("advised", "1", True),
            ("not accepted", "12", False), ("not answered", "3", False),
        ):  # fmt: skip
            parts = {(at, int(kind)): rows[at][int(kind)] for at in held for kind in kinds}
            counts[place, name] = Count(sum(parts.values()), frozenset(at for at, n in parts.items() if n), told=told)
    assert solvable(counts, withheld(counts)) == set()


HOSPITALS = [Place(UUID(int=n), f"L{n % 2}", f"P{n % 3}", f"C{n % 4}" if n % 2 else None) for n in range(6)]
ENDS = st.integers(0, len(HOSPITALS) - 1)


@given(st.dictionaries(st.tuples(ENDS, ENDS), st.one_of(st.integers(1, 6), st.integers(1, 40)), max_size=14))
def test_nor_flows_from_the_sums_of_hospitals_counties_prefectures_and_levels(legs):
    pairs = [(HOSPITALS[a], HOSPITALS[b], n) for (a, b), n in sorted(legs.items())]
    counts, hidden = linked(pairs), of_places(pairs)
    assert {name for name, count in counts.items() if is_small(count.value)} <= hidden
    assert solvable(counts, hidden) == set()
    assert of_places(pairs) == hidden, "the same figures always withhold the same"


KINDS = st.fixed_dictionaries(
    dict.fromkeys(("accepted", "advised", "otherwise", "open", "completed", "ended", "waiting"), SMALL_COUNTS)
)


@settings(max_examples=50)
@given(st.lists(KINDS, min_size=1, max_size=4))
def test_nor_rates_of_places_from_those_of_all(kinds):
    """What a place sent is told as the flows have it, so it stays; the rates beside it give way."""
    rows = {at: measured(**kind) for at, kind in enumerate(kinds)}
    total = {name: sum(row[name] for row in rows.values()) for name in rows[0]}
    unsent = {at for at, row in rows.items() if is_small(row["SENT"])}
    hidden = of_legs(rows, unsent=unsent) | {
        (TOTAL, name) for name in of_whole(total, sent=not is_small(total["SENT"]))
    }
    counts: dict[object, Count] = {}
    for key, held in [*((at, [at]) for at in rows), (TOTAL, list(rows))]:
        for name, made in [*MADE_OF.items(), *((made, made) for made in RESTS)]:
            parts = {(at, kind): kinds[at][kind.lower()] for at in held for kind in made}
            told = isinstance(name, str) and not (name == "SENT" and (key in unsent or is_small(total["SENT"])))
            told_whole = key != TOTAL or isinstance(name, str)
            size = sum(parts.values())
            counts[key, name] = Count(size, frozenset(at for at, n in parts.items() if n), told=told and told_whole)
    own = {name for name in solvable(counts, hidden) if name[0] != TOTAL}
    assert own == set()


def measured(accepted, advised, otherwise, open, completed, ended, waiting) -> dict[str, int]:
    """The counts that hold one another, from the kinds that exclude one another."""
    answered, judged = accepted + advised + otherwise, completed + ended
    return {
        "SENT": answered + open, "ANSWERED": answered, "ACCEPTED": accepted, "ADVISED": advised,
        "ARRIVED": judged + waiting, "JUDGED": judged, "COMPLETED": completed,
    }  # fmt: skip


@given(st.dictionaries(st.integers(0, 8), st.tuples(SMALL_COUNTS, SMALL_COUNTS, SMALL_COUNTS), min_size=1))
def test_a_group_withheld_is_never_alone_beside_its_total(groups):
    hidden = of_groups(groups)
    assert {key for key, parts in groups.items() if any(map(is_small, parts))} <= hidden
    shown = [key for key, parts in groups.items() if key not in hidden and any(parts)]
    rest = [sum(parts) for parts in zip(*(groups[key] for key in hidden), strict=True)] if hidden else []
    assert not shown or not hidden or (len(hidden) > 1 and not any(map(is_small, rest)))


def test_the_check_itself_finds_a_cell_that_was_withheld_alone():
    counts = cross_table([[2, 10], [20, 30]])
    assert solvable(counts, frozenset()) == {("cell", 0, 0)}
    assert solvable(counts, frozenset({("cell", 0, 0)})) == {("cell", 0, 0)}
    assert solvable(counts, withheld(counts)) == set()


def test_one_small_count_takes_the_next_smallest_with_it():
    counts = {name: Count(value, frozenset({name})) for name, value in (("a", 8), ("b", 5), ("c", 2))}
    counts["all"] = Count(15, frozenset("abc"))
    assert withheld(counts) == {"b", "c"}


def test_a_rest_that_is_small_together_is_not_told_either():
    """1 and 1: of 12 only 10 would be left to explain two places, each of which has somebody."""
    counts = {name: Count(value, frozenset({name})) for name, value in (("a", 10), ("b", 1), ("c", 1), ("d", 7))}
    counts["all"] = Count(19, frozenset("abcd"))
    assert withheld(counts) == {"b", "c", "d"}


def test_what_is_fixed_stays_and_another_count_goes():
    counts = {name: Count(value, frozenset({name})) for name, value in (("a", 8), ("b", 5), ("c", 2))}
    counts["b"] = Count(5, frozenset({"b"}), fixed=True)
    counts["all"] = Count(15, frozenset("abc"), fixed=True)
    assert withheld(counts) == {"a", "c"}


def test_a_province_is_worked_out_in_time():
    """Of 130 hospitals that send to 20; nothing is asserted of the clock but that it ends."""
    chance = random.Random(6)  # noqa: S311 - reproducible
    table = [[chance.choice((0,) * 12 + (1, 2, 3, 9, 30)) for _ in range(20)] for _ in range(130)]
    counts = cross_table(table)
    began = time.monotonic()
    hidden = withheld(counts)
    print(f"{len(counts)} counts, {len(hidden)} withheld, {time.monotonic() - began:.2f} s")
    assert "all" not in hidden
