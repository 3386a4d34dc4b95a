"""The outbox: who is sent what and when, written with the step; claimed once, retried, given up loudly."""

from collections import Counter
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consortium import outbox
from consortium.channels import Undelivered
from consortium.models import Channel, Delivery, Notice, Preference, Priority, WebhookEndpoint
from referrals.models import Referral, Status
from tests.receiver import receiving
from tests.world import CHINA, COUNTY_DOCTOR, DOCTOR, EXPERT, NOW, OFFICE, World, patient

State = Delivery.State
HIDDEN = ("欧阳千山", "重症肺炎", "J18.900", "430121", "13912345678", "特殊补充说明", "发热 3 天")


def wish(world: World, key: tuple[str, Any, int], channel: str = "SMS", **given: Any) -> Preference:
    """Let a person of the world want to hear."""
    wanted = {"address": "13800000000"} | given
    return Preference.objects.create(person=world.people[key], channel=channel, **wanted)


def listen(world: World, place: str, url: str = "https://his.example.org/", **given: Any) -> WebhookEndpoint:
    """Let a system of a hospital listen."""
    made = {"name": "HIS", "salt": b"1" * 32, "created_at": NOW} | given
    return WebhookEndpoint.objects.create(hospital=world.hospitals[place], url=url, **made)


def sent_to(referral: Referral, kind: str) -> set[tuple[str, str]]:
    """The channels and addresses to which one step of a referral goes."""
    rows = Delivery.objects.filter(event__subject_id=referral.pk, event__kind=kind)
    return set(rows.values_list("channel", "address"))


def test_a_step_is_delivered_as_each_of_those_told_prefers(world):
    wish(world, ("province", EXPERT, 1), address="13800000001")
    wish(world, ("province", EXPERT, 1), "EMAIL", address="e1@example.org")
    wish(world, ("province", EXPERT, 2), "WECOM", address="expert2")
    wish(world, ("province", OFFICE, 1), address="13800000003", active=False)
    wish(world, ("foreign", EXPERT, 1), address="13800000004")
    referral = world.referral(Status.SENT)
    assert sent_to(referral, "submit_referral") == {
        ("SMS", "13800000001"), ("EMAIL", "e1@example.org"), ("WECOM", "expert2"),
    }  # fmt: skip
    row = Delivery.objects.get(address="e1@example.org")
    assert (row.state, row.attempts, row.created_at, row.next_at, row.sent_at) == (State.PENDING, 0, NOW, NOW, None)
    assert (row.hospital, row.priority) == (world.hospitals["province"], Priority.URGENT)
    assert row.notice == Notice.objects.get(event=row.event, person=world.people["province", EXPERT, 1])


@pytest.mark.parametrize(("least", "heard"), [("STAT", False), ("ASAP", False), ("URGENT", True), ("ROUTINE", True)])
def test_a_person_hears_of_cases_as_urgent_as_they_asked(world, least, heard):
    wish(world, ("province", EXPERT, 1), least_priority=Priority[least])
    assert bool(sent_to(world.referral(Status.SENT), "submit_referral")) is heard


def test_a_person_hears_of_the_steps_they_named(world):
    wish(world, (*COUNTY_DOCTOR, 1), steps=["accept_referral"])
    referral = world.referral(Status.ARRIVED)
    assert sent_to(referral, "accept_referral") == {("SMS", "13800000000")}
    assert Delivery.objects.count() == 1


def test_nobody_is_sent_their_own_step(world):
    wish(world, ("province", EXPERT, 1))
    referral = world.referral(Status.IN_TRIAGE)
    assert sent_to(referral, "submit_referral") == {("SMS", "13800000000")}
    assert sent_to(referral, "claim_referral") == set()


def test_systems_of_both_hospitals_are_told_and_the_performers_only_what_it_can_see(world):
    for place in ("county", "province", "city"):
        listen(world, place, f"https://{place}.example.org/")
    listen(world, "county", "https://off.example.org/", deactivated_at=NOW)
    listen(world, "province", "https://some.example.org/", steps=["accept_referral"])
    referral = world.referral(Status.ACCEPTED)
    county, province, some = (("WEBHOOK", f"https://{n}.example.org/") for n in ("county", "province", "some"))
    assert sent_to(referral, "create_referral") == {county}
    assert sent_to(referral, "submit_referral") == {county, province}
    assert sent_to(referral, "accept_referral") == {county, province, some}


QUIET = [
    # from, until, the hour of the step on 2 March, when it is sent
    ((22, 7), 21, None), ((22, 7), 22, (3, 7)), ((22, 7), 23, (3, 7)), ((22, 7), 0, (2, 7)), ((22, 7), 6, (2, 7)),
    ((22, 7), 7, None), ((12, 14), 11, None), ((12, 14), 12, (2, 14)), ((12, 14), 13, (2, 14)), ((12, 14), 14, None),
    ((0, 7), 0, (2, 7)), ((0, 7), 23, None), ((18, 0), 18, (3, 0)), ((18, 0), 17, None),
]  # fmt: skip


@pytest.mark.parametrize(("hours", "hour", "then"), QUIET)
@pytest.mark.parametrize("priority", ["ROUTINE", "URGENT"])
def test_quiet_hours_delay_the_routine_only(world, hours, hour, then, priority):
    world.now = now = datetime(2026, 3, 2, hour, 30 if hour != hours[0] and hour != hours[1] else 0, tzinfo=CHINA)
    try:
        wish(world, ("province", EXPERT, 1), quiet_from=time(hours[0]), quiet_until=time(hours[1]))
        listen(world, "county")
        by = world.actor("foreign", DOCTOR)
        there = {"requester_department": world.departments["foreign"].pk, "by": by}
        referral = world.take("submit_referral", world.draft(priority=Priority[priority], **there), by=by)
    finally:
        world.now = NOW
    assert referral.status == Status.SENT
    row = Delivery.objects.get(channel="SMS")
    due = datetime(2026, 3, then[0], then[1], tzinfo=CHINA) if then and priority == "ROUTINE" else now
    assert row.next_at == due


def test_no_text_carries_a_name_a_number_or_a_diagnosis(world):
    for channel in ("SMS", "EMAIL", "WECOM"):
        for person in world.people.values():
            Preference.objects.create(person=person, channel=channel, address="x")
    with receiving() as receiver:
        for place in ("county", "province"):
            listen(world, place, receiver.url)
        planted = patient(name="欧阳千山", phone="13912345678")
        referral = world.referral(Status.IN_TRIAGE, patient=planted)
        comment = "特殊补充说明：欧阳千山，重症肺炎"
        inputs = {"reason": "OTHER", "comment": comment, "alternative_hospital": world.hospitals["city"].pk}
        world.take("reject_referral", referral, only=inputs)
        outbox.deliver(now=NOW)
    rows = Delivery.objects.all()
    assert {row.channel for row in rows} == set(Channel)
    said = [row.text for row in rows] + [str(vars(taken)) + taken.body.decode() for taken in receiver.taken]
    assert len(receiver.taken) == 7
    assert [text for text in said for word in HIDDEN if word in text] == []
    rejected = rows.filter(event__kind="reject_referral").first()
    assert rejected.text == f"{referral.number}（急）：拒绝，现为“已拒绝”。请登录转诊协作网查看。"


def test_deliveries_cost_one_statement_however_many_hear(world, settings):
    settings.PREPARE = False  # so that a statement shows its text

    def inserts() -> Counter[str]:
        draft = world.draft()
        with CaptureQueriesContext(connection) as queries:
            world.take("submit_referral", draft)
        return Counter("consortium_delivery" in query["sql"] for query in queries)

    nobody = inserts()
    for key in world.people:
        wish(world, key)
    listen(world, "county")
    assert inserts() == nobody
    assert nobody[True] == 1
    assert Counter(Delivery.objects.values_list("channel", flat=True)) == {"SMS": 4, "WEBHOOK": 2}


def test_a_refused_step_leaves_no_delivery(world):
    wish(world, ("province", EXPERT, 1))
    listen(world, "county")
    referral = world.referral(Status.SENT)
    before = Delivery.objects.count()
    assert world.attempt("book_referral", referral).code == "INVALID_STATE"
    assert Delivery.objects.count() == before


def test_a_death_calls_back_what_people_were_not_sent_yet(world):
    wish(world, ("province", EXPERT, 1))
    wish(world, (*COUNTY_DOCTOR, 1))
    listen(world, "county")
    referral = world.referral(Status.ACCEPTED)
    before = Delivery.objects.filter(notice__isnull=False)
    assert set(before.values_list("state", flat=True)) == {State.PENDING}
    old = list(before.values_list("pk", flat=True))
    world.take("record_death", referral)
    assert set(Delivery.objects.filter(pk__in=old).values_list("state", flat=True)) == {State.WITHDRAWN}
    assert set(Delivery.objects.filter(channel="WEBHOOK").values_list("state", flat=True)) == {State.PENDING}
    new = Delivery.objects.filter(notice__isnull=False, event__kind="record_death")
    assert set(new.values_list("state", flat=True)) <= {State.PENDING}


def one(world: World, url: str = "https://his.example.org/") -> Delivery:
    """One pending delivery to a system, due now."""
    listen(world, "county", url, steps=["submit_referral"])
    world.referral(Status.SENT)
    return Delivery.objects.get()


def test_what_is_taken_is_sent_once(world):
    with receiving() as receiver:
        row = one(world, receiver.url)
        assert outbox.deliver(now=NOW) == (1, 0)
        assert outbox.deliver(now=NOW + timedelta(days=1)) == (0, 0)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.sent_at, row.last_error) == (State.SENT, 1, NOW, "")
    assert receiver.ids() == [str(row.pk)]


def test_a_failure_is_tried_again_later_and_then_given_up_loudly(world, caplog):
    with receiving(status=500) as receiver:
        row = one(world, receiver.url)
        now, waits = NOW, []
        for attempt in range(1, django_settings.DELIVERY_ATTEMPTS + 1):
            assert outbox.deliver(now=now) == (0, 1)
            row.refresh_from_db()
            assert (row.attempts, row.last_error, row.sent_at) == (attempt, "HTTP_500", None)
            if row.state == State.PENDING:
                assert outbox.deliver(now=row.next_at - timedelta(microseconds=1)) == (0, 0)
                waits.append((row.next_at - now).total_seconds())
                now = row.next_at
    assert row.state == State.DEAD
    planned = [5, 20, 80, 320, 1280, 5120, 20480]
    assert all(0.8 * p <= w <= 1.2 * p for p, w in zip(planned, waits, strict=True))
    assert len(set(receiver.ids())) == 1
    assert [r.getMessage() for r in caplog.records] == [f"given up: WEBHOOK {row.pk}, HTTP_500"]
    assert caplog.records[0].levelname == "ERROR"


def test_the_pauses_grow_to_six_hours_with_a_fifth_of_chance():
    middle = [outbox.pause(n, chance=0.5).total_seconds() for n in range(1, 10)]
    assert middle == [5, 20, 80, 320, 1280, 5120, 20480, 21600, 21600]
    assert [outbox.pause(3, chance=c).total_seconds() for c in (0, 1)] == [64, 96]


def test_gone_is_given_up_at_once(world):
    with receiving(status=410) as receiver:
        row = one(world, receiver.url)
        outbox.deliver(now=NOW)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.last_error) == (State.DEAD, 1, "HTTP_410")


def test_a_system_that_was_switched_off_meanwhile_is_told_nothing(world):
    with receiving() as receiver:
        row = one(world, receiver.url)
        WebhookEndpoint.objects.update(deactivated_at=NOW)
        outbox.deliver(now=NOW)
    row.refresh_from_db()
    assert (row.state, row.last_error, receiver.taken) == (State.DEAD, "DEACTIVATED", [])


def test_a_claim_keeps_others_away_for_the_lease_and_then_passes_on(world):
    row = one(world)
    (first,) = outbox.claim(now=NOW, limit=10)
    assert outbox.claim(now=NOW + outbox.lease() - timedelta(microseconds=1), limit=10) == []
    (second,) = outbox.claim(now=NOW + outbox.lease(), limit=10)
    assert (first.pk, first.attempts, second.pk, second.attempts) == (row.pk, 1, row.pk, 2)


def test_what_the_first_worker_writes_after_its_lease_counts_no_more(world):
    one(world)
    (first,) = outbox.claim(now=NOW, limit=1)
    (second,) = outbox.claim(now=NOW + outbox.lease(), limit=1)
    outbox.settle(first, Undelivered("TIMEOUT", final=True), now=NOW + outbox.lease())
    assert Delivery.objects.get().state == State.PENDING
    outbox.settle(second, None, now=NOW + outbox.lease())
    outbox.settle(first, Undelivered("TIMEOUT", final=True), now=NOW + outbox.lease())
    assert Delivery.objects.get().state == State.SENT


def test_a_delivery_that_kills_its_worker_every_time_is_given_up(world):
    row = one(world)
    now = NOW
    for _n in range(django_settings.DELIVERY_ATTEMPTS):
        assert len(outbox.claim(now=now, limit=1)) == 1
        now += outbox.lease()
    assert outbox.deliver(now=now) == (0, 1)
    row.refresh_from_db()
    assert (row.state, row.last_error) == (State.DEAD, "WORKER_DIED")


def test_the_urgent_goes_first_and_each_lane_takes_its_own(world):
    listen(world, "province", steps=["submit_referral"])
    wish(world, ("province", EXPERT, 1), steps=["submit_referral"])
    for priority in ("URGENT", "STAT", "ASAP"):
        world.take("submit_referral", world.draft(priority=Priority[priority]))
    assert [row.priority for row in outbox.claim(now=NOW, limit=9, channels=outbox.SYSTEMS)] == [1, 2, 3]
    assert [row.channel for row in outbox.claim(now=NOW, limit=2, channels=outbox.PEOPLE)] == ["SMS", "SMS"]
    assert len(outbox.claim(now=NOW, limit=9)) == 1
