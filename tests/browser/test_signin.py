"""Signing in, in a real browser: an authenticator, a security key, recovery codes, the hospital's own sign-in, and the
keepers of accounts."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator

from consortium.models import HospitalIdentity, Person, SignIn
from consortium.roles import Role
from tests.browser import clean, told
from tests.live.server import Server, running
from tests.sign_in.provider import SUBJECT, provider
from tests.world import DOCTOR, EXPERT, OFFICE

pytestmark = pytest.mark.slow
FRESH = "another-good-secret-7"


def by_name(server: Server) -> str:
    """The server's address by a name: browsers know no security keys for a number."""
    return server.url.replace("127.0.0.1", "localhost")


def walked(front: Any, script: Any, name: str, **given: Any) -> dict[str, Any]:
    """What was seen of one walk, in which nothing serious was met."""
    base = given.pop("base", by_name(front.server))
    found = told(script("signin.mjs"), front.task(walks=[name]) | {"base": base, "fresh": FRESH} | given, seconds=300)
    clean(found)
    return found


@pytest.fixture
def strict(django_db_blocker: Any) -> Iterator[Server]:
    """A service where a second factor is compulsory."""
    with django_db_blocker.unblock(), running(REFNET_MFA="1") as found:
        yield found


def test_where_it_is_compulsory_a_factor_is_enrolled_first_and_asked_for_from_then_on(front, script, strict):
    doctor = front.world.people["county", DOCTOR, 1]
    found = walked(front, script, "compulsory", base=by_name(strict), doctor=front.login(doctor))
    assert (found["enrol"], found["codes"], found["focus"]) == ("添加二次验证", 10, "code")
    assert found["squares"] > 25
    assert "手机时间" in found["wrongCode"]
    assert "已使用" in found["again"]
    ways = SignIn.objects.filter(person=doctor, outcome="DONE").order_by("at").values_list("way", flat=True)
    assert list(ways) == ["PASSWORD", "TOTP", "RECOVERY_CODE"]


def test_a_security_key_opens_and_another_one_does_not(front, script):
    expert = front.world.people["province", EXPERT, 1]
    found = walked(front, script, "key", expert=front.login(expert))
    assert (found["keyCodes"], found["keys"], found["stillOut"]) == (10, 1, 1)
    assert "安全密钥" in found["stranger"]
    row = Authenticator.objects.get(user=expert, type="webauthn")
    assert (row.data["name"], row.last_used_at is not None) == ("蓝色钥匙", True)
    assert SignIn.objects.filter(person=expert, way="SECURITY_KEY", outcome="DONE").count() == 1


def test_the_own_password_sessions_and_attempts(front, script):
    office = front.world.people["county", OFFICE, 1]
    found = walked(front, script, "own", office=front.login(office))
    assert found["missing"] == 2
    assert "10" in found["weak"]
    assert (found["elsewhere"], found["ended"]) == (None, None)
    assert found["tried"] == 3


def test_an_account_from_its_making_to_its_end(front, script):
    world = front.world
    people = {
        name: front.login(world.people["county", role, 1])
        for name, role in (("system", Role.SYSTEM_ADMIN), ("security", Role.SECURITY_ADMIN))
    }
    found = walked(front, script, "accounts", **people)
    assert found["link"] == "/app/#setup="
    assert set(found["system"]) == {"设置密码的链接", "停用"}
    assert found["named"] == ["li.min", False]
    assert "链接已使用" in found["used"]
    assert "15 分钟后再试" in found["locked"]
    assert (found["security"], found["closed"]) == (0, None)
    person = Person.objects.get(username="li.min")
    assert (person.is_active, person.home) == (False, world.hospitals["county"])


def test_the_hospitals_own_sign_in(front, script, django_db_blocker):
    doctor = front.world.people["county", DOCTOR, 1]
    HospitalIdentity.objects.create(person=doctor, provider="his", subject=SUBJECT)
    with provider() as issuer:
        his = {"id": "his", "name": "统一认证", "issuer": issuer, "client_id": "refnet", "client_secret": "s"}
        with django_db_blocker.unblock(), running(REFNET_OIDC=json.dumps([his])) as server:
            found = walked(front, script, "hospital", base=by_name(server), issuer=issuer)
    assert found["hospital"][0] == "/app/profile"
    assert doctor.name in found["hospital"][1]
    assert "尚未在转诊协作网登记" in found["unknown"]
