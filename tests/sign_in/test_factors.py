"""The second factor: asked for after the password, once each, guessed at for a while only; enrolled and removed."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone

from consortium.models import AuditEntry, Session, SignIn
from consortium.sign_in import sessions
from tests.edge.client import Edge, issue
from tests.sign_in.door import LOCKED, WRONG, Door, code_of, told


@pytest.fixture
def enrolled(doctor) -> tuple[str, list[str]]:
    """The doctor's authenticator and recovery codes."""
    return Door().enter(doctor).enrol()


def show(door: Door, code: str) -> Any:
    return door.send("POST", "factor/", {"code": code})


def test_the_password_alone_signs_nobody_in_once_a_factor_is_enrolled(doctor, enrolled):
    door = Door()
    answer = door.password(doctor)
    assert answer.json() == {"person": None, "pending": "mfa", "factors": ["TOTP", "RECOVERY_CODE"]}
    assert door.me() == "UNAUTHENTICATED"
    assert door.get()["pending"] == "mfa"
    for path in ("factors/", "sessions/", "sign-ins/"):
        assert told(door.send("GET", path)) == WRONG
    assert show(door, code_of(enrolled[0], 1)).json()["person"]["username"] == doctor.username
    assert door.me() == doctor.username


def test_a_code_counts_once_and_none_before_it_counts_any_more(doctor, enrolled):
    secret, _codes = enrolled  # enrolled by the code of this step
    door = Door()
    door.password(doctor)
    assert [told(show(door, code_of(secret, n))) for n in (-1, 0)] == [WRONG, WRONG]
    code = code_of(secret, 1)
    assert show(door, code).status_code == 200
    other = Door()
    other.password(doctor)
    assert told(show(other, code)) == WRONG


def test_a_recovery_code_counts_once_written_with_or_without_its_dash(doctor, enrolled):
    _secret, codes = enrolled
    assert len(codes) == len(set(codes)) == 10
    for code, again in ((codes[0], codes[0].replace("-", "")), (codes[1].replace("-", " "), codes[1])):
        door = Door()
        door.password(doctor)
        assert show(door, code).status_code == 200
        door.send("DELETE", "")
        door.password(doctor)
        assert told(show(door, again)) == WRONG
        door.password(doctor)
        assert show(door, codes.pop()).status_code == 200
    assert SignIn.objects.filter(way="RECOVERY_CODE", outcome="DONE").count() == 4


def test_after_five_wrong_factors_no_factor_counts_wherever_it_is_shown(doctor, enrolled):
    secret, codes = enrolled
    found = []
    for n in range(6):
        door = Door(f"10.3.0.{n + 1}")  # a new password and another address each time
        door.password(doctor)
        found.append(told(show(door, "000000")))
    assert found == [WRONG] * 5 + [LOCKED]
    for code in (code_of(secret, 1), codes[0]):
        answer = show(door, code)
        assert told(answer) == LOCKED
        assert "15 分钟" in answer.json()["errors"][0]["message"]
    SignIn.objects.filter(outcome="WRONG").update(at=timezone.now() - timedelta(minutes=16))
    assert show(door, code_of(secret, 1)).status_code == 200


def test_the_factor_is_awaited_for_five_minutes(doctor, enrolled):
    door = Door()
    door.password(doctor)
    session = door.client.session
    kept = session["awaited"]
    session["awaited"] = kept | {"at": (timezone.now() - timedelta(minutes=5, seconds=1)).isoformat()}
    session.save()
    assert told(show(door, code_of(enrolled[0], 1))) == WRONG
    assert "pending" not in door.get()


def test_a_factor_without_a_password_is_nobodys(doctor, enrolled):
    assert told(show(Door(), code_of(enrolled[0], 1))) == WRONG
    assert told(Door().send("GET", "factor/")) == WRONG


@pytest.mark.parametrize(
    "body",
    [{}, {"code": 5}, {"code": ""}, {"code": "x" * 100_000}, {"code": "\u0661\u0662\u0663\u0664\u0665\u0666"},
     {"code": "\x00"}, {"credential": {}}, {"credential": 5}, {"credential": {"id": "x", "response": {}}},
     {"credential": {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "AA"}}}],
    ids=range(10),
)  # fmt: skip
def test_no_factor_is_a_fault(doctor, enrolled, body):
    door = Door()
    door.password(doctor)
    door.send("GET", "factor/")
    assert told(door.send("POST", "factor/", body)) in (WRONG, (400, "BAD_REQUEST"))


@pytest.mark.parametrize(
    "credential", [{}, {"id": "AA"}, {"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}]
)
def test_no_security_key_is_a_fault_and_none_of_these_is_enrolled(doctor, credential):
    door = Door().enter(doctor)
    for begun in (False, True):
        if begun:
            assert door.send("POST", "keys/").json()["publicKey"]["rp"]["id"] == "testserver"
        answer = door.send("PUT", "keys/", {"name": "蓝色钥匙", "credential": credential})
        assert told(answer) == (400, "INVALID_INPUT")
    assert not Authenticator.objects.exists()


def test_where_it_is_compulsory_one_may_only_enrol_until_one_has(doctor, settings, world):
    settings.MFA = True
    door = Door()
    answer = door.password(doctor).json()
    assert (answer["person"]["username"], answer["pending"]) == (doctor.username, "enrol")
    assert door.me() == "SECOND_FACTOR_NEEDED"
    for path in ("/attachments/x/", "/exports/x/", "/uploads/", "/graphql/stream/"):
        assert told(door.client.get(path)) == (403, "SECOND_FACTOR_NEEDED"), path
    secret, codes = door.enrol()
    assert len(codes) == 10
    assert door.me() == doctor.username
    (row,) = door.get("factors/")["factors"]
    assert told(door.send("DELETE", f"factors/{row['id']}/")) == (400, "INVALID_STATE")
    later = Door()
    later.password(doctor)
    assert later.me() == "UNAUTHENTICATED"
    show(later, code_of(secret, 1))
    assert later.me() == doctor.username


def test_a_session_from_before_it_was_compulsory_must_enrol_too(doctor, settings):
    door = Door().enter(doctor)
    settings.MFA = True
    assert door.me() == "SECOND_FACTOR_NEEDED"


def test_a_token_of_a_system_needs_no_second_factor(doctor, settings):
    settings.MFA = True
    _token, secret = issue(doctor, "read", now=timezone.now())
    assert Edge(token=secret).data("{ me { username } }")["me"]["username"] == doctor.username


def test_the_secret_lies_encrypted_and_is_shown_only_while_it_is_enrolled(doctor):
    door = Door().enter(doctor)
    shown = door.send("POST", "totp/").json()
    assert shown["address"].startswith("otpauth://totp/")
    assert f"secret={shown['secret']}" in shown["address"]
    assert shown["picture"]["path"].count("M") > 200
    assert door.send("PUT", "totp/", {"code": code_of(shown["secret"])}).status_code == 200
    row = Authenticator.objects.get(type="totp")
    assert shown["secret"] not in str(row.data)
    assert told(door.send("PUT", "totp/", {"code": code_of(shown["secret"])})) == (400, "INVALID_INPUT")


def test_a_wrong_code_enrols_nothing(doctor):
    door = Door().enter(doctor)
    secret = door.send("POST", "totp/").json()["secret"]
    wrong = str((int(code_of(secret)) + 1) % 10**6).zfill(6)
    assert told(door.send("PUT", "totp/", {"code": wrong})) == (400, "INVALID_INPUT")
    assert not Authenticator.objects.exists()


def test_a_change_of_factors_ends_the_other_sessions_and_this_one_goes_on_under_another_key(doctor):
    door, other = Door().enter(doctor), Door().enter(doctor)
    before = door.client.session.session_key
    door.enrol()
    assert door.client.session.session_key != before
    assert (door.me(), other.me()) == (doctor.username, "UNAUTHENTICATED")
    old = Session.objects.get(pk=before)
    assert old.expire_date <= timezone.now() + sessions.GRACE
    thief = Door()
    thief.client.cookies["sessionid"] = before
    thief.send("POST", "totp/")  # whatever it writes, it lives no longer
    assert Session.objects.get(pk=before).expire_date == old.expire_date


def test_new_recovery_codes_replace_the_old(doctor, enrolled):
    secret, old = enrolled
    door = Door()
    door.password(doctor)
    show(door, code_of(secret, 1))
    new = door.send("POST", "recovery-codes/").json()["recoveryCodes"]
    assert not set(new) & set(old)
    assert door.get("factors/")["recoveryCodes"] == 10
    door.send("DELETE", "")
    door.password(doctor)
    assert told(show(door, old[0])) == WRONG
    assert show(door, new[0]).status_code == 200
    assert door.get("factors/")["recoveryCodes"] == 9


def test_without_a_factor_there_are_no_recovery_codes_and_with_the_last_one_they_go(doctor):
    door = Door().enter(doctor)
    assert told(door.send("POST", "recovery-codes/")) == (400, "INVALID_STATE")
    door.enrol()
    (row,) = door.get("factors/")["factors"]
    assert told(door.send("DELETE", "factors/999999/")) == (404, "NOT_FOUND")
    assert door.send("DELETE", f"factors/{row['id']}/").status_code == 200
    assert not Authenticator.objects.exists()
    actions = AuditEntry.objects.filter(actor=doctor).values_list("action", flat=True).order_by("id")
    assert list(actions) == ["sign_in", "add_totp", "remove_second_factor"]


def test_nobody_removes_what_is_anothers(doctor, enrolled, world):
    other = world.people["foreign", "REFERRING_DOCTOR", 1]
    other.set_password("a-long-enough-secret")
    other.save()
    row = Authenticator.objects.get(type="totp")
    assert told(Door().enter(other).send("DELETE", f"factors/{row.pk}/")) == (404, "NOT_FOUND")
    assert Authenticator.objects.filter(pk=row.pk).exists()


def test_the_ways_in_are_changed_soon_after_signing_in_only(doctor):
    door = Door().enter(doctor)
    session = door.client.session
    session["began"] = (timezone.now() - timedelta(minutes=16)).isoformat()
    session.save()
    for method, path in (("POST", "totp/"), ("POST", "keys/"), ("POST", "recovery-codes/"), ("DELETE", "factors/1/")):
        answer = door.send(method, path)
        assert told(answer) == WRONG
        assert "重新登录" in answer.json()["errors"][0]["message"]
    assert door.me() == doctor.username
