"""The endpoint as a machine on the network meets it: real processes, real sockets, suites that others wrote."""

import base64
import secrets

from consortium import keyring


def production() -> dict[str, str]:
    """The variables that production cannot do without, with keys of their own."""
    return {
        "REFNET_PRODUCTION": "1",
        "REFNET_HOSTS": "x.example",
        "REFNET_SECRET_KEY": secrets.token_urlsafe(60),
        "REFNET_AUDIT_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "REFNET_KEYS": keyring.made(),
    }
