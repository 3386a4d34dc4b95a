"""Emergency access: who opens what, for how long, who is told, who reviews; and that nobody else notices."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction

from consortium import access, breakglass, lifecycle
from consortium.errors import Refused
from consortium.models import AuditEntry, BreakGlass, Notice, PractitionerRole
from consortium.roles import PERMISSIONS, Role
from referrals.models import Case, Referral, Status
from telemedicine.models import PathologyCase
from tests.reports import case as pathology
from tests.world import NOW, patient

DOCTOR, EXPERT, ADMIN, AUDITOR = Role.REFERRING_DOCTOR, Role.EXPERT, Role.HOSPITAL_ADMIN, Role.AUDITOR
MINUTE = timedelta(minutes=1)


def opened(world, leg, *, place="foreign", role=DOCTOR, now=NOW, **given) -> BreakGlass:
    """The emergency access of somebody to the patient of a referral."""
    named = {"reason": "CANNOT_TELL", "number": leg.number} | given
    return breakglass.break_glass(by=world.actor(place, role), now=now, **named)


def at(world, moment, place="foreign", role=DOCTOR):
    """Somebody as an actor of a moment."""
    return access.actor(world.people[place, role, 1], now=moment)


def code(attempt) -> str:
    """OK, or the code of the refusal."""
    try:
        with transaction.atomic():
            attempt()
    except Refused as refused:
        return str(refused.code)
    return "OK"


def told(kind: str) -> set[str]:
    """Who has a notice of this kind."""
    return set(Notice.objects.filter(event__kind=kind).values_list("person__username", flat=True))


def test_treating_roles_may_and_nobody_else():
    assert {role for role, names in PERMISSIONS.items() if "break_glass" in names} == {DOCTOR, EXPERT}


def test_it_opens_the_patients_cases_for_an_hour_and_not_a_second_longer(world):
    leg, other = world.referral(Status.SENT), world.referral(Status.SENT)
    read = pathology(world)
    PathologyCase.objects.filter(pk=read.pk).update(patient=leg.case.patient_id)
    assert not access.visible(at(world, NOW), Referral).exists()
    row = opened(world, leg)
    assert (row.ends_at - row.started_at, row.patient_hospital) == (60 * MINUTE, world.hospitals["county"])
    for moment, sees in ((NOW, True), (row.ends_at - timedelta(seconds=1), True), (row.ends_at, False)):
        by = at(world, moment)
        assert by.opened == ({leg.case.patient_id} if sees else frozenset())
        assert access.visible_in_full(by, Referral).filter(pk=leg.pk).exists() is sees
        assert access.visible(by, Case).filter(pk=leg.case_id).exists() is sees
        assert access.visible_in_full(by, PathologyCase).filter(pk=read.pk).exists() is sees
        assert access.may_concern(by, leg) is sees
        assert not access.visible(by, Referral).filter(pk=other.pk).exists()


@pytest.mark.parametrize("role", [DOCTOR, EXPERT])
def test_it_opens_no_step(world, role):
    """Every step in every state answers FORBIDDEN to who sees the case by an emergency alone."""
    for status in (Status.DRAFT, Status.SENT, Status.IN_TRIAGE, Status.ACCEPTED, Status.ARRIVED):
        leg = world.referral(status)
        opened(world, leg, role=role)
        by = at(world, NOW, role=role)
        seen = access.find(by, Referral, leg.pk)
        codes = {
            name: lifecycle.refusal(step, seen, by).code
            for name, step in lifecycle.STEPS[Referral].items()
            if step.sides
        }
        assert set(codes.values()) == {"FORBIDDEN"}


def test_it_ends_with_the_role_and_is_no_tokens(world):
    leg = world.referral(Status.SENT)
    row = opened(world, leg)
    by = at(world, NOW)
    assert access.narrowed(by, ["read"]).opened == frozenset()
    with transaction.atomic():
        PractitionerRole.objects.filter(pk=row.practitioner_role_id).update(ends_at=NOW)
        assert at(world, NOW).opened == frozenset()
        transaction.set_rollback(True)


def test_nobody_else_sees_more(world):
    leg = world.referral(Status.SENT)
    keys = [key for key in world.people if key != ("foreign", DOCTOR, 1)]
    before = {key: list(access.visible(world.actor(*key), Referral).values_list("pk")) for key in keys}
    opened(world, leg)
    for key in keys:
        by = access.actor(world.people[key], now=NOW)
        assert by.opened == frozenset()
        assert list(access.visible(by, Referral).values_list("pk")) == before[key]


def test_the_patient_is_named_exactly_or_not_found(world):
    who = patient()
    leg = world.referral(Status.SENT, patient=who)
    whole = {"number": "", "id_number": who["id_number"], "name": who["name"]}
    wrong = [
        {"number": leg.number[:-1]}, {"number": "%"}, {"number": f"{leg.number}0"}, whole | {"name": who["name"][:1]},
        whole | {"name": "别人"}, whole | {"id_number": patient()["id_number"]}, whole | {"name": ""},
    ]  # fmt: skip
    assert [code(lambda given=given: opened(world, leg, **given)) for given in wrong] == ["NOT_FOUND"] * len(wrong)
    both = whole | {"number": leg.number}
    neither = {"number": " "}
    short = whole | {"id_number": "430"}
    assert [code(lambda g=g: opened(world, leg, **g)) for g in (both, neither, short)] == ["INVALID_INPUT"] * 3
    assert code(lambda: opened(world, leg, **whole)) == "OK"
    assert code(lambda: opened(world, leg, number=leg.case.number.lower(), role=EXPERT)) == "OK"
    assert BreakGlass.objects.count() == 2


def test_a_reason_is_due_and_some_need_words(world):
    leg = world.referral(Status.SENT)
    assert code(lambda: opened(world, leg, reason="CURIOUS")) == "INVALID_INPUT"
    assert code(lambda: opened(world, leg, reason="OTHER")) == "COMMENT_REQUIRED"
    assert code(lambda: opened(world, leg, reason="OTHER", comment="急诊")) == "OK"
    for role in (Role.REFERRAL_OFFICE, ADMIN, AUDITOR, Role.PATHOLOGIST):
        assert code(lambda role=role: opened(world, leg, role=role)) == "FORBIDDEN"


def test_the_patients_hospital_is_told_at_once_and_the_words_name_nobody(world):
    leg = world.referral(Status.SENT)
    row = opened(world, leg)
    assert told("break_glass") == {"county-HOSPITAL_ADMIN-1"}
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.purpose, entry.patient_id) == ("break_glass", "BREAK_GLASS", leg.case.patient_id)
    assert opened(world, leg).pk == row.pk  # the same again is the same access, and tells nobody twice
    assert Notice.objects.filter(event__kind="break_glass").count() == 1


def test_it_is_ended_by_its_holder_or_a_reviewer(world):
    legs = [world.referral(Status.SENT) for _ in range(2)]
    for leg, (place, role) in zip(legs, (("foreign", DOCTOR), ("county", ADMIN)), strict=True):
        row, by = opened(world, leg), world.actor(place, role)
        ended = breakglass.end_break_glass(by=by, id=row.pk, expected_version=1, now=NOW + MINUTE)
        assert (ended.ends_at, ended.ended_by, ended.version) == (NOW + MINUTE, by.person, 2)
        assert at(world, NOW + MINUTE).opened == frozenset()
        again = {"id": row.pk, "expected_version": 2, "now": NOW + 2 * MINUTE}
        assert code(lambda by=by, again=again: breakglass.end_break_glass(by=by, **again)) == "INVALID_STATE"
    assert told("end_break_glass") == {"foreign-REFERRING_DOCTOR-1"}


ENDERS = {("foreign", DOCTOR), ("county", ADMIN)}


def test_who_may_end_and_review_it(world):
    """NOT_FOUND for whom it does not exist, FORBIDDEN for who only sees it."""
    leg = world.referral(Status.SENT)
    row = opened(world, leg)
    seen = {("foreign", DOCTOR), ("county", ADMIN), ("county", AUDITOR)}
    later = row.ends_at + MINUTE
    for place in ("county", "province", "foreign"):
        for role in Role:
            by, given = world.actor(place, role), {"id": row.pk, "expected_version": 7}
            expected = "STALE_VERSION" if (place, role) in seen else "NOT_FOUND"
            assert code(lambda b=by, g=given: breakglass.end_break_glass(by=b, now=NOW, **g)) == expected
            verdict = {"verdict": "JUSTIFIED", "now": later}
            assert code(lambda b=by, g=given, v=verdict: breakglass.review_break_glass(by=b, **g, **v)) == expected
    first = {"id": row.pk, "expected_version": 1}
    auditor, doctor = world.actor("county", AUDITOR), world.actor("foreign", DOCTOR)
    assert code(lambda: breakglass.end_break_glass(by=auditor, now=NOW, **first)) == "FORBIDDEN"
    for by in (auditor, doctor):
        review = {"verdict": "JUSTIFIED", "now": later}
        assert code(lambda by=by, r=review: breakglass.review_break_glass(by=by, **first, **r)) == "FORBIDDEN"


def test_a_review_says_what_the_hospital_found(world):
    leg, clerk = world.referral(Status.SENT), world.actor("county", ADMIN)
    row = opened(world, leg)
    after = row.ends_at
    given = {"by": clerk, "id": row.pk, "expected_version": 1}
    review = breakglass.review_break_glass
    assert code(lambda: review(**given, verdict="JUSTIFIED", now=NOW)) == "INVALID_STATE"  # it still runs
    assert code(lambda: review(**given, verdict="UNJUSTIFIED", now=after)) == "COMMENT_REQUIRED"
    done = review(**given, verdict="UNJUSTIFIED", comment="无诊疗关系", now=after)
    assert (done.verdict, done.reviewed_by, done.reviewed_at, done.version) == ("UNJUSTIFIED", clerk.person, after, 2)
    assert told("review_break_glass") == {"foreign-REFERRING_DOCTOR-1", "foreign-HOSPITAL_ADMIN-1"}
    again = given | {"expected_version": 2, "verdict": "JUSTIFIED", "now": after}
    assert code(lambda: review(**again)) == "INVALID_STATE"


def test_nobody_reviews_their_own_not_even_past_the_application(world):
    both = world.newcomer("doctor and clerk", ("county", DOCTOR), ("county", ADMIN))
    leg = world.referral(Status.SENT)
    row = breakglass.break_glass(by=both, now=NOW, reason="CANNOT_TELL", number=leg.number)
    assert "doctor and clerk" not in told("break_glass")
    given = {"id": row.pk, "expected_version": 1, "verdict": "JUSTIFIED", "now": row.ends_at}
    assert code(lambda: breakglass.review_break_glass(by=both, **given)) == "SECOND_PERSON_NEEDED"
    own = {"verdict": "JUSTIFIED", "reviewed_by": both.person, "reviewed_at": NOW}
    with pytest.raises(DatabaseError, match="break_glass_reviewed_by_another"), transaction.atomic():
        BreakGlass.objects.filter(pk=row.pk).update(**own)
    with pytest.raises(DatabaseError, match="break_glass_for_an_hour"), transaction.atomic():
        BreakGlass.objects.filter(pk=row.pk).update(ends_at=NOW + 61 * MINUTE)


def test_an_overdue_review_is_escalated_once(world):
    row = opened(world, world.referral(Status.SENT))
    assert row.review_due_at == row.ends_at + timedelta(hours=72)
    assert breakglass.escalate(now=row.review_due_at - MINUTE) == 0
    assert breakglass.escalate(now=row.review_due_at) == 1
    assert breakglass.escalate(now=row.review_due_at + MINUTE) == 0
    assert told("escalate_break_glass") == {
        "county-HOSPITAL_ADMIN-1", "foreign-HOSPITAL_ADMIN-1", "county-AUDITOR-1",
    }  # fmt: skip
    out = StringIO()
    call_command("remind_reviews", stdout=out)
    assert out.getvalue() == "overdue reviews escalated: 0\n"


def test_attempts_are_counted_and_one_persons_wait_for_one_another(world, settings):
    by = world.actor("foreign", DOCTOR)
    settings.BREAK_GLASS = settings.BREAK_GLASS | {"attempts_per_hour": 2}
    found = [breakglass.knock(by=by, now=NOW + number * MINUTE) for number in (0, 1, 2, 61, 62)]
    assert [refused and str(refused.code) for refused in found] == [None, None, "LIMIT_EXCEEDED", None, None]
    assert AuditEntry.objects.filter(action=breakglass.ATTEMPT, actor=by.person).count() == 5
    assert code(lambda: breakglass.knock(by=world.actor("foreign", ADMIN), now=NOW)) == "FORBIDDEN"
