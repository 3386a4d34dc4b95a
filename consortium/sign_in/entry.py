"""Coming in: from a checked password, by way of the second factor, to a session; and what a session may do until then.

After the password alone nobody is signed in: the session remembers for a few minutes whose factor is awaited. Where a
second factor is compulsory (`settings.MFA`) and none is enrolled, one is signed in for enrolling and nothing else.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import login, logout
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import trail
from consortium.access import Actor
from consortium.errors import Code, Refused
from consortium.models import Outcome, Person, Way
from consortium.sign_in import factors, guesses, sessions

AWAITED = "awaited"  # in the session: whose factor is awaited, after which way in, since when
BACKEND = "django.contrib.auth.backends.ModelBackend"


def admit(request: Any, person: Person, way: Way, *, enough: bool = False) -> list[Way]:
    """Let somebody in who has shown one thing, or two at once (`enough`); else the factors of which one is awaited."""
    wanted = [] if enough else factors.ways(person)
    if wanted:
        logout(request)
        request.session[AWAITED] = {"person": person.pk, "way": way, "at": timezone.now().isoformat()}
        return wanted
    enter(request, person, way, factor=way if enough else None)
    return []


def awaited(request: Any) -> Person | None:
    """Whose second factor is awaited in this session; nobody if it was awaited for too long."""
    kept = request.session.get(AWAITED)
    if not kept:
        return None
    if timezone.now() - datetime.fromisoformat(kept["at"]) > timedelta(seconds=settings.FACTOR_SECONDS):
        del request.session[AWAITED]
        return None
    return Person.objects.filter(pk=kept["person"], is_active=True).first()


def expected(request: Any) -> Person:
    """The same; UNAUTHENTICATED if nobody's is."""
    person = awaited(request)
    if person is None:
        raise Refused(Code.UNAUTHENTICATED, _("登录步骤已超时，请重新输入用户名和密码。"))
    return person


def show_factor(request: Any, *, code: str | None, credential: dict[str, Any] | None) -> Person:
    """Let the awaited person in for a factor that was shown rightly."""
    person = expected(request)
    way = factors.show(request, person, code=code, credential=credential)
    del request.session[AWAITED]
    enter(request, person, way, factor=way)
    return person


def enter(request: Any, person: Person, way: Way, *, factor: Way | None) -> None:
    """Begin a session under a new key, and write it down where its owner and the auditor see it."""
    address, agent = guesses.address_of(request), guesses.agent_of(request)
    login(request, person, backend=BACKEND)  # which takes another key
    request.session.begin(address=address, agent=agent, factor=factor or "")
    guesses.note(request, person, way, Outcome.DONE)
    by = Actor(person, request_id=request.trace)
    trail.audit(by, "sign_in", person, role=None, purpose="SIGN_IN", patient_id=None, now=request.now)


def must_enrol(session: Any) -> bool:
    """Whether a second factor is compulsory and this session has seen none."""
    return settings.MFA and not session.get(sessions.FACTOR)


def require_factor(session: Any) -> None:
    """SECOND_FACTOR_NEEDED in a session that may only enrol one."""
    if must_enrol(session):
        raise Refused(Code.SECOND_FACTOR_NEEDED, _("本系统要求二次验证：请先添加动态验证码或安全密钥，再继续使用。"))


def require_fresh(session: Any) -> None:
    """UNAUTHENTICATED for what touches the ways in themselves, if the person showed who they are too long ago."""
    age = timezone.now() - sessions.signed_in_since(session)
    if age > timedelta(seconds=settings.FRESH_SECONDS):
        raise Refused(Code.UNAUTHENTICATED, _("为安全起见，请重新登录一次，再修改登录方式。"))


def enrolled(request: Any, way: Way) -> None:
    """Let the session in which a factor was just enrolled count as one in which it was shown."""
    request.session[sessions.FACTOR] = request.session.get(sessions.FACTOR) or way
