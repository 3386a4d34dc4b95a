"""Bearer tokens of hospital systems: scoped, expiring, revocable, kept as a hash."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import BinaryField, DateTimeField, F, Q, QuerySet
from django.utils.translation import gettext as _

from consortium import access, trail
from consortium.access import Actor
from consortium.database.prepared import Bound, Standing
from consortium.errors import Code, Refused, checked
from consortium.models import ApiToken, Person
from consortium.roles import DOCUMENTS, SCOPES

PREFIX = "refnet_"
LONGEST = 366  # days


def issue_api_token(
    *, by: Actor, name: str, scopes: Sequence[str], expires_in_days: int, now: datetime, operator: bool = False
) -> tuple[ApiToken, str]:
    """A new token of the actor and its secret, which is not kept; INVALID_INPUT for an unknown scope or a long life.

    Only an operator of the service names an integrator: the scope `documents` is not for oneself to take.
    """
    if not name.strip():
        raise Refused(Code.INVALID_INPUT, _("请写明令牌的用途。"), field="name")
    if not scopes or not set(scopes) <= SCOPES.keys():
        raise Refused(
            Code.INVALID_INPUT, _("范围须从 {scopes} 中选择。").format(scopes=" / ".join(SCOPES)), field="scopes"
        )
    if DOCUMENTS in scopes and not operator:
        raise Refused(Code.INVALID_INPUT, _("范围 documents 只由运维在服务器上签发。"), field="scopes")
    if by.scopes is not None and not by.scopes.issuperset(scopes):  # a token passes on no more than it has
        raise access.forbidden()
    if not 1 <= expires_in_days <= LONGEST:
        raise Refused(
            Code.INVALID_INPUT, _("有效期须在 1 到 {days} 天之间。").format(days=LONGEST), field="expiresInDays"
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        person=by.person,
        name=name.strip(),
        digest=digest(secret),
        scopes=sorted(set(scopes)),
        created_at=now,
        expires_at=now + timedelta(days=expires_in_days),
    )
    checked(token).save(force_insert=True)
    trail.audit(by, "issue_api_token", token, role=None, purpose="ADMINISTRATION", patient_id=None, now=now)
    return token, secret


def revoke_api_token(*, by: Actor, id: UUID, now: datetime) -> ApiToken:
    """End one of the actor's own tokens now."""
    token = ApiToken.objects.select_for_update().filter(pk=id, person=by.person).first()
    if token is None:
        raise access.not_found()
    if token.revoked_at is None:
        token.revoked_at = now
        token.save(update_fields=["revoked_at"])
        trail.audit(by, "revoke_api_token", token, role=None, purpose="ADMINISTRATION", patient_id=None, now=now)
    return token


# With the roles of whose it is; nothing for somebody who holds none.
_WITH_ROLES = Standing(
    lambda: (
        access.held(Bound("now", DateTimeField()))
        .filter(
            _works(Bound("now", DateTimeField()), "person__tokens__"),
            person__tokens__digest=Bound("digest", BinaryField()),
        )
        .select_related("person")
        .annotate(token_scopes=F("person__tokens__scopes"))
    )
)


def actor(secret: str, *, now: datetime, request_id: str = "") -> Actor | None:
    """Whoever a token that works at this moment stands for, or nothing; by one statement if they hold a role."""
    roles = _WITH_ROLES.fetch(digest=digest(secret), now=now)
    if roles:
        person, scopes = roles[0].person, roles[0].token_scopes  # type: ignore[attr-defined]
        return access.in_roles(person, roles, now=now, request_id=request_id, scopes=scopes)
    found = owner_of(digest(secret), now=now)
    return access.in_roles(found[0], (), now=now, request_id=request_id, scopes=found[1]) if found else None


def owner_of(kept: bytes, *, now: datetime) -> tuple[Person, list[str]] | None:
    """The person and scopes of a token that works at this moment, by its digest; or nothing."""
    token = _working(now).filter(digest=kept).select_related("person").first()
    return (token.person, token.scopes) if token else None


def working(digests: Iterable[bytes], *, now: datetime) -> set[bytes]:
    """Those of many tokens, known by their digests, that work at this moment; by one statement."""
    return {bytes(found) for found in _working(now).filter(digest__in=digests).values_list("digest", flat=True)}


def _working(now: datetime) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(_works(now), person__is_active=True)


def _works(now: Any, path: str = "") -> Q:
    """The condition that a token works at a moment."""
    revoked = Q(**{f"{path}revoked_at__isnull": True}) | Q(**{f"{path}revoked_at__gt": now})
    return revoked & Q(**{f"{path}expires_at__gt": now})


def digest(secret: str) -> bytes:
    """What is kept of a token instead of its secret."""
    return sha256(secret.encode()).digest()
