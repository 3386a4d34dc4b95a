"""The ways out of the house, against a real HTTP receiver: what is said, how it is signed, how each failure ends."""

import base64
import hmac
import json
import socket
import time
from datetime import timedelta
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail as outgoing
from django.utils import timezone

from consortium.channels import Undelivered, gateway, mail, webhook, wire
from consortium.models import Delivery, Event, WebhookEndpoint, uuid7
from tests.receiver import receiving

NOW = timezone.now()
EVENT = Event(
    kind="accept_referral",
    subject_kind="referral",
    subject_id=uuid7(),
    thread_id=uuid7(),
    version=3,
    from_status="SENT",
    to_status="ACCEPTED",
    event_at=NOW,
    recorded_at=NOW,
    comment="王小一 重症肺炎",
    detail={"diagnosis": "J18.900 重症肺炎"},
)


def endpoint(url: str, **given: Any) -> WebhookEndpoint:
    return WebhookEndpoint(name="HIS", url=url, salt=b"1" * 32, created_at=NOW, **given)


def delivery(channel: str, address: str = "", **given: Any) -> Delivery:
    return Delivery(event=EVENT, channel=channel, address=address, text="R1：接受", priority=2, **given)


def why(url: str) -> tuple[str, bool]:
    """Why a post is not taken, and whether for good."""
    with pytest.raises(Undelivered) as failed:
        wire.post(url, b"{}", {})
    return failed.value.reason, failed.value.final


def valid(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """What a receiver does by the Standard Webhooks specification."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mine = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return any(hmac.compare_digest(mine, theirs) for theirs in headers["webhook-signature"].split(" "))


def test_the_signature_is_that_of_the_standard_webhooks_specification():
    """The example of its reference libraries."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = webhook.signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [key])
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_webhook_says_what_happened_to_which_case_and_no_more():
    with receiving() as receiver:
        sent = delivery("WEBHOOK", endpoint=endpoint(receiver.url + "/in?x=1"))
        webhook.send(sent)
    (taken,) = receiver.taken
    assert taken.path == "/in?x=1"
    assert taken.json == {
        "type": "accept_referral",
        "timestamp": NOW.isoformat(),
        "data": {
            "subjectId": base64.urlsafe_b64encode(f"Referral:{EVENT.subject_id}".encode()).decode().rstrip("="),
            "subjectKind": "referral",
            "version": 3,
            "fromStatus": "SENT",
            "toStatus": "ACCEPTED",
            "eventAt": NOW.isoformat(),
            "text": "R1：接受",
        },
    }
    assert taken.headers["content-type"] == "application/json"
    assert taken.headers["webhook-id"] == str(sent.pk)
    assert abs(int(taken.headers["webhook-timestamp"]) - time.time()) < 5


def test_only_the_secret_of_the_endpoint_verifies_and_only_the_body_as_sent():
    with receiving() as receiver:
        webhook.send(delivery("WEBHOOK", endpoint=endpoint(receiver.url)))
    (taken,) = receiver.taken
    assert valid(webhook.secret(b"1" * 32), taken.headers, taken.body)
    assert not valid(webhook.secret(b"2" * 32), taken.headers, taken.body)
    assert not valid(webhook.secret(b"1" * 32), taken.headers, taken.body + b" ")
    assert not valid(webhook.secret(b"1" * 32), taken.headers | {"webhook-timestamp": "1"}, taken.body)


@pytest.mark.parametrize(("minutes", "both"), [(1, True), (0, False), (-1, False)])
def test_both_secrets_verify_while_they_overlap(minutes, both):
    until = timezone.now() + timedelta(minutes=minutes)
    with receiving() as receiver:
        rotated = endpoint(receiver.url, previous_salt=b"0" * 32, previous_until=until)
        webhook.send(delivery("WEBHOOK", endpoint=rotated))
    (taken,) = receiver.taken
    assert valid(webhook.secret(b"1" * 32), taken.headers, taken.body)
    assert valid(webhook.secret(b"0" * 32), taken.headers, taken.body) is both


def test_a_secret_depends_on_the_servers_key_and_is_32_bytes(settings):
    before = webhook.secret(b"1" * 32)
    assert len(base64.b64decode(before.removeprefix("whsec_"))) == 32
    settings.SECRET_KEY = "another"  # noqa: S105 (of this test alone)
    assert webhook.secret(b"1" * 32) != before


@pytest.mark.parametrize("channel", ["SMS", "WECOM"])
def test_a_gateway_is_given_the_text_with_its_token_and_a_key_against_doubles(settings, channel):
    with receiving(status=202) as receiver:
        settings.GATEWAYS = {channel: {"url": receiver.url + "/send", "token": "t0ken"}}
        sent = delivery(channel, "13800000000")
        gateway.send(sent)
    (taken,) = receiver.taken
    assert taken.json == {"id": str(sent.pk), "channel": channel, "to": "13800000000", "text": "R1：接受"}
    assert taken.headers["authorization"] == "Bearer t0ken"
    assert taken.headers["idempotency-key"] == str(sent.pk)


def test_a_gateway_without_token_is_sent_none_and_an_absent_one_is_no_use(settings):
    with receiving() as receiver:
        settings.GATEWAYS = {"SMS": {"url": receiver.url, "token": ""}}
        gateway.send(delivery("SMS", "13800000000"))
        with pytest.raises(Undelivered, match="NO_GATEWAY") as failed:
            gateway.send(delivery("WECOM", "zhang"))
    assert "authorization" not in receiver.taken[0].headers
    assert failed.value.final


def test_mail_carries_the_text_and_an_id_against_doubles():
    sent = delivery("EMAIL", "expert@example.org")
    mail.send(sent)
    (letter,) = outgoing.outbox
    assert (letter.to, letter.subject, letter.body) == (["expert@example.org"], "转诊协作网通知", "R1：接受")
    assert letter.extra_headers["Message-ID"] == f"<{sent.pk}@refnet>"


def test_a_mail_server_that_is_away_is_a_failure(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", closed_port()
    with pytest.raises(Undelivered, match="MAIL_SERVER") as failed:
        mail.send(delivery("EMAIL", "expert@example.org"))
    assert not failed.value.final


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("status", [200, 202, 204])
def test_every_2xx_counts_as_taken(status):
    with receiving(status=status) as receiver:
        wire.post(receiver.url, b"{}", {})
    assert len(receiver.taken) == 1


@pytest.mark.parametrize(
    ("status", "final"),
    [(300, False), (304, False), (400, False), (404, False), (410, True), (500, False), (503, False)],
)
def test_every_other_answer_is_a_failure_and_only_gone_is_final(status, final):
    with receiving(status=status) as receiver:
        assert why(receiver.url) == (f"HTTP_{status}", final)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(status):
    with receiving() as other, receiving(status=status, location=other.url) as receiver:
        assert why(receiver.url) == (f"HTTP_{status}", False)
    assert other.taken == []


def test_nobody_listening_is_a_failure():
    assert why(f"http://127.0.0.1:{closed_port()}/") == ("CONNECTION_REFUSED", False)


def test_an_unknown_host_is_a_failure():
    assert why("http://nowhere.invalid/") == ("UNKNOWN_HOST", False)


def test_a_plain_answer_to_tls_is_a_failure():
    with receiving() as receiver:
        assert why(receiver.url.replace("http://", "https://"))[0] in ("TLS", "CONNECTION_LOST")


@pytest.mark.parametrize("how", [{"silence": 3.0}, {"drip": 0.05}], ids=["silent", "dripping"])
def test_the_time_for_one_attempt_is_the_time_for_all_of_it(settings, how):
    settings.DELIVERY_TIMEOUT = 0.5
    with receiving(**how) as receiver:
        began = time.monotonic()
        assert why(receiver.url) == ("TIMEOUT", False)
    assert 0.4 < time.monotonic() - began < 2.5


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
        "::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::", "0.0.0.0",  # noqa: S104 (to be refused)
    ],
)  # fmt: skip
def test_no_private_address_is_spoken_to_unless_the_operator_named_its_network(settings, address):
    settings.INTRANETS = []
    assert not wire.allowed(address)


def test_public_addresses_and_named_networks_are_spoken_to(settings):
    settings.INTRANETS = [ip_network("10.20.0.0/16")]
    assert wire.allowed("10.20.3.4")
    assert wire.allowed("::ffff:10.20.3.4")
    assert not wire.allowed("10.21.3.4")
    assert wire.allowed("1.1.1.1")
    assert wire.allowed("2606:4700:4700::1111")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"])
def test_every_way_to_write_a_private_address_is_vetted_before_a_byte_is_sent(settings, host):
    settings.INTRANETS = []
    with receiving() as receiver:
        port = receiver.url.rpartition(":")[2]
        assert why(f"http://{host}:{port}/") in [("ADDRESS_NOT_ALLOWED", True), ("UNKNOWN_HOST", False)]
    assert receiver.taken == []


def test_the_address_that_was_vetted_is_the_one_spoken_to(settings, monkeypatch):
    """A name that changes its address between two looks (DNS rebinding) is looked up once."""
    looks: list[Any] = []
    with receiving() as receiver:
        port = int(receiver.url.rpartition(":")[2])

        def look_up(host: str, *_: Any, **__: Any) -> list[Any]:
            looks.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        fake = SimpleNamespace(**{name: getattr(socket, name) for name in dir(socket)})
        fake.getaddrinfo = look_up
        monkeypatch.setattr(wire, "socket", fake)
        wire.post(f"http://his.example.org:{port}/", b"{}", {})
    assert looks == ["his.example.org"]
    assert receiver.taken[0].headers["host"] == f"his.example.org:{port}"


@pytest.mark.parametrize(
    "url",
    [
        "", "his.example.org", "ftp://his.example.org/", "file:///etc/passwd", "https://", "https://u:p@his.example.org/",
        "https://his.example.org:99999/", "https://his.example.org:0/", "https://医院.example/", "https://a b/",
        "https://a/\r\nX: 1", "https://[::1/",
    ],
)  # fmt: skip
def test_what_is_no_sound_address_is_not_posted_to(url):
    assert wire.usable(url) is None
    assert why(url) == ("ADDRESS_NOT_ALLOWED", True)


def test_production_speaks_tls_only(settings):
    settings.PRODUCTION = True
    assert wire.usable("http://his.example.org/") is None
    assert wire.usable("https://his.example.org/in") is not None
    settings.PRODUCTION = False
    assert wire.usable("http://his.example.org/") is not None


def test_nothing_of_the_answer_is_kept():
    with receiving(status=500) as receiver:
        reason, _final = why(receiver.url)
    assert json.dumps(reason) == '"HTTP_500"'
