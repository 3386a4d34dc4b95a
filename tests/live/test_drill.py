"""Twenty streams of as many people; three hundred are `./refnet drill streams`."""

import pytest

from tests.drills.streams import GROUPS, drill
from tests.world import World


@pytest.mark.slow
def test_twenty_streams_get_what_is_theirs_once_and_share_a_database_connection(committed: World) -> None:
    found = drill(committed, streams=20, rounds=2)
    assert found.faults == []
    assert (found.connections, found.resumed) == ([1, 1], 4)
    # A referral alone, 2 rounds of two and a call, and the closing round in which nobody answers. Of a referral the
    # sender hears 3 steps and the receiver 2, of a call 1 and the asked hospital 2; of the closing ones 2, 1, 1 and 1.
    receivers, elsewhere, called = 2 + 2 * 2 + 1, 2 * 2 + 1, 2 * 2 + 1
    senders = 3 + 2 * (3 + 3 + 1) + (2 + 2 + 1)
    assert found.messages == 20 // len(GROUPS) * (receivers + elsewhere + called + senders)
