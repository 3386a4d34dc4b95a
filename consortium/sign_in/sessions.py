"""Sessions of people: the engine that keeps them, how long they last, who has which, and how they end.

A session ends after `SESSION_IDLE` seconds without use and `SESSION_COOKIE_AGE` seconds after it began, by real time.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import CharField, DateTimeField

from consortium import moment
from consortium.database.prepared import Bound, Standing
from consortium.models import Person, Session

BEGAN, RENEWED = "began", "renewed"  # in the session: ISO 8601
ADDRESS, AGENT = "address", "agent"
FACTOR = "factor"  # the second factor that was shown, a value of Way
NOTED_EVERY = timedelta(minutes=1)  # use is written down no more often
GRACE = timedelta(seconds=10)  # how long the old key of a renewed session still serves requests on their way


_LASTING = Standing(
    lambda: Session.objects.filter(session_key=Bound("key", CharField()), expire_date__gt=Bound("at", DateTimeField()))
)


class SessionStore(DatabaseStore):
    """Rows of our own model, so that a session knows whose it is, since when, and until when it may live."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """The model that keeps them."""
        return Session

    until: datetime | None = None  # as the row said when it was read

    def _get_session_from_db(self) -> Any:
        row = next(iter(_LASTING.fetch(key=self.session_key, at=moment.real())), None)
        if row is None:
            self._session_key = None  # as Django's own: another one is made, and not under a key that a client chose
        self.until = row.expire_date if row else None
        return row

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """The row of the session as it is now."""
        began = data.setdefault(BEGAN, moment.real().isoformat())
        row = super().create_model_instance(data)
        row.person_id, row.began_at = data.get(SESSION_KEY), datetime.fromisoformat(began)  # type: ignore[attr-defined]
        return row

    def get_expiry_date(self, **given: Any) -> datetime:
        """When it ends if it is not used from now on; one whose key was given up lives on no longer."""
        now = moment.real()
        if self.until and self.until - now <= GRACE:
            return self.until
        began = datetime.fromisoformat(self.get(BEGAN) or now.isoformat())
        idle = timedelta(seconds=settings.SESSION_IDLE)
        return min(now + idle, began + timedelta(seconds=settings.SESSION_COOKIE_AGE))

    def get_expiry_age(self, **given: Any) -> int:
        """The same in seconds from now."""
        return max(0, int((self.get_expiry_date() - moment.real()).total_seconds()))

    def begin(self, *, address: str | None, agent: str, factor: str) -> None:
        """Count from now: somebody has just signed in."""
        now = moment.real().isoformat()
        self.update({BEGAN: now, RENEWED: now, ADDRESS: address, AGENT: agent[:200], FACTOR: factor})

    def renew(self) -> None:
        """Go on under another key; the old one serves for a moment what is already on its way."""
        until = moment.real() + GRACE
        claimed = Session.objects.filter(pk=self.session_key, expire_date__gt=until).update(expire_date=until)
        if claimed:  # of many requests at the same time one renews
            kept = dict(self.items())
            self.until = None
            self.create()
            self.update(kept | {RENEWED: moment.real().isoformat()})


def keep(session: Any, person: Person, *, quiet: bool = False, stream: bool = False) -> None:
    """Note that a session is used, unless the page asks by itself (`quiet`); renew it after a change of rights.

    The answer to a `stream` carries no cookie, so it cannot bring the new key.
    """
    renewed, changed = session.get(RENEWED), person.rights_changed_at
    if changed and not stream and (not renewed or datetime.fromisoformat(renewed) < changed):
        session.renew()
    elif not quiet and session.until and session.get_expiry_date() - session.until > NOTED_EVERY:
        session.modified = True


def of(person: Person) -> list[Session]:
    """The sessions in which somebody is signed in now, the latest first; keys that were given up are none."""
    lasting = Session.objects.filter(person=person, expire_date__gt=moment.real() + GRACE)
    return list(lasting.order_by("-began_at"))


def end(people: Iterable[Person], *, but: str | None = None) -> int:
    """End every session of some people, but for one by its key; how many ended."""
    rows = Session.objects.filter(person__in=[p.pk for p in people]).exclude(pk=but or "")
    if but:  # and but for the key that it had a moment ago
        rows = rows.exclude(expire_date__lte=moment.real() + GRACE)
    ended, _kinds = rows.delete()
    return ended


def signed_in_since(session: Any) -> datetime:
    """When the person of a session last showed who they are."""
    return datetime.fromisoformat(session.get(BEGAN) or "1970-01-01T00:00:00+00:00")
