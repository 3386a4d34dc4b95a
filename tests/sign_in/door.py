"""Somebody before the door: a browser with its cookies, and what an authenticator on a telephone shows."""

import json
import time
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from consortium.models import Person
from tests.edge.client import CSRF

PASSWORD = "a-long-enough-secret"  # noqa: S105 - of people who exist in these tests alone
LOCKED, WRONG = (429, "LIMIT_EXCEEDED"), (401, "UNAUTHENTICATED")


class Door:
    """A browser; every check is on. `address` is where it stands."""

    def __init__(self, address: str = "10.1.1.1") -> None:
        self.client = Client(enforce_csrf_checks=True, REMOTE_ADDR=address, HTTP_USER_AGENT="Test/1.0")
        self.client.cookies["csrftoken"] = CSRF

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The response to one request; its CSRF token is that of the cookie."""
        token = self.client.cookies["csrftoken"].value
        data = b"" if body is None else json.dumps(body).encode()
        return self.client.generic(
            method, f"/session/{path}", data, "application/json", headers={"X-CSRFToken": token} | headers
        )

    def get(self, path: str = "") -> dict[str, Any]:
        """What a GET answers."""
        return dict(self.send("GET", path).json())

    def password(self, person: Person, password: str = PASSWORD) -> Any:
        """The response to a name and a password."""
        return self.send("POST", "", {"username": person.username, "password": password})

    def enter(self, person: Person) -> "Door":
        """In, by the password alone."""
        answer = self.password(person)
        assert answer.status_code == 200, answer.content
        assert answer.json()["person"], answer.json()
        return self

    def enrol(self) -> tuple[str, list[str]]:
        """The secret of an authenticator that was enrolled, and the recovery codes that came with it."""
        secret = self.send("POST", "totp/").json()["secret"]
        answer = self.send("PUT", "totp/", {"code": code_of(secret)})
        assert answer.status_code == 200, answer.content
        return secret, answer.json()["recoveryCodes"]

    def me(self) -> str:
        """Who GraphQL says is there, or the code of its refusal."""
        token = self.client.cookies["csrftoken"].value
        answer = self.client.post(
            "/graphql/", {"query": "{ me { username } }"}, "application/json", headers={"X-CSRFToken": token}
        ).json()
        found = (answer.get("data") or {}).get("me")
        return str(found["username"] if found else answer["errors"][0]["extensions"]["code"])


def code_of(secret: str, steps: int = 0) -> str:
    """The code that an authenticator shows now, or so many steps of 30 seconds from now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


def told(response: Any) -> tuple[int, str]:
    """Status and code of a refusal."""
    return response.status_code, response.json()["errors"][0]["extensions"]["code"]


def known(person: Person, password: str = PASSWORD) -> Person:
    """The same person with a password to sign in by."""
    person.set_password(password)
    person.save(update_fields=["password"])
    return person
