"""How numbers of people are stored: encrypted and bound to their row, and found again by a blind index.

An envelope is `algorithm | key number | nonce and ciphertext with its tag`. What it is bound to (table, column, key of
the row) and its own head are associated data: moved to another row or column it does not open.
"""

import hmac
import secrets
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.module_loading import import_string

from consortium.keyring import Keys

HEAD = 2  # bytes: the algorithm and the number of the key
NONCE = 12


class Unopened(ValueError):
    """A sealed value does not open: it was altered or moved, or its key is not known here."""


class Cipher(ABC):
    """One algorithm over the known keys; another one (SM4, a hardware module) gives a number and two methods."""

    ALGORITHM: int  # 1 to 255, for ever the same: the first byte of what it sealed

    def __init__(self, keys: Keys) -> None:
        """Take the keys; a hardware module may take their bytes for the names of its own."""
        self.keys = keys

    @property
    def head(self) -> bytes:
        """How everything begins that is sealed now."""
        return bytes((self.ALGORITHM, self.keys.current))

    def seal(self, text: str, *, place: bytes) -> bytes:
        """The envelope of a text, bound to its place; the same text never gives the same envelope."""
        return self.head + self.encrypt(self.keys.known[self.keys.current], text.encode(), self.head + place)

    def open(self, sealed: bytes, *, place: bytes) -> str:
        """The text of an envelope at its place; Unopened if it was altered, moved, or sealed under an unknown key."""
        head, body = sealed[:HEAD], sealed[HEAD:]
        key = self.keys.known.get(head[1]) if len(head) == HEAD else None
        if key is None:
            raise Unopened("the key of a sealed value is not among the known ones (REFNET_KEYS, REFNET_KEY_FILE)")
        return self.decrypt(key, body, head + place).decode()

    @abstractmethod
    def encrypt(self, key: bytes, text: bytes, bound: bytes) -> bytes:
        """What may be stored of a text, with all that is needed to open and to check it but the key."""

    @abstractmethod
    def decrypt(self, key: bytes, body: bytes, bound: bytes) -> bytes:
        """The text again; Unopened if anything of it is not as it was."""


class AesGcm(Cipher):
    """AES-256-GCM (NIST SP 800-38D) with a nonce of 96 random bits."""

    ALGORITHM = 1

    def encrypt(self, key: bytes, text: bytes, bound: bytes) -> bytes:
        """Nonce, ciphertext, tag."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + AESGCM(key).encrypt(nonce, text, bound)

    def decrypt(self, key: bytes, body: bytes, bound: bytes) -> bytes:
        """The text, if the tag is right."""
        try:
            return AESGCM(key).decrypt(body[:NONCE], body[NONCE:], bound)
        except (InvalidTag, ValueError) as error:
            raise Unopened("a sealed value was altered or moved, or its key is another one") from error


def _ciphers() -> tuple[Cipher, ...]:
    """The cipher of the settings, which seals, and those that may only have sealed before it."""
    return _made(tuple(settings.CIPHERS), settings.KEYRING.seal)


@cache
def _made(paths: tuple[str, ...], keys: Keys) -> tuple[Cipher, ...]:
    return tuple(import_string(path)(keys) for path in paths)


def head() -> bytes:
    """How everything begins that is sealed now."""
    return _ciphers()[0].head


def seal(text: str, *, place: bytes) -> bytes:
    """The envelope of a text, bound to its place."""
    return _ciphers()[0].seal(text, place=place)


def unseal(sealed: bytes, *, place: bytes) -> str:
    """The text of an envelope at its place, whichever of the ciphers sealed it; Unopened otherwise."""
    for each in _ciphers():
        if sealed[:1] == bytes((each.ALGORITHM,)):
            return each.open(sealed, place=place)
    raise Unopened("a value was sealed by a cipher that is not among the known ones (REFNET_CIPHER)")


def mark(text: str) -> bytes:
    """The blind index of a text: the number of the index key and HMAC-SHA-256 of the normalised text, 33 bytes."""
    return _mark(text, settings.KEYRING.index.current)


def marks(text: str) -> Sequence[bytes]:
    """The blind index under every known key: what a stored one may be while the key is changed."""
    return [_mark(text, number) for number in sorted(settings.KEYRING.index.known)]


def _mark(text: str, number: int) -> bytes:
    normal = "".join(text.split()).upper().encode()
    return bytes((number,)) + hmac.digest(settings.KEYRING.index.known[number], normal, sha256)
