"""Guessing at the door: what was tried is written down, and too much of it closes the door for a while.

Passwords are counted by django-axes for a name at an address, whether anybody has that name or not; second factors for
a person, wherever they are tried.
"""

from datetime import datetime, timedelta
from ipaddress import ip_address
from math import ceil
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium.errors import Code, Refused
from consortium.models import Outcome, Person, SignIn, Way
from consortium.models.sign_in import FACTORS, PASSED

LONGEST_NAME = 255  # of what is typed as a name; none that exists is as long


def address_of(request: Any) -> str | None:
    """The address of a client: the one that the last of our own proxies saw, `settings.PROXIES` hops away."""
    given = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    hops = [*given, request.META.get("REMOTE_ADDR", "")]
    try:
        return str(ip_address(hops[max(0, len(hops) - 1 - settings.PROXIES)]))
    except ValueError:
        return None


def agent_of(request: Any) -> str:
    """How a browser names itself, without what no database takes."""
    return str(request.META.get("HTTP_USER_AGENT", "")).replace("\x00", "")[:200]


def note(request: Any, person: Person | None, way: Way, outcome: Outcome) -> None:
    """Write an attempt down."""
    SignIn.objects.create(
        person=person,
        at=timezone.now(),
        way=way,
        outcome=outcome,
        address=address_of(request),
        agent=agent_of(request),
    )


def is_locked(request: Any, username: str) -> bool:
    """Whether a name may be tried no more from this address for now."""
    return bool(AxesProxyHandler.is_locked(request, {"username": username}))


def locked_name(request: Any, username: str) -> Refused:
    """The refusal of a name that was tried too often from here, with the minutes until it may be tried again."""
    tried = AccessAttempt.objects.filter(username=username, ip_address=address_of(request))
    last = max(tried.values_list("attempt_time", flat=True), default=timezone.now())
    return _locked(last)


def may_try_factor(person: Person) -> None:
    """LIMIT_EXCEEDED when a person's second factor was tried too often of late, with the minutes until it may be."""
    since = timezone.now() - settings.AXES_COOLOFF_TIME
    rows = SignIn.objects.filter(person=person, at__gte=since)
    passed = rows.filter(PASSED).order_by("-at").values_list("at", flat=True).first()
    wrong = rows.filter(way__in=FACTORS, outcome=Outcome.WRONG, at__gt=passed or since)
    tried = list(wrong.order_by("-at").values_list("at", flat=True)[: settings.AXES_FAILURE_LIMIT])
    if len(tried) >= settings.AXES_FAILURE_LIMIT:
        raise _locked(tried[0])


def forget(person: Person) -> None:
    """Let a person try again at once."""
    AccessAttempt.objects.filter(username=person.username).delete()
    SignIn.objects.create(person=person, at=timezone.now(), way=Way.PASSWORD, outcome=Outcome.UNLOCKED)


def _locked(last: datetime) -> Refused:
    left: timedelta = last + settings.AXES_COOLOFF_TIME - timezone.now()
    minutes = max(1, ceil(left.total_seconds() / 60))
    return Refused(
        Code.LIMIT_EXCEEDED,
        _("尝试次数过多，请 {minutes} 分钟后再试；急需登录请联系安全管理员解锁。").format(minutes=minutes),
    )
