"""Preferences, hospitals' systems and what did not arrive, over the API: who may, and what stays secret."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from consortium import access, grants, outbox, webhooks
from consortium.channels import webhook
from consortium.errors import Refused
from consortium.models import AuditEntry, Delivery, IdempotencyKey, Person, Preference, WebhookEndpoint
from consortium.roles import Role
from referrals.models import Status
from schema import ids
from tests.receiver import receiving
from tests.test_channels import valid
from tests.world import ADMIN, COUNTY_DOCTOR, EXPERT, NOW, World, rows

ENDPOINT = "webhookEndpoint { id version url secret previousUntil deactivatedAt }"
URL = "https://his.example.org/in"


class Edge:
    """A signed-in person of the small world at the edge."""

    def __init__(self, person: Person) -> None:
        self.client = Client()
        self.client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")

    def post(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer."""
        body = {"query": document, "variables": variables}
        return dict(self.client.post("/graphql/", body, content_type="application/json").json())

    def ask(self, document: str) -> Any:
        """The data of a query; its error's code if it is refused."""
        answer = self.post(document)
        return answer["errors"][0]["extensions"]["code"] if "errors" in answer else answer["data"]

    def do(self, action: str, shape: str = "", *, key: str = "", **given: Any) -> dict[str, Any]:
        """The payload of a mutation."""
        kind = action[0].upper() + action[1:]
        document = f"mutation($input: {kind}Input!) {{ {action}(input: $input) {{ {shape} errors {{ code field }} }} }}"
        answer = self.post(document, input={"idempotencyKey": key or str(uuid4())} | given)
        assert "errors" not in answer, answer
        return dict(answer["data"][action])


@pytest.fixture
def admin(world: World) -> Edge:
    """The county hospital's administrator."""
    return Edge(world.people["county", ADMIN, 1])


def county(world: World) -> str:
    return ids.encode("Hospital", world.hospitals["county"].pk)


def create(edge: Edge, world: World, **given: Any) -> dict[str, Any]:
    return edge.do("createWebhookEndpoint", ENDPOINT, **{"hospital": county(world), "name": "HIS", "url": URL} | given)


def created(edge: Edge, world: World, **given: Any) -> dict[str, Any]:
    """The system that must have been set up."""
    payload = create(edge, world, **given)
    assert payload["errors"] == []
    return dict(payload["webhookEndpoint"])


def given_up(world: World, **given: Any) -> Delivery:
    """A delivery to the county hospital's system that was given up."""
    endpoint = WebhookEndpoint.objects.create(
        hospital=world.hospitals["county"], name="HIS", salt=b"1" * 32, created_at=NOW, **{"url": URL} | given
    )
    world.draft()
    Delivery.objects.filter(endpoint=endpoint).update(state="DEAD", attempts=8, last_error="HTTP_500")
    return Delivery.objects.get(endpoint=endpoint)


def test_a_system_is_set_up_with_a_secret_that_is_shown_once_and_stored_nowhere(world, admin):
    key = str(uuid4())
    first = create(admin, world, key=key)["webhookEndpoint"]
    stored = WebhookEndpoint.objects.get()
    assert first["secret"] == webhook.secret(bytes(stored.salt))
    assert (stored.hospital, stored.url, stored.version) == (world.hospitals["county"], URL, 1)
    again = create(admin, world, key=key)["webhookEndpoint"]
    assert again == first | {"secret": None}
    assert admin.ask("{ webhookEndpoints { secret url steps } }") == {
        "webhookEndpoints": [{"secret": None, "url": URL, "steps": []}]
    }
    assert IdempotencyKey.objects.get(key=key).answer["data"] is None
    assert AuditEntry.objects.filter(action="create_webhook_endpoint").count() == 1


def test_a_tokens_secret_is_not_kept_with_its_key_either(world, admin):
    key, given = str(uuid4()), {"name": "HIS", "scopes": ["read"], "expiresInDays": 1}
    first = admin.do("issueApiToken", "apiToken { id secret }", key=key, **given)["apiToken"]
    assert first["secret"].startswith("refnet_")
    again = admin.do("issueApiToken", "apiToken { id secret }", key=key, **given)
    assert again == {"apiToken": {"id": first["id"], "secret": None}, "errors": []}
    assert first["secret"] not in str(IdempotencyKey.objects.get(key=key).answer)


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"url": "ftp://his.example.org"}, "INVALID_INPUT", "url"),
        ({"url": "https://u:p@his.example.org"}, "INVALID_INPUT", "url"),
        ({"url": "https://his.example.org/" + "x" * 500}, "INVALID_INPUT", "url"),
        ({"name": " "}, "INVALID_INPUT", "name"),
        ({"steps": ["no_such_step"]}, "INVALID_INPUT", "steps"),
    ],
)
def test_a_system_is_set_up_with_sound_values_only(world, admin, given, code, field):
    assert create(admin, world, **given) == {"webhookEndpoint": None, "errors": [{"code": code, "field": field}]}
    assert not WebhookEndpoint.objects.exists()


def test_a_hospital_has_ten_systems_at_most(world, admin):
    for _n in range(10):
        created(admin, world)
    assert create(admin, world)["errors"] == [{"code": "LIMIT_EXCEEDED", "field": "hospital"}]


def test_a_rotated_secret_signs_beside_the_former_one_until_the_overlap_ends(world, admin):
    with receiving() as receiver:
        old = created(admin, world, url=receiver.url)
        rotated = admin.do("rotateWebhookSecret", ENDPOINT, id=old["id"], expectedVersion=1)["webhookEndpoint"]
        world.draft()
        outbox.deliver(now=NOW)
        WebhookEndpoint.objects.update(previous_until=timezone.now())
        world.draft()
        outbox.deliver(now=NOW)
    during, after = receiver.taken
    assert rotated["version"] == 2
    assert [valid(s["secret"], during.headers, during.body) for s in (old, rotated)] == [True, True]
    assert [valid(s["secret"], after.headers, after.body) for s in (old, rotated)] == [False, True]
    left = WebhookEndpoint.objects.get().previous_until
    assert left <= timezone.now()


@pytest.mark.parametrize(("hours", "until"), [(None, 24), (0, None), (168, 168)])
def test_the_overlap_lasts_as_long_as_asked_for(world, hours, until):
    by = world.actor("county", ADMIN)
    endpoint, _secret = webhooks.create_webhook_endpoint(
        by=by, hospital=world.hospitals["county"].pk, name="HIS", url=URL, now=NOW
    )
    changed, _new = webhooks.rotate_webhook_secret(
        by=by, id=endpoint.pk, expected_version=1, overlap_hours=hours, now=NOW
    )
    assert changed.previous_until == (until and NOW + timedelta(hours=until))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"overlapHours": 169}, "INVALID_INPUT"),
        ({"overlapHours": -1}, "INVALID_INPUT"),
        ({"expectedVersion": 2}, "STALE_VERSION"),
    ],
)
def test_a_rotation_that_is_refused_changes_nothing(world, admin, given, code):
    old = created(admin, world)
    before = rows()
    payload = admin.do("rotateWebhookSecret", ENDPOINT, **{"id": old["id"], "expectedVersion": 1} | given)
    assert [error["code"] for error in payload["errors"]] == [code]
    assert rows() == before


def test_a_system_that_is_switched_off_is_told_nothing_and_cannot_be_changed(world, admin):
    old = created(admin, world)
    off = admin.do("deactivateWebhookEndpoint", ENDPOINT, id=old["id"], expectedVersion=1)
    assert off["webhookEndpoint"]["deactivatedAt"]
    world.draft()
    assert not Delivery.objects.exists()
    again = admin.do("rotateWebhookSecret", ENDPOINT, id=old["id"], expectedVersion=2)
    assert [error["code"] for error in again["errors"]] == ["INVALID_STATE"]


MUTATIONS = ["rotateWebhookSecret", "deactivateWebhookEndpoint", "replayDeliveries", "resendDelivery"]


@pytest.mark.parametrize("action", MUTATIONS)
@pytest.mark.parametrize(
    "who", [("province", ADMIN), ("county", Role.REFERRAL_OFFICE), COUNTY_DOCTOR, ("county", Role.AUDITOR)]
)
def test_nobody_but_the_own_administrator_touches_a_hospitals_deliveries(world, action, who):
    dead = given_up(world)
    about = ("Delivery", dead.pk) if action == "resendDelivery" else ("WebhookEndpoint", dead.endpoint_id)
    given: dict[str, Any] = {"id": ids.encode(*about)}
    if action in MUTATIONS[:2]:
        given["expectedVersion"] = 1
    if action == "replayDeliveries":
        given["recordedFrom"] = NOW.isoformat()
    edge, before = Edge(world.people[*who, 1]), rows()
    payload = edge.do(action, **given)
    assert [error["code"] for error in payload["errors"]] == ["NOT_FOUND"]
    assert rows() == before


def test_nobody_but_the_own_administrator_sets_up_a_system_or_sees_deliveries(world, admin):
    given_up(world)
    other, doctor = Edge(world.people["province", ADMIN, 1]), Edge(world.people[*COUNTY_DOCTOR, 1])
    for edge in (other, doctor):
        assert create(edge, world)["errors"] == [{"code": "FORBIDDEN", "field": None}]
    question = (
        "{ deliveries { nodes { state kind lastError attempts channel person { name } } } webhookEndpoints { url } }"
    )
    seen = {"state": "DEAD", "kind": "create_referral", "lastError": "HTTP_500", "attempts": 8, "channel": "WEBHOOK"}
    assert admin.ask(question) == {
        "deliveries": {"nodes": [seen | {"person": None}]}, "webhookEndpoints": [{"url": URL}],
    }  # fmt: skip
    assert other.ask(question) == {"deliveries": {"nodes": []}, "webhookEndpoints": []}
    assert doctor.ask(question) == "FORBIDDEN"


def test_the_administrator_sees_what_did_not_reach_the_own_staff(world, admin):
    Preference.objects.create(person=world.people["province", EXPERT, 1], channel="SMS", address="13800000000")
    world.referral(Status.SENT)
    question = "{ deliveries(state: [DEAD], channel: [SMS]) { totalCount nodes { person { name } } } }"
    assert admin.ask(question)["deliveries"]["totalCount"] == 0
    outbox.deliver(now=NOW)  # there is no gateway
    assert admin.ask(question)["deliveries"]["totalCount"] == 0
    (seen,) = Edge(world.people["province", ADMIN, 1]).ask(question)["deliveries"]["nodes"]
    assert seen == {"person": {"name": "province EXPERT 1"}}


def test_what_was_given_up_is_sent_again_at_once_under_the_same_id(world, admin):
    with receiving() as receiver:
        dead = given_up(world, url=receiver.url)
        assert outbox.deliver(now=NOW) == (0, 0)
        done = admin.do("resendDelivery", "delivery { state attempts }", id=ids.encode("Delivery", dead.pk))
        assert done == {"delivery": {"state": "PENDING", "attempts": 0}, "errors": []}
        again = admin.do("resendDelivery", id=ids.encode("Delivery", dead.pk))
        assert [error["code"] for error in again["errors"]] == ["INVALID_STATE"]
        assert outbox.deliver(now=timezone.now()) == (1, 0)
    assert receiver.ids() == [str(dead.pk)]


def test_a_message_is_sent_again_to_the_address_that_counts_now(world):
    wish = Preference.objects.create(person=world.people["province", EXPERT, 1], channel="SMS", address="13800000000")
    world.referral(Status.SENT)
    outbox.deliver(now=NOW)
    wish.address = "13900000000"
    wish.save()
    dead = Delivery.objects.get(state="DEAD")
    webhooks.resend_delivery(by=world.actor("province", ADMIN), id=dead.pk, now=NOW)
    dead.refresh_from_db()
    assert (dead.address, dead.state) == ("13900000000", "PENDING")


def test_a_replay_tells_again_what_was_recorded_since_the_oldest_first(world):
    by = world.actor("county", ADMIN)
    with receiving() as receiver:
        endpoint, _secret = webhooks.create_webhook_endpoint(
            by=by, hospital=world.hospitals["county"].pk, name="HIS", url=receiver.url, now=NOW
        )
        for hour in range(4):
            world.draft(now=NOW + timedelta(hours=hour))
        outbox.deliver(now=NOW + timedelta(hours=3))
        window = {"recorded_from": NOW + timedelta(hours=1), "recorded_to": NOW + timedelta(hours=3)}
        webhooks.replay_deliveries(by=by, id=endpoint.pk, now=NOW + timedelta(hours=4), **window)
        assert outbox.deliver(now=NOW + timedelta(hours=4)) == (2, 0)
    assert receiver.ids()[4:] == receiver.ids()[1:3]
    assert [taken.json["timestamp"] for taken in receiver.taken[4:]] == [
        (NOW + timedelta(hours=hour)).astimezone(tz=timezone.get_fixed_timezone(0)).isoformat() for hour in (1, 2)
    ]


PREFERENCE = "preference { channel address active leastPriority steps quietFrom quietUntil version }"


def test_a_person_says_what_they_want_to_hear_and_changes_it(world, settings):
    settings.GATEWAYS = {"SMS": {"url": "https://sms.example.org", "token": ""}}
    edge = Edge(world.people["province", EXPERT, 1])
    first = edge.do("setPreference", PREFERENCE, channel="SMS", address=" 13800000000 ")["preference"]
    assert first == {
        "channel": "SMS", "address": "13800000000", "active": True, "leastPriority": "ROUTINE", "steps": [],
        "quietFrom": None, "quietUntil": None, "version": 1,
    }  # fmt: skip
    changed = {
        "leastPriority": "URGENT",
        "steps": ["submit_referral"],
        "quietFrom": "22:00:00",
        "quietUntil": "07:00:00",
    }
    given = {"channel": "SMS", "address": "13900000000", "active": False} | changed
    assert edge.do("setPreference", PREFERENCE, **given)["preference"] == given | {"version": 2}
    assert edge.ask(f"{{ preferences {{ {PREFERENCE.partition('{')[2]} }}") == {"preferences": [given | {"version": 2}]}
    assert Edge(world.people["province", EXPERT, 2]).ask("{ preferences { channel } }") == {"preferences": []}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"channel": "WEBHOOK"}, "channel"),
        ({"channel": "WECOM", "address": "zhang"}, "channel"),
        ({"address": "1380000000"}, "address"),
        ({"address": "+8613800000000"}, "address"),
        ({"channel": "EMAIL", "address": "a@b"}, "address"),
        ({"channel": "EMAIL", "address": "a@example.org\nBcc: x@example.org"}, "address"),
        ({"steps": ["no_such_step"]}, "steps"),
        ({"quietFrom": "22:00:00"}, "quietUntil"),
        ({"quietFrom": "22:00:00", "quietUntil": "22:00:00"}, "quietUntil"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(world, settings, given, field):
    settings.GATEWAYS, settings.EMAIL_HOST = (
        {"SMS": {"url": "https://sms.example.org", "token": ""}},
        "mail.example.org",
    )
    edge = Edge(world.people["province", EXPERT, 1])
    payload = edge.do("setPreference", **{"channel": "SMS", "address": "13800000000"} | given)
    assert payload["errors"] == [{"code": "INVALID_INPUT", "field": field}]
    assert not Preference.objects.exists()


def test_the_permissions_are_the_administrators_alone():
    for name in ("manage_webhooks", "resend_delivery", "view_deliveries"):
        assert [role for role in Role if name in grants.PERMISSIONS[role]] == [ADMIN]


def test_a_person_without_a_role_at_the_hospital_is_refused(world):
    stranger = access.actor(world.people["province", EXPERT, 1], now=NOW)
    with pytest.raises(Refused, match="岗位不允许"):
        webhooks.create_webhook_endpoint(
            by=stranger, hospital=world.hospitals["county"].pk, name="HIS", url=URL, now=NOW
        )
