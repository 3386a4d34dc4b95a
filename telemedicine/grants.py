"""A grant to see one slide for a few minutes, so that a thousand tiles need not be asked for a thousand times.

A grant is a signed text: person, image, and the session or token that asked for it. It proves nothing by itself: each
process asks the database whether person, role, case and credential still stand, and trusts the answer for
`TRUST_SECONDS`. So what is revoked ends within that time, everywhere, and at once where nobody asked lately.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

from django.conf import settings
from django.core import signing

from consortium import access, tokens
from consortium.access import Actor
from consortium.database.acting import acting
from consortium.models import Person, Session
from telemedicine.models import PathologyCase, SlideImage

SALT = "refnet.slide"
REMEMBERED = 10_000  # answers that a process keeps


@dataclass(frozen=True)
class Grant:
    """Who may see which image, by which credential, and until when."""

    person: int
    image: UUID
    credential: str  # "s:" and the digest of a session key, or "t:" and that of a token
    ends_at: datetime


def find_image(*, by: Actor, id: UUID) -> SlideImage:
    """The image for somebody who sees its case in full; NOT_FOUND otherwise, also when its files are gone."""
    image = SlideImage.objects.select_related("case").filter(pk=id, removed_at=None).first()
    if image is None or not access.visible_in_full(by, PathologyCase).filter(pk=image.case_id).exists():
        raise access.not_found()
    return image


def by_session(key: str) -> str:
    """The credential of a browser's session."""
    return f"s:{tokens.digest(key).hex()}"


def by_token(secret: str) -> str:
    """The credential of a system's token."""
    return f"t:{tokens.digest(secret).hex()}"


def issue(*, by: Actor, image: SlideImage, credential: str, now: datetime) -> tuple[str, Grant]:
    """A signed grant for an image that the actor was found to see."""
    ends_at = now + timedelta(seconds=settings.GRANT_SECONDS)
    grant = Grant(by.person.pk, image.pk, credential, ends_at)  # type: ignore[union-attr]
    told = [grant.person, image.pk.hex, credential, int(ends_at.timestamp())]
    trusted.remember(grant)
    return signing.dumps(told, salt=SALT), grant


def read(text: str, *, image: UUID, now: datetime) -> Grant | None:
    """The grant of a signed text, if it is ours, for this image, and not over."""
    try:
        person, shown, credential, ends = signing.loads(text, salt=SALT)
    except (signing.BadSignature, ValueError):
        return None
    grant = Grant(person, UUID(hex=shown), credential, datetime.fromtimestamp(ends, tz=now.tzinfo))
    return grant if grant.image == image and grant.ends_at > now else None


class Trusted:
    """What this process asked the database lately; only that somebody may, never that somebody may not."""

    def __init__(self) -> None:
        self._until: OrderedDict[Grant, float] = OrderedDict()
        self._lock = Lock()

    def remember(self, grant: Grant) -> None:
        """Trust a grant for a while; the oldest is forgotten."""
        with self._lock:
            self._until[grant] = time.monotonic() + settings.TRUST_SECONDS
            self._until.move_to_end(grant)
            while len(self._until) > REMEMBERED:
                self._until.popitem(last=False)

    def __contains__(self, grant: Grant) -> bool:
        return self._until.get(grant, 0.0) > time.monotonic()

    def forget(self) -> None:
        """Ask anew about everything."""
        self._until.clear()


trusted = Trusted()


def trusts(grant: Grant, *, session_key: str) -> bool:
    """Whether this process found lately that a grant counts, and it comes in the session that it was made for."""
    return in_its_session(grant, session_key) and grant in trusted


def in_its_session(grant: Grant, session_key: str) -> bool:
    """Whether a session's grant comes in that session; a token's may come in any."""
    return not grant.credential.startswith("s:") or grant.credential == by_session(session_key)


def holds(grant: Grant, *, session_key: str, now: datetime) -> bool:
    """Whether a grant still counts: its person, roles and case as the database has them, or had them a moment ago.

    `session_key` is the session that the request carries, if any: a session's grant counts in that session alone.
    """
    if not in_its_session(grant, session_key):
        return False
    if grant in trusted:
        return True
    by = holder(grant, session_key, now)
    if by is None:
        return False
    with acting(by):
        cases = access.visible_in_full(by, PathologyCase).values("pk")
        if not SlideImage.objects.filter(pk=grant.image, removed_at=None, case__in=cases).exists():
            return False
    trusted.remember(grant)
    return True


def holder(grant: Grant, session_key: str, now: datetime) -> Actor | None:
    """Who holds a grant, as an actor of this moment; nobody if the account or the credential has ended."""
    kind, _colon, digest = grant.credential.partition(":")
    if kind == "t":
        found = tokens.owner_of(bytes.fromhex(digest), now=now)
        if found is None or found[0].pk != grant.person:
            return None
        return access.actor(found[0], now=now, scopes=found[1])
    person = Person.objects.filter(pk=grant.person, is_active=True).first()
    if person is None or not Session.objects.filter(session_key=session_key, expire_date__gt=now).exists():
        return None
    return access.actor(person, now=now)
