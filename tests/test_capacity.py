"""Places: the last bed, the same slot, and what a department reports (domain specification, sections 1 and 3)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from consortium import capacity
from consortium.errors import Refused
from consortium.models import AuditEntry, Capability
from referrals.models import Booking, Status
from tests.world import ADMIN, EXPERT, NOW, OFFICE, OK, World

S = Status
HOUR = timedelta(hours=1)


def one_bed(world: World) -> None:
    """Leave a single free place in the province's PICU."""
    Capability.objects.filter(pk=world.picu.pk).update(beds_free=1, held=0)


def test_the_last_place_is_promised_once(world):
    one_bed(world)
    first, second = world.referral(S.SENT), world.referral(S.SENT)
    accepted = world.take("accept_referral", first)
    assert world.bed() == (1, 1)
    refused = world.attempt("accept_referral", second)
    assert (refused.code, world.bed()) == ("NO_CAPACITY", (1, 1))
    waiting = world.take("waitlist_referral", second)
    assert (waiting.held_capacity_id, world.bed()) == (None, (1, 1))
    assert world.attempt("book_referral", waiting).code == "NO_CAPACITY"
    world.take("cancel_referral", accepted)
    assert world.bed() == (0, 1)
    booked = world.take("book_referral", waiting)
    assert (booked.held_capacity, world.bed()) == (world.picu, (1, 1))
    arrived = world.take("arrive_referral", booked)
    assert (arrived.held_capacity_id, world.bed()) == (None, (0, 0))


def test_a_place_that_is_not_counted_is_not_promised(world):
    Capability.objects.filter(pk=world.picu.pk).update(beds_free=None, beds_total=None, as_of=None)
    accepted = world.take("accept_referral", world.referral(S.SENT))
    assert (accepted.held_capacity_id, world.bed()) == (None, (0, None))
    arrived = world.take("arrive_referral", accepted)
    assert (arrived.status, world.bed()) == (S.ARRIVED, (0, None))


def test_no_place_is_promised_where_none_is_needed(world):
    accepted = world.take("accept_referral", world.referral(S.SENT, needed_capability=None))
    assert (accepted.held_capacity_id, world.bed()) == (None, (0, 20))


GIVING_BACK = ["cancel_referral", "redirect_referral", "record_death", "confirm_error"]


@pytest.mark.parametrize("step", GIVING_BACK)
def test_what_ends_gives_the_place_back(world, step):
    referral = world.referral(S.ACCEPTED)
    if step == "confirm_error":
        referral = world.take("report_error", referral)
    assert world.bed() == (1, 20)
    world.take(step, referral)
    assert world.bed() == (0, 20)


KEEPING = ["book_referral", "hold_referral", "depart_referral"]


@pytest.mark.parametrize("step", KEEPING)
def test_what_goes_on_keeps_the_place(world, step):
    world.take(step, world.referral(S.ACCEPTED))
    assert world.bed() == (1, 20)


def test_what_comes_back_keeps_the_place(world):
    for status, step in ((S.SCHEDULED, "lose_booking"), (S.IN_TRANSIT, "turn_back_referral")):
        world.take(step, world.referral(status))
    assert world.bed() == (2, 20)


AT = NOW + 2 * HOUR
SLOTS = [
    ("诊室 1", AT, AT + HOUR, "SLOT_TAKEN"),
    (" 诊室 1 ", AT, AT + HOUR, "SLOT_TAKEN"),
    ("诊室 1", AT + timedelta(minutes=59), AT + 2 * HOUR, "SLOT_TAKEN"),
    ("诊室 1", AT - HOUR, AT + timedelta(minutes=1), "SLOT_TAKEN"),
    ("诊室 1", AT - HOUR, AT, OK),
    ("诊室 1", AT + HOUR, AT + 2 * HOUR, OK),
    ("诊室 2", AT, AT + HOUR, OK),
]


@pytest.mark.parametrize(("place", "starts_at", "ends_at", "code"), SLOTS)
def test_one_place_is_kept_for_one_patient_at_a_time(world, place, starts_at, ends_at, code):
    slot: dict[str, Any] = {"kind": "SLOT", "place": "诊室 1", "starts_at": AT, "ends_at": AT + HOUR}
    first = world.take("book_referral", world.referral(S.ACCEPTED), **slot)
    wanted = {"kind": "SLOT", "place": place, "starts_at": starts_at, "ends_at": ends_at}
    second = world.referral(S.ACCEPTED)
    attempt = world.attempt("book_referral", second, **wanted)
    assert (attempt.code, attempt.field) == (code, "place" if code != OK else None)
    world.take("cancel_referral", first)
    assert world.attempt("book_referral", second, **wanted).code == OK


def test_a_slot_lasts_half_an_hour_and_a_bed_is_kept_a_day(world):
    for kind, length in (("SLOT", timedelta(minutes=30)), ("BED", timedelta(hours=24))):
        booked = world.take("book_referral", world.referral(S.ACCEPTED), kind=kind, place=kind, starts_at=AT)
        booking = booked.bookings.get()
        assert (booking.starts_at, booking.ends_at) == (AT, AT + length)


def test_every_move_of_a_booking_is_kept(world):
    referral = world.referral(S.SCHEDULED)
    referral = world.take("reschedule_referral", referral)
    referral = world.take("lose_booking", referral)
    referral = world.take("book_referral", referral)
    states = list(referral.bookings.values_list("state", flat=True))
    assert states == [Booking.State.MOVED, Booking.State.LOST, Booking.State.ACTIVE]


def report(world: World, **given: Any) -> str:
    """Report a figure as the province's administrator; the code, with nothing kept."""
    figure = {"beds_total": 30, "beds_free": 7, "as_of": NOW, "expected_version": 1, "now": NOW} | given
    by = figure.pop("by", None) or world.actor("province", ADMIN)
    try:
        with transaction.atomic():
            capacity.update_capacity(by=by, id=figure.pop("id", world.picu.pk), **figure)
            transaction.set_rollback(True)
    except Refused as refused:
        return f"{refused.code} {refused.field or ''}".strip()
    return OK


def test_a_figure_is_reported_with_its_time(world):
    by = world.actor("province", ADMIN)
    as_of = NOW - HOUR
    given = {"beds_total": 30, "beds_free": 7, "as_of": as_of, "expected_version": 1, "now": NOW}
    row = capacity.update_capacity(by=by, id=world.picu.pk, **given)
    stored = Capability.objects.get(pk=row.pk)
    assert (stored.beds_total, stored.beds_free, stored.as_of, stored.version) == (30, 7, as_of, 2)
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.actor, entry.object_id, entry.patient_id) == (
        "update_capacity", by.person, str(row.pk), None,
    )  # fmt: skip


def test_a_wrong_figure_is_refused(world):
    assert report(world) == OK
    assert report(world, beds_free=0) == OK
    assert report(world, beds_free=31) == "INVALID_INPUT bedsFree"
    assert report(world, beds_free=-1) == "INVALID_INPUT bedsFree"
    assert report(world, as_of=NOW + HOUR) == "INVALID_INPUT asOf"
    assert report(world, expected_version=2) == "STALE_VERSION expectedVersion"
    assert report(world, id=world.hospitals["city"].pk) == "NOT_FOUND id"
    for key in (("city", ADMIN), ("province", OFFICE), ("province", EXPERT)):
        assert report(world, by=world.actor(*key)) == "FORBIDDEN"
