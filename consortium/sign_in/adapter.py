"""What django-allauth's second factors ask of us: how we are called, and how a secret is kept."""

from base64 import b64decode, b64encode
from hashlib import sha256
from secrets import token_bytes

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE = 12


def _cipher() -> AESGCM:
    return AESGCM(sha256(b"refnet second factor" + settings.SECRET_KEY.encode()).digest())


class Adapter(DefaultMFAAdapter):
    """Secrets of second factors lie encrypted in the database."""

    def encrypt(self, text: str) -> str:
        """AES-256-GCM under a key derived from `REFNET_SECRET_KEY`."""
        nonce = token_bytes(NONCE)
        return b64encode(nonce + _cipher().encrypt(nonce, text.encode(), None)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """What was encrypted."""
        sealed = b64decode(encrypted_text)
        return _cipher().decrypt(sealed[:NONCE], sealed[NONCE:], None).decode()

    def get_totp_issuer(self) -> str:
        """The name in an authenticator's list."""
        return settings.MFA_TOTP_ISSUER
