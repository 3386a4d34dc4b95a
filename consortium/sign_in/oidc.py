"""A hospital's own sign-in by OpenID Connect: code flow with state, nonce and PKCE; who comes must be known before.

The protocol is Authlib's: discovery, the exchange of the code, and the checks of the signed identity token (issuer,
audience, nonce, time). State, nonce and verifier lie in the session of the browser that began.
"""

import logging
from functools import cache
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from joserfc.errors import JoseError

from consortium import trail
from consortium.access import Actor
from consortium.errors import Code, Refused
from consortium.models import Hospital, HospitalIdentity, Outcome, Person, Way
from consortium.sign_in import guesses
from consortium.sign_in.providers import Provider

TIMEOUT = 10  # seconds for one request to a provider
logger = logging.getLogger("refnet.oidc")


def provider(id: str) -> Provider:
    """The provider of an id; NOT_FOUND if there is none."""
    found = settings.OIDC.get(id)
    if found is None:
        raise Refused(Code.NOT_FOUND, _("没有配置该统一认证入口。"), field="provider")
    return found


@cache
def _client(one: Provider) -> Any:
    return OAuth().register(
        one.id,
        client_id=one.client_id,
        client_secret=one.client_secret,
        server_metadata_url=f"{one.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "default_timeout": TIMEOUT},
    )


def begin(request: Any, one: Provider, *, back: str) -> str:
    """The address of the provider's page, with a state, a nonce and a challenge kept for its answer."""
    try:
        return str(_client(one).authorize_redirect(request, back).url)
    except (requests.RequestException, AuthlibBaseError, ValueError, RuntimeError) as error:
        logger.warning("provider %s: %s", one.id, error)
        raise Refused(Code.BUSY, _("统一认证暂时无法连接，请稍后再试或使用用户名登录。")) from error


def finish(request: Any, one: Provider) -> Person:
    """Who came back from the provider; UNAUTHENTICATED if it did not say so soundly, or said it of somebody unknown."""
    try:
        claims = _client(one).authorize_access_token(request).get("userinfo") or {}
    except (requests.RequestException, AuthlibBaseError, JoseError, ValueError, RuntimeError, KeyError) as error:
        logger.warning("provider %s: %s", one.id, error)
        raise Refused(Code.UNAUTHENTICATED, _("统一认证没有完成，请重新开始。")) from error
    subject = claims.get(one.claim)
    person = known(one, str(subject)) if subject else None
    if person is None and subject and one.create:
        person = made(request, one, str(subject), str(claims.get("name") or subject))
    if person is None or not person.is_active:
        guesses.note(request, person, Way.HOSPITAL, Outcome.WRONG)
        raise Refused(Code.UNAUTHENTICATED, _("统一认证已通过，但您的工号尚未在转诊协作网登记；请联系系统管理员。"))
    return person


def known(one: Provider, subject: str) -> Person | None:
    """Whom a subject was registered for, if anybody."""
    found = HospitalIdentity.objects.filter(provider=one.id, subject=subject).select_related("person").first()
    return found.person if found else None


def made(request: Any, one: Provider, subject: str, name: str) -> Person:
    """An account without any role for somebody who comes for the first time, where the provider is configured so."""
    with transaction.atomic():
        person = Person(
            username=f"{one.id}.{subject}"[:150],
            name=name[:60],
            home=Hospital.objects.filter(credit_code=one.hospital).first(),
        )
        person.set_unusable_password()
        person.save()
        HospitalIdentity.objects.create(person=person, provider=one.id, subject=subject)
        by = Actor(person, request_id=request.trace)
        trail.audit(by, "create_person", person, role=None, purpose="SIGN_IN", patient_id=None, now=request.now)
    return person
