"""What makes a signed report checkable: one way to write it down, a hash over that, a code to ask by."""

import hmac
import json
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: none that is read as another
LENGTH = 12  # eleven drawn by lot and one that checks them
LOOKALIKES = str.maketrans("OIL", "011")


def canonical(value: Any) -> bytes:
    """The one way to write a value down: JSON in UTF-8, keys in order, no blanks."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(sealed: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical form, hexadecimal."""
    return sha256(canonical(sealed)).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two digests are equal, in a time that tells nothing."""
    return hmac.compare_digest(one, other)


def new_code() -> str:
    """A verification code that nobody can guess: 55 bits by lot and a check character."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return drawn + _check(drawn)


def read_code(text: str) -> str | None:
    """The code as it is stored, from what somebody typed; nothing if it cannot be one (a slip of one character)."""
    code = "".join(text.upper().split()).replace("-", "").translate(LOOKALIKES)
    if len(code) != LENGTH or not set(code) <= set(ALPHABET) or _check(code[:-1]) != code[-1]:
        return None
    return code


def printed_code(code: str) -> str:
    """The code in groups of four, as people read it."""
    return "-".join(code[start : start + 4] for start in range(0, LENGTH, 4))


def _check(drawn: str) -> str:
    """A character that differs when one other does; odd weights keep every slip visible in 32 symbols."""
    return ALPHABET[sum((2 * place + 1) * ALPHABET.index(sign) for place, sign in enumerate(drawn)) % 32]
