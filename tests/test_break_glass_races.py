"""Two at once break the same glass, or review it: one access, one verdict."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections

from consortium import access, breakglass
from consortium.errors import Refused
from consortium.models import AuditEntry, BreakGlass, Notice
from consortium.roles import Role
from referrals.models import Status
from tests.world import NOW


def together(*tries) -> list[str]:
    """The codes of tries that begin at one moment, each over a connection of its own."""
    start = Barrier(len(tries))

    def run(attempt) -> str:
        start.wait()
        try:
            attempt()
        except Refused as refused:
            return str(refused.code)
        finally:
            connections.close_all()
        return "OK"

    with ThreadPoolExecutor(len(tries)) as pool:
        return list(pool.map(run, tries))


def test_two_at_once_open_one_access_and_tell_once(committed):
    leg, doctor = committed.referral(Status.SENT), committed.actor("foreign", Role.REFERRING_DOCTOR)
    given = {"by": doctor, "now": NOW, "reason": "CANNOT_TELL", "number": leg.number}
    assert together(*[lambda: breakglass.break_glass(**given)] * 6) == ["OK"] * 6
    assert BreakGlass.objects.count() == 1
    assert Notice.objects.filter(event__kind="break_glass").count() == 1
    assert AuditEntry.objects.filter(action="break_glass").count() == 1


def test_two_reviews_at_once_leave_one_verdict(committed):
    leg, doctor = committed.referral(Status.SENT), committed.actor("foreign", Role.REFERRING_DOCTOR)
    row = breakglass.break_glass(by=doctor, now=NOW, reason="CANNOT_TELL", number=leg.number)
    clerk = access.actor(committed.people["county", Role.HOSPITAL_ADMIN, 1], now=NOW)
    given = {"by": clerk, "id": row.pk, "expected_version": 1, "comment": "x", "now": row.ends_at}
    found = together(
        *(lambda v=v: breakglass.review_break_glass(**given, verdict=v) for v in ("JUSTIFIED", "UNJUSTIFIED") * 2)
    )
    assert sorted(found) == ["OK", *["STALE_VERSION"] * 3]
    assert AuditEntry.objects.filter(action="review_break_glass").count() == 1
