"""In whose name the connection speaks: for a transaction and not a statement longer, however it ends."""

import pytest
from django.db import connection, transaction

from consortium import access
from consortium.access import Actor
from consortium.database import prepared
from consortium.database.acting import acting, beyond, reporting, seek
from tests.world import DOCTOR, EXPERT


def named() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("select current_user::text, coalesce(current_setting('refnet.person', true), '')")
        return cursor.fetchone()


OWNER = ("refnet", "")


def test_it_lasts_for_the_block_and_is_then_what_it_was_before(world):
    doctor, expert = world.actor("county", DOCTOR), world.actor("province", EXPERT)
    assert named() == OWNER
    with acting(doctor):
        assert named() == ("refnet_app", str(doctor.person.pk))
        with acting(expert):
            assert named() == ("refnet_app", str(expert.person.pk))
        assert named() == ("refnet_app", str(doctor.person.pk))
        with beyond():
            assert named() == ("refnet_app", "system")
        with reporting():
            assert named() == ("refnet_report", str(doctor.person.pk))
        assert named() == ("refnet_app", str(doctor.person.pk))
    assert named() == OWNER


@pytest.mark.parametrize("by", [None, access.SYSTEM, Actor(person=None)])
def test_nobody_and_the_system_are_not_each_other(world, by):
    with acting(by):
        assert named() == ("refnet_app", "" if by is None else "system")


def test_an_error_and_a_rollback_leave_nobody_behind(world):
    doctor = world.actor("county", DOCTOR)
    with pytest.raises(ZeroDivisionError), acting(doctor):
        raise ZeroDivisionError
    assert named() == OWNER
    with acting(doctor):
        transaction.set_rollback(True)
    assert named() == OWNER
    with pytest.raises(Exception, match="does not exist"), acting(doctor), connection.cursor() as cursor:
        cursor.execute("select nothing")
    assert named() == OWNER
    with pytest.raises(ZeroDivisionError), acting(doctor), beyond():
        raise ZeroDivisionError
    assert named() == OWNER


def test_outside_of_acting_nothing_changes_whoever_counts_or_looks_beyond(world):
    with reporting(), beyond():
        seek([b"mark"])
        assert named() == OWNER


def planned_by(*, in_order: bool) -> str:
    """Whether a statement sorts, as it is told with it."""
    return prepared.fetch("select current_setting('enable_sort')", {}, in_order=in_order)[0]


@pytest.mark.parametrize("settings_prepare", [True, False])
def test_what_a_page_is_planned_by_is_taken_back_with_the_next_statement(world, settings, settings_prepare):
    settings.PREPARE = settings_prepare
    with acting(world.actor("county", DOCTOR)):
        assert [planned_by(in_order=one) for one in (True, False, True, True, False)] == [
            "off", "on", "off", "off", "on",
        ]  # fmt: skip
        assert planned_by(in_order=True) == "off"
        assert named()[0] == "refnet_app"
        assert planned_by(in_order=False) == "on"
    assert (planned_by(in_order=True), planned_by(in_order=False)) == ("off", "on")


@pytest.mark.django_db(transaction=True)
def test_the_end_of_the_transaction_is_the_end_of_it():
    with acting(access.SYSTEM):
        assert named() == ("refnet_app", "system")
        seek([b"mark"])
    assert named() == OWNER
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(current_setting('refnet.sought', true), '')")
        assert cursor.fetchone() == ("",)
