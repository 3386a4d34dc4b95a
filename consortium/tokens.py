"""Bearer tokens of hospital systems: scoped, expiring, revocable, kept as a hash."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from consortium import access, trail
from consortium.access import Actor
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


def owner(secret: str, *, now: datetime) -> tuple[Person, list[str]] | None:
    """The person and scopes of a token that works at this moment, or nothing."""
    return owner_of(digest(secret), now=now)


def owner_of(kept: bytes, *, now: datetime) -> tuple[Person, list[str]] | None:
    """The same by the digest of a token, for those who must ask again and do not keep its secret."""
    token = _working(now).filter(digest=kept).select_related("person").first()
    return (token.person, token.scopes) if token else None


def working(digests: Iterable[bytes], *, now: datetime) -> set[bytes]:
    """Those of many tokens, known by their digests, that work at this moment; by one statement."""
    return {bytes(found) for found in _working(now).filter(digest__in=digests).values_list("digest", flat=True)}


def _working(now: datetime) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(
        Q(revoked_at__isnull=True) | Q(revoked_at__gt=now), expires_at__gt=now, person__is_active=True
    )


def digest(secret: str) -> bytes:
    """What is kept of a token instead of its secret."""
    return sha256(secret.encode()).digest()
