"""What a step asks of a case beside role and state, said twice in one place: as a check in words, and as a condition.

The check guards the step and gives the refusal; the condition lets the database tell for a whole page at once what is
possible (docs/adr/0040). A test compares them for every step in every state.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from consortium.access import Actor
from consortium.errors import Refused

Check = Callable[[Any, Actor], Refused | None]
Holds = Callable[[Actor], Q]


@dataclass(frozen=True)
class Requirement:
    """A check `(case, by)` and, if the database can tell, the condition under which it finds nothing to refuse.

    Asked about `access.SYSTEM`, a check answers for nobody in particular: whether anyone could meet it now. The
    condition is asked about persons alone.
    """

    check: Check
    holds: Holds | None

    def __call__(self, case: Any, by: Actor) -> Refused | None:
        """Why the requirement is not met, or nothing."""
        return self.check(case, by)


def requirement(holds: Holds | None) -> Callable[[Check], Requirement]:
    """Make a requirement of a check; without a condition, what a list offers by it is told row by row."""
    return lambda check: Requirement(check, holds)
