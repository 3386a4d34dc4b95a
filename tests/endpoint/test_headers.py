"""What every answer of the service carries, whoever made it."""

import http.client
from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.server import Server, running

POLICY = "content-security-policy"
WANTED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker) -> Iterator[Server]:
    """The service with the settings of a test."""
    with django_db_blocker.unblock(), running() as found:
        yield found


def ask(server: Server, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one answer."""
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    line.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = line.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    line.close()
    return found


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/graphql/", 415),
        ("GET", "/graphql/?query=%7B__typename%7D", 200),
        ("GET", "/graphql/stream/", 400),
        ("GET", "/session/", 200),
        ("GET", "/", 302),
        ("GET", "/attachments/x/", 401),
        ("GET", "/slides/x/tiles/0/0_0.jpg", 401),
        ("POST", "/uploads/", 412),
        ("GET", "/nowhere", 404),
        ("GET", "/livez", 200),
        ("GET", "/readyz", 200),
    ],
)
def test_every_answer_is_dressed(server, method, path, status):
    found, headers, body = ask(server, method, path)
    assert found == status, body
    assert {name: headers.get(name) for name in WANTED} == WANTED
    assert "default-src 'none'" in headers[POLICY]
    assert "camera=(self)" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers  # in production alone


def test_a_page_keeps_its_own_policy(server):
    _status, headers, _body = ask(server, "GET", "/verify/?code=x")
    assert headers[POLICY] != "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    assert headers["referrer-policy"] == "no-referrer"


def test_in_production_browsers_are_told_to_stay_with_https(django_db_setup, django_db_blocker):
    production = {
        "REFNET_PRODUCTION": "1",
        "REFNET_SECRET_KEY": "0123456789abcdefghij" * 3,
        "REFNET_HOSTS": "x.example",
    }
    with django_db_blocker.unblock(), running(**production) as server:
        # A supervisor asks without TLS and by the process's own address.
        assert ask(server, "GET", "/readyz")[0] == 200
        status, headers, _body = ask(server, "GET", "/session/", Host="x.example", X_Forwarded_Proto="https")
        assert status == 200
        assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains; preload"
        assert ask(server, "GET", "/session/", Host="x.example")[0] == 301
        assert ask(server, "GET", "/session/", Host="y.example", X_Forwarded_Proto="https")[0] == 400
