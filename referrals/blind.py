"""What an asked hospital may read before it is chosen: the clinical facts, without who it is about."""

import re
from collections.abc import Iterator
from typing import Any

from referrals.content import SELF, UNKNOWN_NAME
from referrals.models import Referral

HIDDEN = "＊＊＊"
TELLING = (
    "name",
    "id_number",
    "temporary_identity",
    "phone",
    "address",
    "guardian_name",
    "guardian_phone",
)
APART = r"[\s·•・.－\-—_]"  # what people put between the parts of a name or a number
# Identity and mobile numbers of anybody: who the patient is may be registered later, or never.
NUMBERS = "|".join(
    (
        rf"(?<!\d)\d{{6}}{APART}?\d{{8}}{APART}?\d{{3}}[\dX](?!\d)",
        rf"(?<!\d)[1１][3-9３-９]\d{APART}?\d{{4}}{APART}?\d{{4}}(?!\d)",
    )
)


def blinded(value: Any, referral: Referral) -> Any:
    """The same text, list or mapping without what names the patient, the guardian or who consented, however spaced."""
    return _hidden(value, re.compile("|".join([*_words(referral), NUMBERS]), re.IGNORECASE))


def _words(referral: Referral) -> Iterator[str]:
    """Patterns of the words that tell whose leg it is, the longest first, so that none leaves a part of another."""
    given = {getattr(referral.patient, name) or "" for name in TELLING} | {referral.consent_by}
    for word in sorted(given - {UNKNOWN_NAME, *SELF}, key=len, reverse=True):
        if parts := [_either_width(char) for char in word if not re.match(APART, char)]:
            yield f"{APART}*".join(parts)


def _either_width(char: str) -> str:
    """A pattern of a character, typed in half or in full width."""
    return f"[{re.escape(char)}{chr(ord(char) + 0xFEE0)}]" if "!" <= char <= "~" else re.escape(char)


def _hidden(value: Any, telling: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return telling.sub(HIDDEN, value)
    if isinstance(value, dict):
        return {key: _hidden(inner, telling) for key, inner in value.items()}
    if isinstance(value, list):
        return [_hidden(inner, telling) for inner in value]
    return value
