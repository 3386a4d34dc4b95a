"""What an asked hospital may read before it is chosen: the clinical facts, without who it is about."""

from typing import Any

from consortium.models import Patient
from referrals.content import UNKNOWN_NAME

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


def blinded(value: Any, patient: Patient) -> Any:
    """The same text, list or mapping with whatever names the patient or the guardian put out of sight."""
    if isinstance(value, str):
        for name in TELLING:
            word = getattr(patient, name) or ""
            if word and word != UNKNOWN_NAME:
                value = value.replace(word, HIDDEN)
        return value
    if isinstance(value, dict):
        return {key: blinded(inner, patient) for key, inner in value.items()}
    if isinstance(value, list):
        return [blinded(inner, patient) for inner in value]
    return value
