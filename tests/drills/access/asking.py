"""One person's questions at the edge, asked as the browser asks them, and every answer searched for marks."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest import mock
from uuid import uuid4

from schema import ids
from schema.views import gate
from tests.drills.access.marks import MARK, Mark, Sight
from tests.drills.access.tally import Tally
from tests.edge.client import Edge

AT_ONCE = 6  # rows asked for in one document
ABSENT = "absent"


@contextmanager
def clock(now: Any) -> Iterator[None]:
    """Every request within is made at one moment."""
    with mock.patch.object(gate, "moment", SimpleNamespace(now=lambda: now)):
        yield


@dataclass
class Asker:
    """Somebody at the edge, what the rule tells them, and the tally of what was found."""

    edge: Edge
    sight: Sight
    marks: dict[str, Mark]
    tally: Tally
    absent: dict[str, Any] = field(default_factory=dict)
    heard: list[str] | None = None  # every answer as text, where it is kept for a comparison

    def __post_init__(self) -> None:
        self.edge.client.raise_request_exception = False  # a fault is a difference, not the end

    @property
    def name(self) -> str:
        """Who asks."""
        return str(self.edge.person and self.edge.person.username)

    def ask(self, document: str, *, singly: bool = False, also: Iterable[str] = (), **variables: Any) -> dict[str, Any]:
        """The answer to a document; what it says is searched for marks that may not be said (but for `also`)."""
        response = self.edge.send({"query": document, "variables": variables})
        text = response.content.decode(errors="replace")
        self.hear(text, document, singly=singly, also=also)
        broken = response.status_code >= 500 or '"INTERNAL"' in text
        self.tally.none("too large", '"LIMIT_EXCEEDED"' in text, document[:200])
        self.tally.none("faults", broken, f"{self.name} asking {document[:300]}: {text[:200] if broken else ''}")
        return dict(response.json()) if response.headers["Content-Type"].startswith("application/") else {}

    def hear(self, text: str, about: str, *, singly: bool, also: Iterable[str] = ()) -> None:
        """Search what was said."""
        if self.heard is not None:
            self.heard.append(text)
        said = set(MARK.findall(text)) - set(also)
        leaked = {
            f"{found} = {at.model.__name__}.{at.column}"
            for found in said
            if (at := self.marks.get(found)) and not self.sight.told(at, singly=singly)
        }
        self.tally.none("texts said", leaked, f"to {self.name} by {about[:90]}")

    def rows(
        self, query: str, kind: str, keys: Iterable[Any], selection: str, *, argument: str = "id"
    ) -> dict[Any, tuple[Any, str]]:
        """Of many rows by their keys: what was answered, and the error instead, its place in the document left out."""
        found: dict[Any, tuple[Any, str]] = {}
        wanted = list(keys)
        for start in range(0, len(wanted), AT_ONCE):
            part = wanted[start : start + AT_ONCE]
            variables = {f"i{n}": ids.encode(kind, key) for n, key in enumerate(part)}
            inner = " ".join(f"a{n}: {query}({argument}: $i{n}) {selection}" for n in range(len(part)))
            head = ", ".join(f"$i{n}: ID!" for n in range(len(part)))
            answer = self.ask(f"query({head}) {{ {inner} }}", singly=True, **variables)
            errors = {error["path"][0]: said(error) for error in answer.get("errors", ()) if error.get("path")}
            data = answer.get("data") or {}
            for n, key in enumerate(part):
                found[key] = data.get(f"a{n}"), errors.get(f"a{n}", "")
        return found

    def absence(self, query: str, kind: str, selection: str, *, argument: str = "id") -> str:
        """What is answered about something of a kind that does not exist."""
        if query not in self.absent:
            key = uuid4()
            self.absent[query] = self.rows(query, kind, [key], selection, argument=argument)[key][1]
        return str(self.absent[query])


def said(error: dict[str, Any]) -> str:
    """An error without its place in the document, which the asker chose."""
    return json.dumps([error["message"], error.get("extensions")], ensure_ascii=False, sort_keys=True)
