"""A person at the other end of the wire: signs in, posts operations, keeps the answers; standard library only."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
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

    def _request(
        self, method: str, path: str, body: Mapping[str, Any] | None, **headers: str
    ) -> urllib.request.Request:
        token = next((cookie.value for cookie in self.jar if cookie.name == "csrftoken"), "") or ""
        return urllib.request.Request(  # noqa: S310 - the address is the server under test
            self.url + path,
            data=json.dumps(body).encode() if body is not None else None,
            method=method,
            headers={"Content-Type": "application/json", "X-CSRFToken": token, "Referer": self.url} | headers,
        )

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        request = self._request(method, path, body)
        try:
            with self.opener.open(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def tus(self, method: str, path: str, piece: bytes = b"", **headers: str) -> Mapping[str, str]:
        """The headers of the answer to one request of an upload; Failed if the server refuses it."""
        request = self._request(method, path, None, **{name.replace("_", "-"): text for name, text in headers.items()})
        request.data = piece
        request.add_header("Tus-Resumable", "1.0.0")
        request.add_header("Content-Type", "application/offset+octet-stream")
        try:
            with self.opener.open(request, timeout=60) as answer:
                return {name.title(): value for name, value in answer.headers.items()}
        except urllib.error.HTTPError as error:
            raise Failed(f"{self.username} {method} {path}: {error.read().decode()}") from error

    def fetch(self, path: str) -> tuple[str, bytes]:
        """Content type and body of a file; Failed if the server refuses it."""
        try:
            with self.opener.open(self._request("GET", path, None), timeout=60) as answer:
                return answer.headers["Content-Type"], answer.read()
        except urllib.error.HTTPError as error:
            raise Failed(f"{self.username} GET {path}: {error.code}") from error

    def listen(self, document: str, **variables: Any) -> "Listener":
        """The live stream of a subscription, open; Failed if the server refuses it."""
        asked = {"query": document, "variables": variables}
        request = self._request("POST", "/graphql/stream/", asked, Accept="text/event-stream")
        try:
            answer = self.opener.open(request, timeout=60)
        except urllib.error.HTTPError as error:
            raise Failed(f"{self.username} cannot listen: {error.read().decode()}") from error
        return Listener(self.username, answer)

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


class Listener:
    """Somebody who listens to a live stream, and remembers what it tells."""

    def __init__(self, username: str, answer: Any) -> None:
        self.username, self.answer = username, answer
        self.heard: list[dict[str, Any]] = []
        self.news = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        kind = ""
        try:
            for line in self.answer:
                name, _colon, value = line.decode().rstrip("\n").partition(": ")
                kind = value if name == "event" else kind
                if name == "data" and kind == "next":
                    with self.news:
                        self.heard.append(json.loads(value)["data"])
                        self.news.notify_all()
        except (OSError, ValueError):
            return  # the stream is over, or nobody listens any more

    def until(self, wanted: Callable[[dict[str, Any]], bool], what: str, *, seconds: float = 10) -> dict[str, Any]:
        """The first of all that was told that is wanted; Failed if it does not come in time."""
        end = time.monotonic() + seconds
        with self.news:
            while True:
                if found := next((told for told in self.heard if wanted(told)), None):
                    return found
                if not self.news.wait(end - time.monotonic()):
                    raise Failed(f"{self.username} was not told in {seconds:.0f} s: {what}; heard {self.heard[-3:]}")
