"""A person at the other end of the wire: signs in, posts operations, keeps the answers; standard library only."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.cookiejar import CookieJar
from typing import Any
from uuid import uuid4


class Failed(AssertionError):
    """A step of a story did not go as told."""


class Person:
    """One browser with one session."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self.url, self.username = url.rstrip("/"), username
        self.jar = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self._send("GET", "/session/")
        status, body = self._send("POST", "/session/", {"username": username, "password": password})
        if status != 200:
            raise Failed(f"{username} cannot sign in: {body}")

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        token = next((cookie.value for cookie in self.jar if cookie.name == "csrftoken"), "") or ""
        request = urllib.request.Request(  # noqa: S310 - the address is the server under test
            self.url + path,
            data=json.dumps(body).encode() if body is not None else None,
            method=method,
            headers={"Content-Type": "application/json", "X-CSRFToken": token, "Referer": self.url},
        )
        try:
            with self.opener.open(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def post(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The whole answer to an operation."""
        _status, answer = self._send("POST", "/graphql/", {"query": document, "variables": variables or {}})
        return dict(answer)

    def ask(self, document: str, **variables: Any) -> Any:
        """The data of a query; Failed if there are errors."""
        answer = self.post(document, variables)
        if answer.get("errors"):
            raise Failed(f"{self.username}: {answer['errors']}")
        return answer["data"]

    def refused(self, document: str, **variables: Any) -> str:
        """The code with which a query is refused; Failed if it is not."""
        answer = self.post(document, variables)
        if not answer.get("errors"):
            raise Failed(f"{self.username} was not refused: {answer}")
        return str(answer["errors"][0]["extensions"]["code"])

    def attempt(
        self, action: str, *, key: str | None = None, shape: str = "", of: str = "referral", **given: Any
    ) -> dict[str, Any]:
        """The payload of a mutation on a referral or, with `of`, on another object; refused or not."""
        kind = action[0].upper() + action[1:]
        wanted = shape or ("id number version status closedAt case { id }" if of == "referral" else "id version status")
        document = f"""
            mutation($input: {kind}Input!) {{
              {action}(input: $input) {{ {of} {{ {wanted} }} errors {{ code field message }} }}
            }}"""
        answer = self.post(document, {"input": {"idempotencyKey": key or str(uuid4()), **given}})
        if answer.get("errors"):
            raise Failed(f"{self.username} {action}: {answer['errors']}")
        return dict(answer["data"][action])

    def do(self, action: str, **given: Any) -> dict[str, Any]:
        """The referral after a mutation that must succeed."""
        payload = self.attempt(action, **given)
        if payload["errors"]:
            raise Failed(f"{self.username} {action}: {payload['errors']}")
        return dict(payload[given.get("of", "referral")])

    def step(self, action: str, referral: Mapping[str, Any], **given: Any) -> dict[str, Any]:
        """The referral after a step that must succeed."""
        return self.do(action, id=referral["id"], expectedVersion=referral["version"], **given)

    def code(self, action: str, referral: Mapping[str, Any], **given: Any) -> str:
        """The code with which a step is refused; Failed if it is not."""
        version = given.pop("expectedVersion", referral["version"])
        payload = self.attempt(action, id=referral["id"], expectedVersion=version, **given)
        if not payload["errors"]:
            raise Failed(f"{self.username} {action} was not refused")
        return str(payload["errors"][0]["code"])
