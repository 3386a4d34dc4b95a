"""Twenty streams of as many people; three hundred are `./refnet drill streams`."""

import pytest

from tests.drills.streams import GROUPS, drill
from tests.world import World


@pytest.mark.slow
def test_twenty_streams_get_what_is_theirs_once_and_share_a_database_connection(committed: World) -> None:
    found = drill(committed, streams=20, rounds=2)
    assert found.faults == []
    assert (found.connections, found.resumed) == ([1, 1], 4)
    # By 3 referrals in turn, 2 rounds and the one that closes: of each referral 3 steps to whom it was sent and 4 to
    # the sender, of each call 1 to the sender and 3 to the asked hospital.
    rounds, alone, each = 3, 3, 20 // len(GROUPS)
    receivers, elsewhere, called = 3 * (rounds + alone), 3 * rounds, 3 * rounds
    senders = 4 * (2 * rounds + alone) + rounds
    assert found.messages == each * (receivers + elsewhere + called + senders)
