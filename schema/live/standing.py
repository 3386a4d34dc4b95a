"""Whom a stream speaks to, asked again as long as it lives: what it was opened with may end at any moment."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY
from django.utils.crypto import constant_time_compare

from consortium import access, tokens
from consortium.access import Actor
from consortium.models import Person, Session


@dataclass(frozen=True)
class Credential:
    """A session or a token, with which a stream was opened."""

    person: int
    session: str = ""
    session_hash: str = ""
    digest: bytes = b""
    scopes: frozenset[str] | None = None


def credential(request: Any) -> Credential:
    """What an admitted request came with."""
    by = request.actor
    if bearer := request.headers.get("Authorization", ""):
        secret = bearer.partition(" ")[2].strip()
        return Credential(by.person.pk, digest=tokens.digest(secret), scopes=by.scopes)
    return Credential(by.person.pk, request.session.session_key, request.session[HASH_SESSION_KEY])


def actors(credentials: Collection[Credential], *, now: datetime) -> dict[Credential, Actor]:
    """Those of many credentials that still count, each with its actor as of now; by four statements at most."""
    people = {p.pk: p for p in Person.objects.filter(pk__in={c.person for c in credentials}, is_active=True)}
    acting = access.actors(people.values(), now=now)
    keys = {c.session for c in credentials if c.session}
    sessions = set(
        Session.objects.filter(session_key__in=keys, expire_date__gt=now).values_list("session_key", flat=True)
    )
    digests = tokens.working({c.digest for c in credentials if c.digest}, now=now)

    def counts(given: Credential) -> bool:
        if given.person not in people:
            return False
        if given.digest:
            return given.digest in digests
        unchanged = constant_time_compare(people[given.person].get_session_auth_hash(), given.session_hash)
        return given.session in sessions and unchanged

    return {c: access.narrowed(acting[c.person], c.scopes) for c in credentials if counts(c)}
