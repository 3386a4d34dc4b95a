"""What somebody did at the door, on the audit trail; in their name, for nobody writes there in another's."""

from datetime import datetime

from consortium import trail
from consortium.access import Actor
from consortium.database.acting import acting


def record(by: Actor, action: str, *, now: datetime) -> None:
    """Write an act about the actor's own account down, in the running transaction."""
    assert by.person is not None  # noqa: S101 - the clock does not sign in
    with acting(by):
        trail.audit(by, action, by.person, role=None, purpose="SIGN_IN", patient_id=None, now=now)
