"""Guessing: the door closes, says for how long, and never tells whether a name exists."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import hashers
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consortium.models import Outcome, Person, SignIn, Way
from consortium.sign_in import guesses
from schema.schema import schema
from tests.sign_in.door import LOCKED, PASSWORD, WRONG, Door, told

BAD = "not-the-password"


def tries(door: Door, username: str, n: int, password: str = BAD) -> list[tuple[int, str]]:
    """The answers to so many wrong passwords."""
    return [told(door.send("POST", "", {"username": username, "password": password})) for _ in range(n)]


@pytest.mark.parametrize("username", ["known", "nobody.has.this"])
def test_after_five_wrong_passwords_the_door_is_closed_for_a_known_and_an_unknown_name_alike(doctor, username):
    name = doctor.username if username == "known" else username
    door = Door()
    assert tries(door, name, 6) == [WRONG] * 4 + [LOCKED] * 2
    answer = door.send("POST", "", {"username": name, "password": PASSWORD})
    message = answer.json()["errors"][0]["message"]
    assert told(answer) == LOCKED
    assert "15 分钟" in message
    assert name not in message


def test_the_answers_are_byte_for_byte_the_same(doctor):
    door = Door()
    first, second = (
        [door.send("POST", "", {"username": name, "password": BAD}).content for _ in range(7)]
        for name in (doctor.username, "nobody.has.this")
    )
    assert first == second


def test_it_closes_for_that_name_at_that_address_only(doctor, world):
    tries(Door(), doctor.username, 5)
    assert told(Door().password(doctor)) == LOCKED
    assert Door("10.1.1.2").password(doctor).status_code == 200
    assert tries(Door(), "another", 1) == [WRONG]


def test_another_browser_at_the_same_address_meets_the_same_closed_door(doctor):
    tries(Door(), doctor.username, 5)
    other = Door()
    other.client.defaults["HTTP_USER_AGENT"] = "Other/2.0"
    assert told(other.password(doctor)) == LOCKED


def test_it_opens_again_after_its_time_and_the_sentence_counts_down(doctor, settings):
    door = Door()
    tries(door, doctor.username, 5)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=11, seconds=30))
    assert "请 4 分钟后" in door.password(doctor).json()["errors"][0]["message"]
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert door.password(doctor).status_code == 200


def test_a_right_password_forgets_the_wrong_ones(doctor):
    door = Door()
    for _ in range(3):
        assert tries(door, doctor.username, 4) == [WRONG] * 4
        door.enter(doctor)
        door.send("DELETE", "")


def hashed(door: Door, username: str) -> list[str]:
    """The hashers that ran for one wrong password, each time they did."""
    ran: list[str] = []

    def counting(kind: Any, name: str) -> Any:
        real = getattr(kind, name)
        return patch.object(kind, name, lambda self, *a, **k: (ran.append(kind.__name__), real(self, *a, **k))[1])

    with counting(hashers.Argon2PasswordHasher, "encode"), counting(hashers.Argon2PasswordHasher, "verify"):
        assert tries(door, username, 1) == [WRONG]
    return ran


@pytest.mark.real_hashers
def test_a_known_an_unknown_a_closed_and_an_unfinished_account_cost_one_hash_and_the_same_statements(doctor):
    closed = Person.objects.create(username="closed", name="停用", is_active=False)
    closed.set_password(PASSWORD)
    closed.save()
    unfinished = Person(username="unfinished", name="未设置")
    unfinished.set_unusable_password()
    unfinished.save()
    doctor.set_password(PASSWORD)  # by the real hasher
    doctor.save()
    names = [doctor.username, "nobody.has.this", "closed", "unfinished"]
    tries(Door(), "warm.up", 1)
    ran, asked = {}, {}
    for name in names:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            ran[name] = hashed(Door(f"10.2.0.{len(ran) + 1}"), name)
        asked[name] = len(seen)
    assert ran == {name: ["Argon2PasswordHasher"] for name in names}
    assert len(set(asked.values())) == 1, asked


@pytest.mark.real_hashers
def test_an_old_hash_becomes_argon2_at_the_next_sign_in(doctor):
    doctor.password = hashers.make_password(PASSWORD, hasher="pbkdf2_sha256")
    doctor.save()
    Door().enter(doctor)
    doctor.refresh_from_db()
    assert doctor.password.startswith("argon2$argon2id$")
    Door().enter(doctor)


def test_what_was_tried_is_written_down_without_the_name_that_nobody_has(doctor):
    door = Door()
    tries(door, doctor.username, 1)
    tries(door, "my-password-in-the-wrong-field", 1)
    door.enter(doctor)
    rows = SignIn.objects.order_by("at").values_list("person", "way", "outcome", "address", "agent")
    shared = ("10.1.1.1", "Test/1.0")
    assert list(rows) == [
        (doctor.pk, Way.PASSWORD, Outcome.WRONG, *shared),
        (None, Way.PASSWORD, Outcome.WRONG, *shared),
        (doctor.pk, Way.PASSWORD, Outcome.DONE, *shared),
    ]
    shown = door.get("sign-ins/")["signIns"]
    assert [(row["outcome"], row["outcomeLabel"]) for row in shown] == [("DONE", "成功"), ("WRONG", "不正确")]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "", "10.0.0.9"),
        (0, "1.2.3.4", "10.0.0.9"),  # without a proxy nobody is believed
        (1, "1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),  # what the client says of itself stands before
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.8", "1.2.3.4"),
        (1, "", "10.0.0.9"),
        (1, "nonsense", None),
    ],
)
def test_the_address_is_the_one_that_our_own_proxies_saw(settings, proxies, forwarded, expected):
    settings.PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_FOR=forwarded)
    assert guesses.address_of(request) == expected


def test_signing_in_is_no_field_of_graphql_so_aliases_guess_nothing():
    words = {"signin", "login", "authenticate", "password", "totp", "secondfactor", "otp", "verifycode"}
    fields = schema.graphql_schema.mutation_type.fields | schema.graphql_schema.query_type.fields
    arguments = {
        f"{name}.{inner}"
        for name, field in fields.items()
        for arg in field.args.values()
        for inner in [*getattr(getattr(arg.type, "of_type", arg.type), "fields", {})]
    }
    assert [a for a in arguments if any(w in a.partition(".")[2].lower() for w in words)] == []
    assert [f for f in fields if f.lower() in words] == []


@pytest.mark.parametrize("path", ["", "factor/", "setup/"])
def test_every_step_before_the_door_asks_for_the_csrf_token(doctor, path):
    body = {"username": doctor.username, "password": PASSWORD, "code": "1", "secret": "x"}
    assert told(Door().send("POST", path, body, **{"X-CSRFToken": "x" * 32})) == (400, "BAD_REQUEST")
