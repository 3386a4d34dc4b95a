"""Races with real threads and connections; the whole drill is `./refnet drill race`."""

from collections import Counter

import pytest

from tests.drills.race import race, table


@pytest.mark.slow
def test_one_wins_every_round_and_the_losers_hear_a_conflict(committed):
    rounds = list(race(committed, threads=12, rounds=4, connections=6))
    assert all(found.passed for found in rounds), table(rounds)
    assert Counter(found.name for found in rounds) == {"choosing": 2, "accepting": 2}
    assert {sum(found.refusals.values()) for found in rounds} == {11}
