"""Sessions: how long they last, under which key, who has which, and how they end; passwords and links for them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from consortium import access, grants
from consortium.accounts import issue_setup_link
from consortium.models import AuditEntry, Person, PractitionerRole, Session
from consortium.roles import Role
from consortium.sign_in import passwords, sessions
from tests.sign_in.door import PASSWORD, WRONG, Door, known, told
from tests.world import ADMIN, DOCTOR, NOW

NEW = "another-good-secret-7"


def row_of(door: Door) -> Session:
    """The session of a browser."""
    return Session.objects.get(pk=door.client.cookies["sessionid"].value)


def aged(door: Door, **changed: Any) -> None:
    """Let a session be as old as this, by its row."""
    Session.objects.filter(pk=row_of(door).pk).update(**changed)


def test_a_session_ends_after_half_an_hour_without_use_and_lives_on_with_it(doctor):
    door, now = Door().enter(doctor), timezone.now()
    assert timedelta(minutes=29) < row_of(door).expire_date - now <= timedelta(minutes=30, seconds=5)
    aged(door, expire_date=now + timedelta(minutes=20))
    assert door.me() == doctor.username
    assert row_of(door).expire_date > now + timedelta(minutes=29)
    aged(door, expire_date=now - timedelta(seconds=1))
    assert door.me() == "UNAUTHENTICATED"


def test_what_the_page_asks_by_itself_keeps_no_session_alive(doctor):
    door, until = Door().enter(doctor), timezone.now() + timedelta(minutes=20)
    aged(door, expire_date=until)
    door.send("GET", "sign-ins/", **{"X-Refnet-Quiet": "1"})
    assert row_of(door).expire_date == until
    door.send("GET", "sign-ins/")
    assert row_of(door).expire_date > until


def test_use_is_written_down_no_more_than_once_a_minute(doctor):
    door = Door().enter(doctor)
    before = row_of(door).expire_date
    for _ in range(3):
        door.me()
    assert row_of(door).expire_date == before


def test_after_twelve_hours_it_ends_whatever_happens(doctor):
    door, now = Door().enter(doctor), timezone.now()
    session = door.client.session
    session["began"] = (now - timedelta(hours=11, minutes=50)).isoformat()
    session.save()
    assert timedelta(minutes=9) < row_of(door).expire_date - now <= timedelta(minutes=10, seconds=5)
    session["began"] = (now - timedelta(hours=12, seconds=1)).isoformat()
    session.save()
    assert door.me() == "UNAUTHENTICATED"


def test_signing_in_takes_another_key_and_another_csrf_token(doctor):
    door = Door()
    stranger = door.client.session
    stranger["left"] = "by somebody who knows the key"
    stranger.save()
    door.client.cookies["sessionid"] = stranger.session_key
    before = door.client.cookies["csrftoken"].value
    door.enter(doctor)
    assert door.client.cookies["sessionid"].value != stranger.session_key
    assert door.client.cookies["csrftoken"].value != before
    assert not Session.objects.filter(pk=stranger.session_key).exists()


def test_a_change_of_rights_lets_the_session_go_on_under_another_key(doctor, world):
    door = Door().enter(doctor)
    admin, before = world.actor("county", ADMIN), row_of(door)
    grants.grant_role(by=admin, person=doctor, role=Role.EXPERT, where=world.hospitals["county"], now=NOW)
    assert door.me() == doctor.username
    after = row_of(door)
    assert after.pk != before.pk
    assert door.me() == doctor.username
    assert row_of(door).pk == after.pk  # once
    old = Session.objects.get(pk=before.pk)
    assert old.expire_date <= timezone.now() + sessions.GRACE
    late = Door()  # what was on its way with the old key is still answered, and gets no key of its own
    late.client.cookies["sessionid"] = before.pk
    assert late.me() == doctor.username
    assert Session.objects.filter(person=doctor).count() == 2
    held = PractitionerRole.objects.get(person=doctor, role=Role.EXPERT)
    grants.revoke_role(by=admin, id=held.pk, expected_version=1, now=NOW)
    door.me()
    assert row_of(door).pk != after.pk


def test_one_sees_the_own_sessions_and_ends_the_others(doctor, world):
    door, other = Door().enter(doctor), Door("10.9.9.9").enter(doctor)
    stranger = Door().enter(known(world.people["foreign", DOCTOR, 1]))
    shown = door.get("sessions/")["sessions"]
    assert [(row["mine"], row["address"], row["agent"]) for row in shown] == [
        (False, "10.9.9.9", "Test/1.0"),
        (True, "10.1.1.1", "Test/1.0"),
    ]
    assert door.send("DELETE", "sessions/").json() == {"ended": 1}
    assert [one.me() for one in (door, other)] == [doctor.username, "UNAUTHENTICATED"]
    assert stranger.me() == world.people["foreign", DOCTOR, 1].username
    door.send("DELETE", "")
    assert door.me() == "UNAUTHENTICATED"
    assert not Session.objects.filter(person=doctor).exists()


def test_the_password_is_changed_by_who_knows_the_old_one(doctor):
    door, other = Door().enter(doctor), Door().enter(doctor)

    def change(old: str, new: str) -> Any:
        return door.send("POST", "password/", {"old": old, "new": new})

    assert told(change("wrong", NEW)) == (400, "INVALID_INPUT")
    for bad, part in (("short", "10"), ("password1234", "常"), (PASSWORD, "相同"), (doctor.username, "用户名")):
        answer = change(PASSWORD, bad)
        assert answer.json()["errors"][0]["extensions"] == {"code": "INVALID_INPUT", "field": "new"}
        assert part in answer.json()["errors"][0]["message"], answer.json()
    assert change(PASSWORD, NEW).status_code == 200
    assert [one.me() for one in (door, other)] == [doctor.username, "UNAUTHENTICATED"]
    assert told(Door().password(doctor)) == WRONG
    assert Door().password(doctor, NEW).status_code == 200
    assert AuditEntry.objects.filter(action="change_password", actor=doctor).count() == 1


def test_guessing_the_old_password_in_a_session_closes_the_door_too(doctor):
    door = Door().enter(doctor)
    found = [told(door.send("POST", "password/", {"old": f"wrong{n}", "new": NEW})) for n in range(6)]
    assert found == [(400, "INVALID_INPUT")] * 4 + [(429, "LIMIT_EXCEEDED")] * 2


def set_up(secret: str, password: str = NEW) -> Any:
    return Door().send("POST", "setup/", {"secret": secret, "password": password})


def test_a_link_sets_a_password_once(world):
    person = Person(username="new.comer", name="新同事")
    person.set_unusable_password()
    person.save()
    secret, second = passwords.setup_secret(person), passwords.setup_secret(person)
    assert told(Door().password(person, "")) == WRONG
    assert told(set_up(secret, "short")) == (400, "INVALID_INPUT")
    assert set_up(secret).json() == {"username": "new.comer"}
    assert Door().password(person, NEW).status_code == 200
    for used in (secret, second):
        assert told(set_up(used, "yet-another-secret-8")) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "secret", ["", "x", "-", "1", "999999-abc-def", "\u0661-x", "9" * 5000, "1-" + "x" * 100_000, "-1-c"]
)
def test_no_other_secret_sets_one_and_none_is_a_fault(doctor, secret):
    assert told(set_up(secret)) == (404, "NOT_FOUND")
    assert told(set_up(f"{doctor.pk}-{secret}")) == (404, "NOT_FOUND")


def test_a_link_ends_by_time_by_signing_in_and_with_the_account(doctor, settings):
    secret = passwords.setup_secret(doctor)
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert told(set_up(secret)) == (404, "NOT_FOUND")
    settings.PASSWORD_RESET_TIMEOUT = 72 * 3600
    Door().enter(doctor)
    assert told(set_up(secret)) == (404, "NOT_FOUND")
    doctor.refresh_from_db()
    secret = passwords.setup_secret(doctor)
    Person.objects.filter(pk=doctor.pk).update(is_active=False)
    assert told(set_up(secret)) == (404, "NOT_FOUND")


def test_a_password_set_by_a_link_ends_every_session(doctor, world):
    door = Door().enter(doctor)
    by = access.actor(world.people["county", Role.SYSTEM_ADMIN, 1], now=NOW)
    Person.objects.filter(pk=doctor.pk).update(home=world.hospitals["county"])
    _person, secret = issue_setup_link(by=by, id=doctor.pk, now=NOW)
    assert set_up(secret).status_code == 200
    assert door.me() == "UNAUTHENTICATED"


@pytest.mark.parametrize("path", ["", "factor/", "setup/", "totp/", "keys/", "password/", "factors/", "sessions/"])
@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "HEAD"])
def test_other_methods_are_refused_with_what_is_allowed(doctor, path, method):
    answer = Door().enter(doctor).send(method, path)
    assert answer.status_code == 405
    assert answer.headers["Allow"]


@pytest.mark.parametrize("path", ["", "factor/", "factors/", "totp/", "sessions/", "password/", "oidc/x/"])
def test_a_token_has_no_business_at_the_door(doctor, path):
    answer = Door().send("GET", path, Authorization="Bearer refnet_x")
    assert answer.status_code in (400, 401)
    assert told(answer)[1] in ("BAD_REQUEST", "UNAUTHENTICATED")


def test_a_session_of_before_another_password_is_nobodys_even_if_its_row_is_still_there(doctor):
    """The row and the roles come by one statement; that they are there is not enough."""
    door = Door().enter(doctor)
    assert door.me() == doctor.username
    known(doctor, NEW)
    assert row_of(door).person == doctor
    assert door.me() == "UNAUTHENTICATED"
