"""Sessions of people: the engine that keeps them, how long they last, who has which, and how they end.

A session ends after `SESSION_IDLE` seconds without use and `SESSION_COOKIE_AGE` seconds after it began, by real time.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import CharField, DateTimeField, F
from django.utils.crypto import constant_time_compare

from consortium import access, moment
from consortium.database.prepared import Bound, Standing
from consortium.models import Person, PractitionerRole, Session

BEGAN, RENEWED = "began", "renewed"  # in the session: ISO 8601
ADDRESS, AGENT = "address", "agent"
FACTOR = "factor"  # the second factor that was shown, a value of Way
NOTED_EVERY = timedelta(minutes=1)  # use is written down no more often
GRACE = timedelta(seconds=10)  # how long the old key of a renewed session still serves requests on their way


_LASTING = Standing(
    lambda: Session.objects.filter(session_key=Bound("key", CharField()), expire_date__gt=Bound("at", DateTimeField()))
)
# The same by the roles of whom the session is, with the person: nothing for somebody who holds none.
_WITH_ROLES = Standing(
    lambda: (
        access.held(Bound("now", DateTimeField()))
        .filter(
            person__sessions__session_key=Bound("key", CharField()),
            person__sessions__expire_date__gt=Bound("at", DateTimeField()),
        )
        .select_related("person")
        .annotate(session_data=F("person__sessions__session_data"), until=F("person__sessions__expire_date"))
    )
)


class SessionStore(DatabaseStore):
    """Rows of our own model, so that a session knows whose it is, since when, and until when it may live."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """The model that keeps them."""
        return Session

    until: datetime | None = None  # as the row said when it was read
    moment: datetime | None = None  # of which the roles are wanted with it
    roles: Sequence[PractitionerRole] = ()  # that were read with it

    def _get_session_from_db(self) -> Any:
        row = self._with_roles() or next(iter(_LASTING.fetch(key=self.session_key, at=moment.real())), None)
        if row is None:
            self._session_key = None  # as Django's own: another one is made, and not under a key that a client chose
        self.until = row.expire_date if row else None
        return row

    def _with_roles(self) -> Session | None:
        if self.moment is None:
            return None
        self.roles = _WITH_ROLES.fetch(key=self.session_key, at=moment.real(), now=self.moment)
        found: Any = next(iter(self.roles), None)
        if found is None:
            return None
        return Session(pk=self.session_key, session_data=found.session_data, expire_date=found.until)

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


def recognise(request: Any) -> Sequence[PractitionerRole] | None:
    """The roles of whoever is signed in, with the person (`request.user`) and the session by one statement.

    None, and nothing recognised, of whom that statement does not tell or Django's own look at the session has to judge.
    """
    session = request.session
    session.moment = request.now
    known = session.get(SESSION_KEY), session.get(BACKEND_SESSION_KEY), session.get(HASH_SESSION_KEY, "")
    if not session.roles:
        return None
    person = session.roles[0].person
    same = known[0] == str(person.pk) and known[1] in settings.AUTHENTICATION_BACKENDS
    if not same or not constant_time_compare(known[2], person.get_session_auth_hash()):
        return None
    request.user = person
    return session.roles


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
