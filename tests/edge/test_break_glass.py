"""Emergency access at the edge: what it opens, what stays shut, and that nothing is learned by trying."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from consortium import breakglass
from consortium.models import AuditEntry, BreakGlass, IdempotencyKey
from consortium.roles import Role
from referrals.models import Status
from schema.views import gate
from telemedicine.models import PathologyCase
from tests.edge.client import Edge, as_role, code_of, gid, issue, step
from tests.edge.every import broken_glass
from tests.reports import case as pathology
from tests.world import NOW, patient

DOCTOR, EXPERT, ADMIN, AUDITOR = Role.REFERRING_DOCTOR, Role.EXPERT, Role.HOSPITAL_ADMIN, Role.AUDITOR
SHAPE = """access { id version state patient { displayName identity { name } }
    cases { id legs { id patient { displayName } } } pathologyCases { id } }"""
READ = "query($id: ID!) { referral(id: $id) { accessLevel clinical { summary } patient { identity { idNumber } } } }"
CASE = "query($id: ID!) { pathologyCase(id: $id) { number patient { displayName } } }"
TRAIL = "query($access: ID!) { auditTrail(access: $access) { totalCount nodes { action purpose actor { name } } } }"
REVIEWS = "{ breakGlassReviews(state: [%s]) { nodes { state person { name } patient { displayName } cases { id } } } }"


@pytest.fixture
def emergency(world):
    """A referral of the county, whose patient also has a pathology case, and somebody far away."""
    leg = world.referral(Status.SENT)
    read = pathology(world)
    PathologyCase.objects.filter(pk=read.pk).update(patient=leg.case.patient_id)
    return leg, read, as_role(world, "foreign", DOCTOR)


def test_it_opens_reading_at_once_and_every_reading_says_so(world, emergency):
    leg, read, doctor = emergency
    assert doctor.code(READ, id=gid(leg)) == "NOT_FOUND"
    assert doctor.code(CASE, id=gid(read)) == "FORBIDDEN"
    done = doctor.done("breakGlass", SHAPE, reason="CANNOT_TELL", number=leg.number)["access"]
    assert (done["state"], done["patient"]["identity"]) == ("RUNNING", None)
    assert [case["id"] for case in done["cases"]] == [gid(leg.case)]
    assert [case["id"] for case in done["pathologyCases"]] == [gid(read)]
    shown = doctor.data(READ, id=gid(leg))["referral"]
    assert shown["accessLevel"] == "FULL"
    assert shown["patient"]["identity"]["idNumber"] == "*" * 14 + leg.case.patient.id_number[-4:]  # whole only unmasked
    assert doctor.data(CASE, id=gid(read))["pathologyCase"]["number"] == read.number
    entries = AuditEntry.objects.filter(actor=doctor.person, action__startswith="read_").order_by("id")
    assert list(entries.values_list("action", "purpose")) == [
        ("read_referral", "BREAK_GLASS"),
        ("read_pathology", "BREAK_GLASS"),
    ]


def test_it_opens_no_step_and_no_list(world, emergency):
    leg, _read, doctor = emergency
    doctor.done("breakGlass", SHAPE, reason="CANNOT_TELL", number=leg.number)
    assert code_of(doctor.attempt("recordDeath", **step(leg, eventAt=NOW.isoformat())).json()) == "FORBIDDEN"
    assert doctor.data("{ worklist(box: IN) { totalCount } }") == {"worklist": {"totalCount": 0}}
    _token, secret = issue(doctor.person, "read", now=NOW)
    assert Edge(token=secret).code(READ, id=gid(leg)) == "NOT_FOUND"


def test_after_the_hour_nothing_is_open(world, emergency, monkeypatch):
    leg, _read, doctor = emergency
    doctor.done("breakGlass", SHAPE, reason="CANNOT_TELL", number=leg.number)
    monkeypatch.setattr(gate, "moment", SimpleNamespace(now=lambda: NOW + timedelta(minutes=60)))
    assert doctor.code(READ, id=gid(leg)) == "NOT_FOUND"
    document = "{ breakGlassAccesses(running: %s) { nodes { state cases { id } } } }"
    assert doctor.data(document % "true")["breakGlassAccesses"]["nodes"] == []
    assert doctor.data(document % "false")["breakGlassAccesses"]["nodes"] == [{"state": "TO_REVIEW", "cases": None}]


def test_an_attempt_that_fails_is_on_the_trail_and_tells_nothing(world, settings, emergency):
    leg, _read, doctor = emergency
    who = patient()
    world.referral(Status.SENT, patient=who)
    settings.BREAK_GLASS = settings.BREAK_GLASS | {"attempts_per_hour": 3}
    absent = {"idNumber": patient()["id_number"], "name": who["name"]}
    other = {"idNumber": who["id_number"], "name": "别人"}
    answers = [doctor.payload("breakGlass", reason="CANNOT_TELL", **given) for given in (absent, other)]
    assert answers[0] == answers[1]
    assert (answers[0]["errors"][0]["code"], answers[0]["errors"][0]["field"]) == ("NOT_FOUND", "idNumber")
    tried = AuditEntry.objects.filter(action=breakglass.ATTEMPT, actor=doctor.person)
    assert (tried.count(), BreakGlass.objects.count(), IdempotencyKey.objects.count()) == (2, 0, 0)
    codes = [doctor.payload("breakGlass", reason="CANNOT_TELL", number="X")["errors"][0]["code"] for _ in range(3)]
    assert codes == ["NOT_FOUND", "LIMIT_EXCEEDED", "LIMIT_EXCEEDED"]
    right = doctor.payload("breakGlass", reason="CANNOT_TELL", number=leg.number)
    assert right["errors"][0]["code"] == "LIMIT_EXCEEDED"
    assert tried.count() == 6


def test_who_has_no_right_leaves_and_learns_nothing(world):
    number = world.referral(Status.SENT).number
    for role in set(Role) - {DOCTOR, EXPERT}:
        edge = as_role(world, "foreign", role)
        for named in (number, "X"):
            assert edge.payload("breakGlass", reason="CANNOT_TELL", number=named)["errors"][0]["code"] == "FORBIDDEN"
    assert not AuditEntry.objects.filter(action=breakglass.ATTEMPT).exists()


def test_the_reviewer_sees_what_was_read_and_not_the_record(world, emergency):
    leg, _read, doctor = emergency
    opened = doctor.done("breakGlass", SHAPE, reason="CANNOT_TELL", number=leg.number)["access"]
    doctor.data(READ, id=gid(leg))
    clerk, auditor = as_role(world, "county", ADMIN), as_role(world, "county", AUDITOR)
    for edge in (clerk, auditor):
        (row,) = edge.data(REVIEWS % "RUNNING")["breakGlassReviews"]["nodes"]
        assert (row["person"], row["cases"]) == ({"name": "foreign REFERRING_DOCTOR 1"}, None)
        assert edge.data(REVIEWS % "TO_REVIEW OVERDUE REVIEWED")["breakGlassReviews"]["nodes"] == []
        found = edge.data(TRAIL, access=opened["id"])["auditTrail"]
        assert [entry["action"] for entry in found["nodes"]] == ["read_referral", "break_glass"]
        assert {entry["purpose"] for entry in found["nodes"]} == {"BREAK_GLASS"}
        assert edge.code(READ, id=gid(leg)) in ("NOT_FOUND", "FORBIDDEN")
    for role in (ADMIN, AUDITOR):
        assert as_role(world, "foreign", role).code(TRAIL, access=opened["id"]) == "NOT_FOUND"
    assert clerk.code("{ auditTrail { totalCount } }") == "FORBIDDEN"
    assert doctor.code(TRAIL, access=opened["id"]) == "FORBIDDEN"


def test_a_repeated_request_opens_nothing_twice(world, emergency):
    leg, _read, doctor = emergency
    given = {"reason": "CANNOT_TELL", "number": leg.number, "idempotencyKey": "the same"}
    first = doctor.done("breakGlass", "access { id }", **given)
    assert doctor.done("breakGlass", "access { id }", **given) == first
    assert BreakGlass.objects.count() == 1


def test_reviewing_at_the_edge(world):
    row = broken_glass(world, ago=timedelta(hours=2))
    clerk = as_role(world, "county", ADMIN)
    given = {"id": gid(row), "expectedVersion": 1, "verdict": "UNJUSTIFIED", "comment": "无诊疗关系"}
    done = clerk.done("reviewBreakGlass", "access { state verdict reviewedBy { name } version }", **given)["access"]
    assert done == {
        "state": "REVIEWED", "verdict": "UNJUSTIFIED", "reviewedBy": {"name": "county HOSPITAL_ADMIN 1"}, "version": 2,
    }  # fmt: skip
