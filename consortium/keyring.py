"""The keys of stored numbers: read from the environment or a file when the settings are made, never from the database.

The form is JSON: `{"seal": {"1": KEY}, "index": {"1": KEY}}`, each KEY 32 random bytes in base64 under a number from 1
to 255. The highest number is used anew, unless `seal_with` or `index_with` names another: so that every process can
know a key before the first one uses it. `python -m consortium.keyring` prints new keys; with a file of keys, the same
and one more for each purpose. This module imports nothing of Django, because the settings import it.
"""

import base64
import binascii
import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SIZE = 32  # bytes: AES-256, HMAC-SHA-256
PURPOSES = ("seal", "index")


class KeysMissing(ValueError):
    """There are no usable keys; the sentence says what to do."""


@dataclass(frozen=True, eq=False)
class Keys:
    """The known keys of one purpose by number, and the number of the one that is used anew."""

    known: Mapping[int, bytes] = field(repr=False)
    current: int


@dataclass(frozen=True)
class Keyring:
    """The keys that numbers are sealed with, and those of their blind index."""

    seal: Keys
    index: Keys


def read(text: str) -> Keyring:
    """The keys written in this text; KeysMissing with what is wrong with it, without a word of it."""
    try:
        given = json.loads(text)
        return Keyring(*(_keys(given, purpose) for purpose in PURPOSES))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise KeysMissing(
            'The keys must be JSON such as {"seal": {"1": "…"}, "index": {"1": "…"}}, each of them 32 random bytes in '
            "base64 under a number from 1 to 255; `python -m consortium.keyring` prints new ones."
        ) from error


def _keys(given: Mapping[str, Any], purpose: str) -> Keys:
    known = {int(number): base64.b64decode(key, validate=True) for number, key in given[purpose].items()}
    current = int(given.get(f"{purpose}_with", max(known)))
    if current not in known or any(len(key) != SIZE for key in known.values()) or not set(known) <= set(range(1, 256)):
        raise binascii.Error(purpose)
    return Keys(known, current)


def made(text: str = "") -> str:
    """The same keys with one more for each purpose, or new ones if none are given.

    The former ones stay in use until `seal_with` and `index_with` are changed or taken out, so that every process can
    learn the new keys before the first one writes with them.
    """
    given: dict[str, Any] = json.loads(text) if text else {}
    for purpose in PURPOSES:
        keys = given.setdefault(purpose, {})
        if keys:
            given[f"{purpose}_with"] = given.get(f"{purpose}_with", max(map(int, keys)))
        keys[str(max(map(int, keys), default=0) + 1)] = base64.b64encode(secrets.token_bytes(SIZE)).decode()
    return json.dumps(given, indent=1)


def load(*, text: str, file: Path | None, own: Path | None) -> Keyring:
    """The keys of the environment, or of the file it names; else of an installation's own file, made if there is none.

    KeysMissing without any of them: production has no file of its own.
    """
    if text:
        return read(text)
    if file is None and own is None:
        raise KeysMissing(
            "Set one of them: identity numbers and telephone numbers are stored encrypted, and "
            "production needs keys of its own; `python -m consortium.keyring` prints new ones."
        )
    if file is None:
        assert own is not None  # noqa: S101 - told above
        _make(own)
        file = own
    try:
        return read(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise KeysMissing(f"The key file {file} cannot be read: {error.strerror}.") from error


def _make(file: Path) -> None:
    """A file of new keys that its owner alone may read, unless there is one; of two processes one makes it."""
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(made())
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


if __name__ == "__main__":
    sys.stdout.write(made(Path(sys.argv[1]).read_text(encoding="utf-8") if sys.argv[1:] else "") + "\n")
