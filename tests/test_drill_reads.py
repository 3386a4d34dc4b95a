"""Generated operations asked of the read engine and of graphene in one small random network; the whole drill is
`./refnet drill reads`. Bugs that are planted in the engine must be found.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from schema import engine
from schema.compiled import Compiler
from tests.drills.access.drilling import Drill, Size, network
from tests.drills.reads.__main__ import asked_about, compared
from tests.drills.reads.asking import COMPILED, shrunk
from tests.drills.reads.making import Known, operations

TOLD = ("leg SENT", "leg ARRIVED", "green ACCEPTED", "offer ASKED", "glass POOLED", "glass ISSUED")
SMALL = Size(scenes=0, named=TOLD, people=12)


@pytest.fixture(scope="module")
def drill(django_db_setup, django_db_blocker) -> Iterator[Drill]:
    """One network for all tests here; nothing that is asked leaves anything behind."""
    with django_db_blocker.unblock(), network(3, SMALL) as made:
        yield made
    engine.forget()


@pytest.mark.slow
def test_what_is_made_up_is_answered_both_ways_alike(drill):
    tally = compared(120, 1, *asked_about(drill))
    assert tally.differences == []
    assert tally.faults == []
    assert tally.asked == {"hypothesis": 60, "our own": 60}
    assert tally.how[COMPILED] >= 50
    assert tally.rows >= 25
    assert {"FORBIDDEN", "NOT_FOUND"} <= set(tally.codes)


def no_patient_told(compiler: Compiler, row: Any) -> None:
    """The trail is not told whom an answer names."""


def another_name(compiler: Compiler, kind: Any, name: str) -> str:
    """Every type calls itself the same."""
    return "'Referral'::text"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "wrong", "shown"), [
    ("disclose", no_patient_told, "trail of graphene"),
    ("constant", another_name, "__typename"),
])  # fmt: skip
def test_a_bug_planted_in_the_engine_is_found(drill, monkeypatch, name, wrong, shown):
    monkeypatch.setattr(Compiler, name, wrong)
    (difference,) = compared(600, 1, *asked_about(drill), enough=1).differences
    engine.forget()
    assert shown in difference


def test_a_difference_is_shown_as_small_as_it_gets():
    asked = "query($no: Boolean! = true) { a: hospital(id: 1) { name @skip(if: $no) beds { free } } alliances { id } }"
    assert " ".join(shrunk(asked, lambda text: "free" in text).split()) == "{ a: hospital { beds { free } } }"
    assert " ".join(shrunk(asked, lambda text: "alliances" in text).split()) == "{ alliances }"


def test_what_is_made_up_is_the_same_for_the_same_seed(drill):
    first, again = ([*operations(60, 5, Known.of(drill.net.lab.now))] for _ in range(2))
    assert first == again
    assert [one.maker for one in first] == ["hypothesis", "our own"] * 30
