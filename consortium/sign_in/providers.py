"""The hospitals' own sign-ins that are configured: `REFNET_OIDC`, a JSON list; read with the settings, asks nobody."""

import json
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

ID = re.compile(r"[a-z0-9-]{1,40}")
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Provider:
    """One hospital's OpenID Connect provider."""

    id: str  # in addresses and with the identities; never change it
    name: str  # on the button
    issuer: str
    client_id: str
    client_secret: str
    hospital: str = ""  # its unified social credit code, the home of accounts made at the first sign-in
    claim: str = "sub"  # the claim that tells who somebody is: the subject, or an employee number
    mfa: bool = False  # it asks for a second factor itself, so ours is not asked
    create: bool = False  # make an account, without any role, for somebody who is not registered


def providers(text: str) -> dict[str, Provider]:
    """The providers by their ids; ImproperlyConfigured says what is wrong."""
    try:
        rows = json.loads(text)
        if not isinstance(rows, list):
            raise TypeError("no list")
        found = [Provider(**each) for each in rows]
    except (ValueError, TypeError) as error:
        raise ImproperlyConfigured(
            "REFNET_OIDC must be a JSON list of objects with id, name, issuer, client_id, client_secret and perhaps "
            f"hospital, claim, mfa, create: {error}"
        ) from error
    for one in found:
        if not ID.fullmatch(one.id):
            raise ImproperlyConfigured(f"REFNET_OIDC: the id {one.id!r} must be of a-z, 0-9 and -, at most 40.")
        address = urlsplit(one.issuer)
        if address.scheme != "https" and not (address.scheme == "http" and address.hostname in LOOPBACK):
            raise ImproperlyConfigured(f"REFNET_OIDC: the issuer of {one.id} must be https.")
    if len({one.id for one in found}) < len(found):
        raise ImproperlyConfigured("REFNET_OIDC: two providers have one id.")
    return {one.id: one for one in found}
