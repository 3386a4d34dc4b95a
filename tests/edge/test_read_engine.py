"""The read engine answers what graphene answers, whoever asks whatever way; and says what it hands over."""

import json
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.db.models import Q, Value
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consortium import access
from consortium.counts import COUNTS
from consortium.database import prepared
from consortium.identity import age_in_years
from consortium.models import Alliance, Membership, Patient, PractitionerRole
from consortium.roles import Role
from referrals.attachments import add_attachment
from referrals.models import Referral
from referrals.models import Status as Stage
from schema import engine, rows
from schema.base import DateTime
from schema.clinical import age, masked_name
from tests.both import COMPARED
from tests.edge.client import Edge, as_role, gid
from tests.edge.made_up import ONES, REFERRALS, operation
from tests.edge.many import copies, statements
from tests.world import COUNTY_DOCTOR, NOW

DOCTOR, EXPERT, OFFICE = Role.REFERRING_DOCTOR, Role.EXPERT, Role.REFERRAL_OFFICE


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """Each test begins without statements of another one."""
    engine.forget()


@pytest.fixture
def people(world: Any, tmp_path: Any, settings: Any) -> tuple[dict[str, list[str]], list[Edge]]:
    """Much of everything, and those who see it in full, narrowed, or not at all."""
    settings.MEDIA_ROOT = tmp_path
    arrived, refused = world.referral(Stage.ARRIVED), world.referral(Stage.REJECTED)
    file = SimpleUploadedFile("片.pdf", b"%PDF-1.7 x")
    add_attachment(by=world.actor(*COUNTY_DOCTOR), id=arrived.pk, name='片 "一".pdf', file=file, now=NOW)
    arrived = world.take("return_outcome", world.read(arrived))
    call, asked = world.call(), world.referral(Stage.INFO_NEEDED)
    legs = [arrived, refused, call, asked, world.referral(Stage.ADVISED)]
    alliance = Alliance.objects.create(code="walk", name="测试联盟", lead=world.hospitals["province"])
    for name in ("county", "city"):
        Membership.objects.create(alliance=alliance, hospital=world.hospitals[name], joined_date=date(2026, 1, 1))
    known = {
        "referral": [gid(leg) for leg in legs],
        "case": [gid(leg.case) for leg in legs],
        "hospital": [gid(world.hospitals["county"]), gid(world.hospitals["province"])],
    }
    edges = [
        as_role(world, *COUNTY_DOCTOR),
        as_role(world, "province", EXPERT),
        as_role(world, "county", OFFICE),
        as_role(world, "county", Role.HOSPITAL_ADMIN),
        Edge(world.newcomer("both", ("province", EXPERT), ("county", DOCTOR), ("city", EXPERT)).person),
    ]
    return known, edges


def test_what_a_client_may_write_is_answered_both_ways_alike(people):
    known, edges = people
    before, asked = len(COMPARED), 0
    for seed in range(250):
        lot = Random(seed)  # noqa: S311 - not for secrets
        document, root, variables = operation(lot, REFERRALS)
        if root in ONES:
            variables |= {"id": lot.choice(known[root])}
        answer = lot.choice(edges).answer(document, **variables)
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        assert codes <= {"NOT_FOUND", "FORBIDDEN", "LIMIT_EXCEEDED"}, (document, answer)
        asked += not codes
    assert asked > 100
    assert len(COMPARED) - before > 0.8 * asked  # and of those which were answered few were handed over


def test_an_operation_is_handed_over_whole_and_counted(world):
    leg, edge = world.referral(Stage.SENT), as_role(world, "province", EXPERT)
    document = "query($id: ID!) { worklist(box: IN) { totalCount } referral(id: $id) { availableActions { reason } } }"
    before = COUNTS["reads handed over: AvailableAction.reason"]
    for _ in range(2):
        assert edge.data(document, id=gid(leg))["worklist"] == {"totalCount": 1}
    assert COUNTS["reads handed over: AvailableAction.reason"] == before + 2
    kept = COUNTS["reads compiled"]
    assert edge.code("query($id: ID!) { referral(id: $id) { number } }", id=gid(leg.case)) == "INVALID_INPUT"
    assert COUNTS["reads compiled"] == kept


def test_a_page_is_planned_by_its_order_unless_other_tables_say_which_rows(world):
    edge = as_role(world, "province", EXPERT)
    for narrowed, in_order in (
        ("box: IN", 1),
        ("box: OUT, open: true, sort: NEAREST_DEADLINE", 1),
        ('box: IN, patient: "王"', 0),
        ("box: MINE", 0),
    ):
        document = f"{{ worklist({narrowed}) {{ nodes {{ number }} }} }}"
        found = statements(lambda document=document: edge.data(document))
        assert sum("enable_sort" in sql for sql in found) == in_order


def test_a_page_takes_as_many_statements_as_it_must(world):
    """Session with person and roles; the page with its count, for who asks; the trail."""
    leg, edge = world.referral(Stage.SENT), as_role(world, "province", EXPERT)
    copies(leg, [{}] * 30)
    document = "{ worklist(box: IN) { totalCount nodes { number patient { displayName } events { label } } } }"
    edge.data(document)
    found = statements(lambda: edge.data(document))
    # Each query is asked both ways here, and what is asked the second time is not counted.
    assert len(found) == 3
    assert sum("; execute refnet_" in sql for sql in found) == 1


def test_row_level_security_stands_beneath_it(world, monkeypatch):
    """With the application's gate wide open, nobody is shown a row that the database keeps from them."""
    world.referral(Stage.SENT), world.referral(Stage.ARRIVED)
    edge, stranger = as_role(world, "province", EXPERT), as_role(world, "foreign", EXPERT)
    document = "{ worklist(box: IN) { totalCount nodes { number patient { displayName } clinical { summary } } } }"
    assert edge.data(document)["worklist"]["totalCount"] == 2

    def everything(by: Any, kind: Any) -> Any:
        found = kind if hasattr(kind, "annotate") else kind._default_manager.all()
        return found.annotate(full_view=Value(True))

    monkeypatch.setattr(access, "visible", everything)
    monkeypatch.setattr("referrals.worklist.arms", lambda by, *, box: [Q()])
    monkeypatch.setattr("schema.worklist.arms", lambda by, *, box: [Q()])
    engine.forget()
    before = COUNTS["reads compiled"]
    assert Referral.objects.count() == 2
    assert stranger.data(document)["worklist"] == {"totalCount": 0, "nodes": []}
    assert COUNTS["reads compiled"] == before + 1


def test_a_right_that_ends_is_not_remembered(world):
    world.referral(Stage.SENT)
    edge, document = as_role(world, "province", EXPERT), "{ worklist(box: IN) { totalCount nodes { number } } }"
    assert edge.data(document)["worklist"]["totalCount"] == 1
    PractitionerRole.objects.filter(person=edge.person).update(ends_at=NOW)
    assert edge.code(document) == "FORBIDDEN"


FIRST, LAST = datetime(1850, 1, 2), datetime(2999, 12, 30)  # noqa: DTZ001 - hypothesis wants them so


@given(st.lists(st.datetimes(FIRST, LAST), min_size=1, max_size=40))
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
def test_a_moment_is_written_as_graphene_writes_it(world, moments):
    given = [moment.replace(tzinfo=UTC) for moment in (*moments, *(m.replace(microsecond=0) for m in moments))]
    sql = rows.moment("m").replace("%%", "%")
    with connection.cursor() as cursor:
        cursor.execute(f"select array_agg({sql} order by n) from unnest(%s) with ordinality t(m, n)".replace(
            "% ", "%% "
        ), [given])  # fmt: skip
        assert cursor.fetchone()[0] == [DateTime.serialize(moment) for moment in given]


def test_the_offset_of_a_zone_is_known_since_when_it_stays():
    since, offset = rows.steady("Asia/Shanghai")
    assert since is not None
    assert (since.year, offset) == (1991, "+08:00")
    assert rows.steady("Europe/Paris") == (None, "")


@pytest.mark.parametrize("born", [date(2024, 2, 29), date(2022, 1, 5), date(1950, 12, 31), None])
@pytest.mark.parametrize("name", ["王", "欧阳小明", "Li Lei", ""])
def test_a_patient_is_masked_and_aged_as_the_model_says(world, name, born):
    leg = world.referral(Stage.SENT)
    patient = Patient(name=name, birth_date=born, temporary_identity="" if name else "无名 1")
    Patient.objects.filter(pk=leg.case.patient_id).update(name=name, birth_date=born)
    if not name:
        Patient.objects.filter(pk=leg.case.patient_id).update(id_number=None, id_mark=None, temporary_identity="无名 1")
    row = rows.Row(rows.Source("", lambda: "t"), Patient, "p")
    for day in (date(2026, 2, 28), date(2026, 3, 1), date(2026, 1, 4), date(2026, 12, 31)):
        text = f"select {masked_name(row)}, {age(row)} from consortium_patient p where id = %(pk)s::uuid"
        found = prepared.fetch(text, {"pk": leg.case.patient_id, "today": day})
        assert found == (patient.masked_name, age_in_years(born, day) if born else None)


def test_fifty_pairs_and_more_are_one_object(world):
    pairs = [(f"k{n}%", "null" if n % 7 == 0 else str(n)) for n in range(120)]
    text, *_ = prepared.fetch(f"select ({rows.build(pairs)})::text", {}) or ("",)
    assert list(json.loads(text).items()) == [(f"k{n}%", None if n % 7 == 0 else n) for n in range(120)]


def test_a_lost_statement_is_asked_anew_and_nothing_is_prepared_any_more(world, monkeypatch):
    monkeypatch.setattr(prepared, "_off", False)
    world.referral(Stage.SENT)
    edge, document = as_role(world, "province", EXPERT), "{ worklist(box: IN) { nodes { number } } }"
    shown = edge.data(document)
    lost = ("select %(n)s::int", {"n": 1})
    assert prepared.fetch(*lost) == (1,)
    with connection.cursor() as cursor:
        cursor.execute("deallocate all")
    with pytest.raises(prepared.LostError), transaction.atomic():
        prepared.fetch(*lost)
    assert prepared._off
    connection.prepared = (None, {})
    assert edge.data(document) == shown
    assert not connection.prepared[1]


def test_labels_are_in_the_readers_language(world):
    leg, edge = world.referral(Stage.SENT), as_role(world, "province", EXPERT)
    document = "query($id: ID!) { referral(id: $id) { events { label } clocks { label } } }"
    chinese = edge.data(document, id=gid(leg))
    body = {"query": document, "variables": {"id": gid(leg)}}
    with override("en"):
        english = edge.send(body, **{"Accept-Language": "en"}).json()["data"]
    assert chinese["referral"]["events"][0]["label"] == "提交转诊" or chinese != english
    assert chinese != english


def test_an_error_of_the_database_is_told_as_ever(world, monkeypatch):
    edge = as_role(world, "province", EXPERT)
    monkeypatch.setattr(prepared, "fetch", broken)
    answer = edge.answer("{ one: worklist(box: IN) { nodes { number } } }")
    assert answer["data"] is None
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["path"]) == ("INTERNAL", ["one"])


@pytest.mark.parametrize(("document", "path"), [
    ("query($n: Int) { one: worklist(box: IN, first: $n) { totalCount } }", ["one"]),
    ("query($yes: Boolean = true) { one: worklist(box: IN) { nodes { number @include(if: $yes) } } }", None),
    ("query($yes: Boolean = true) { one: worklist(box: IN) @include(if: $yes) { totalCount } }", None),
])  # fmt: skip
def test_a_value_that_does_not_fit_is_told_as_ever(world, settings, document, path):
    world.referral(Stage.SENT)
    edge = as_role(world, "province", EXPERT)
    before = COUNTS["reads handed over: a value that does not fit"]
    told = edge.answer(document, n=None, yes=None)
    assert COUNTS["reads handed over: a value that does not fit"] == before + 1
    settings.READ_ENGINE = False
    assert told == edge.answer(document, n=None, yes=None)
    assert told["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert path is None or told["errors"][0]["path"] == path


def broken(*_: Any, **__: Any) -> Any:
    """A database that fails."""
    raise DatabaseError("broken")


def test_moments_of_the_gate_move_on(world, monkeypatch):
    """What was kept a minute ago is asked for now: a limit that has passed meanwhile is overdue."""
    leg, edge = world.referral(Stage.SENT), as_role(world, "province", EXPERT)
    document = "{ worklist(box: IN, overdue: true) { nodes { number clock { overdue } } } }"
    assert edge.data(document)["worklist"]["nodes"] == []
    Referral.objects.filter(pk=leg.pk).update(due_at=NOW + timedelta(minutes=1))
    assert edge.data(document)["worklist"]["nodes"] == []
    monkeypatch.setattr("schema.views.gate.moment.now", lambda: NOW + timedelta(minutes=2))
    assert edge.data(document)["worklist"]["nodes"] == [{"number": leg.number, "clock": {"overdue": True}}]
