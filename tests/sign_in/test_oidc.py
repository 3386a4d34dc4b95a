"""A hospital's own sign-in, against a real provider in a process of its own: known people in, everybody else not."""

import hashlib
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.core.exceptions import ImproperlyConfigured

from consortium.models import AuditEntry, HospitalIdentity, Person, SignIn
from consortium.sign_in import oidc
from consortium.sign_in.providers import providers
from tests.sign_in.door import Door
from tests.sign_in.provider import provider
from tests.world import DOCTOR


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of a provider that is there."""
    with provider() as address:
        yield address


@pytest.fixture
def his(settings, issuer) -> Any:
    """A function that configures the provider."""
    oidc._client.cache_clear()

    def configure(**given: Any) -> None:
        one = {"id": "his", "name": "统一认证", "issuer": issuer, "client_id": "refnet", "client_secret": "s"} | given
        settings.OIDC = providers(json.dumps([one]))

    configure()
    return configure


@pytest.fixture
def registered(world) -> Person:
    """The doctor, known by the subject."""
    person = world.people["county", DOCTOR, 1]
    HospitalIdentity.objects.create(person=person, provider="his", subject="subject-of-the-doctor")
    return person


def asked(door: Door, query: str = "") -> str:
    """The address of the provider to which one is sent."""
    answer = door.client.get(f"/session/oidc/his/{query}")
    assert answer.status_code == 302, answer.content
    return str(answer.headers["Location"])


def consent(address: str, subject: str = "subject-of-the-doctor") -> str:
    """Signing in at the provider; the path and query with which it sends one back."""
    answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=10)
    assert answer.status_code in (302, 303), answer.text
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def come(door: Door, subject: str = "subject-of-the-doctor", query: str = "") -> str:
    """Away and back; where one is sent at last."""
    return str(door.client.get(consent(asked(door, query), subject)).headers["Location"])


@pytest.mark.django_db
def test_the_page_offers_each_provider_by_its_name(his):
    assert Door().get()["providers"] == [{"id": "his", "name": "统一认证"}]


def test_a_known_person_comes_in_and_lands_on_the_page_they_came_for(his, registered):
    door = Door()
    assert come(door, query="?next=/app/case/x") == "/app/case/x"
    assert door.me() == registered.username
    row = SignIn.objects.get(person=registered)
    assert (row.way, row.outcome) == ("HOSPITAL", "DONE")
    assert AuditEntry.objects.filter(action="sign_in", actor=registered).count() == 1


@pytest.mark.parametrize(
    "there", ["https://evil.example", "//evil.example", "/graphiql/", "javascript:x", "/app/../x//"]
)
def test_nobody_is_led_away_from_the_front(his, registered, there):
    assert come(Door(), query=f"?next={there}").startswith("/app/")


def test_who_is_not_registered_stays_outside_and_is_told_so(his, registered):
    before = Person.objects.count()
    door = Door()
    assert come(door, "subject-of-nobody") == "/app/"
    assert door.me() == "UNAUTHENTICATED"
    assert "尚未在转诊协作网登记" in door.get()["problem"]
    assert door.get()["problem"] == ""  # once
    assert Person.objects.count() == before
    Person.objects.filter(pk=registered.pk).update(is_active=False)
    assert come(door) == "/app/"
    assert door.me() == "UNAUTHENTICATED"


def test_another_claim_than_the_subject_can_say_who_it_is(his, world):
    his(claim="employee_number")
    oidc._client.cache_clear()
    person = world.people["county", DOCTOR, 1]
    HospitalIdentity.objects.create(person=person, provider="his", subject="G0042")
    door = Door()
    come(door)
    assert door.me() == person.username


def test_accounts_are_made_where_it_is_configured_without_any_right(his, world):
    his(create=True, hospital=world.hospitals["county"].credit_code)
    oidc._client.cache_clear()
    door = Door()
    come(door, "subject-of-nobody")
    person = Person.objects.get(username="his.subject-of-nobody")
    assert (person.name, person.home, person.has_usable_password()) == ("陌生人", world.hospitals["county"], False)
    assert not person.roles.exists()
    assert door.me() == person.username
    come(Door(), "subject-of-nobody")
    assert Person.objects.filter(username__startswith="his.").count() == 1


def test_our_second_factor_is_asked_unless_the_provider_asks_for_one_itself(his, registered, settings):
    settings.MFA = True
    door = Door()
    come(door)
    assert door.get()["pending"] == "enrol"
    door.enrol()
    door.send("DELETE", "")
    come(door)
    assert (door.get()["pending"], door.me()) == ("mfa", "UNAUTHENTICATED")
    his(mfa=True)
    oidc._client.cache_clear()
    other = Door()
    come(other)
    assert other.me() == registered.username


def test_state_nonce_and_challenge_go_along_and_the_verifier_is_sent_with_the_code(his, registered, monkeypatch):
    door, sent = Door(), []
    address = asked(door)
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert query["code_challenge_method"] == "S256"
    assert re.fullmatch(r"[\w-]{43}", query["code_challenge"])
    assert len(query["state"]) >= 20
    assert len(query["nonce"]) >= 16
    real = requests.Session.send
    monkeypatch.setattr(requests.Session, "send", lambda self, r, **k: (sent.append(r), real(self, r, **k))[1])
    back = consent(address)
    sent.clear()
    door.client.get(back)
    (exchange,) = [request for request in sent if request.method == "POST"]
    verifier = parse_qs(exchange.body)["code_verifier"][0]
    hashed = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    assert hashed == query["code_challenge"]
    assert door.me() == registered.username


def test_an_answer_counts_in_the_browser_that_asked_and_once(his, registered):
    door, other = Door(), Door()
    back = consent(asked(door))
    asked(other)
    for one, path in ((other, back), (Door(), back), (door, back + "x"), (door, back.replace("state=", "state=x"))):
        assert one.client.get(path).headers["Location"] == "/app/"
        assert one.me() == "UNAUTHENTICATED", path
    door.client.get(back)
    door.send("DELETE", "")
    door.client.get(back)
    assert door.me() == "UNAUTHENTICATED"


def test_a_token_for_another_nonce_is_refused(his, registered):
    door = Door()
    back = consent(asked(door))
    session = door.client.session
    (key,) = [key for key in session.keys() if key.startswith("_state_his")]  # noqa: SIM118 - no mapping
    kept = session[key]
    kept["data"]["nonce"] = "another"
    session[key] = kept
    session.save()
    door.client.get(back)
    assert door.me() == "UNAUTHENTICATED"
    assert door.get()["problem"] == "统一认证没有完成，请重新开始。"


@pytest.mark.parametrize("query", ["", "?error=access_denied", "?code=x", "?code=x&state=y", "?state=%00"])
def test_no_answer_is_a_fault(his, query):
    door = Door()
    assert door.client.get(f"/session/oidc/his/back/{query}").headers["Location"] == "/app/"
    assert door.get()["problem"]


def test_a_provider_that_is_down_or_unknown_is_said_so(his):
    his(issuer="http://localhost:9")
    oidc._client.cache_clear()
    door = Door()
    assert asked(door) == "/app/"
    assert "暂时无法连接" in door.get()["problem"]
    assert door.client.get("/session/oidc/other/").headers["Location"] == "/app/"


@pytest.mark.parametrize(
    "text",
    [
        "x", "{}", '[{"id": "a"}]', "[1]",
        '[{"id": "A b", "name": "n", "issuer": "https://x.org", "client_id": "c", "client_secret": "s"}]',
        '[{"id": "a", "name": "n", "issuer": "http://x.org", "client_id": "c", "client_secret": "s"}]',
        json.dumps([{"id": "a", "name": "n", "issuer": "https://x.org", "client_id": "c", "client_secret": "s"}] * 2),
    ],
    ids=range(7),
)  # fmt: skip
def test_a_mistake_in_the_configuration_is_a_sentence_at_the_start(text):
    with pytest.raises(ImproperlyConfigured, match="REFNET_OIDC"):
        providers(text)
