"""The one vocabulary of refusals: every anticipated failure of the whole API is a `Refused` with a stable `Code`."""

from enum import StrEnum
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import models


class Code(StrEnum):
    """Stable codes a program may branch on; the sentence beside a code is for people and may change."""

    ALREADY_VISITED = "ALREADY_VISITED"
    BAD_REQUEST = "BAD_REQUEST"
    BUSY = "BUSY"
    CHECKSUM_MISMATCH = "CHECKSUM_MISMATCH"
    COMMENT_REQUIRED = "COMMENT_REQUIRED"
    CONFLICT_OF_INTEREST = "CONFLICT_OF_INTEREST"
    CONSENT_REQUIRED = "CONSENT_REQUIRED"
    DOCUMENT_NOT_ALLOWED = "DOCUMENT_NOT_ALLOWED"
    FORBIDDEN = "FORBIDDEN"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    INCOMPLETE = "INCOMPLETE"
    INTERNAL = "INTERNAL"
    INVALID_INPUT = "INVALID_INPUT"
    INVALID_STATE = "INVALID_STATE"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    NO_CAPACITY = "NO_CAPACITY"
    NOT_FOUND = "NOT_FOUND"
    NOT_QUALIFIED = "NOT_QUALIFIED"
    OPEN_CASE_EXISTS = "OPEN_CASE_EXISTS"
    SECOND_FACTOR_NEEDED = "SECOND_FACTOR_NEEDED"
    SECOND_PERSON_NEEDED = "SECOND_PERSON_NEEDED"
    SLOT_TAKEN = "SLOT_TAKEN"
    STALE_VERSION = "STALE_VERSION"
    STORAGE_FULL = "STORAGE_FULL"
    TIMED_OUT = "TIMED_OUT"
    TOO_MANY_HOPS = "TOO_MANY_HOPS"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    UNAVAILABLE = "UNAVAILABLE"
    UNKNOWN_DOCUMENT = "UNKNOWN_DOCUMENT"


MEANINGS: dict[Code, str] = {
    Code.ALREADY_VISITED: "The patient has already been offered to that hospital; choose another.",
    Code.BAD_REQUEST: "The request itself cannot be read: body, media type, document or variables.",
    Code.BUSY: "Somebody else is doing just this; try again in a moment.",
    Code.CHECKSUM_MISMATCH: "What arrived is not what was announced; it was dropped, send it again.",
    Code.COMMENT_REQUIRED: "The chosen reason needs a sentence of explanation.",
    Code.CONFLICT_OF_INTEREST: "This person is tied to the sending hospital or stood aside; another must read.",
    Code.CONSENT_REQUIRED: "The patient's, or under 14 the guardian's, consent is not recorded.",
    Code.DOCUMENT_NOT_ALLOWED: "Only the documents of our own pages run here; a system needs a token for its own.",
    Code.FORBIDDEN: "You see the object, but your role there does not allow this step.",
    Code.IDEMPOTENCY_MISMATCH: "The idempotency key was already used with another input; take a new key.",
    Code.INCOMPLETE: "The draft still lacks something that this step needs; `field` names it.",
    Code.INTERNAL: "A fault on our side; nothing was changed. Quote the request id.",
    Code.INVALID_INPUT: "A value is not acceptable; `field` names it and the message says what is.",
    Code.INVALID_STATE: "The case is not in a state from which this step can be taken.",
    Code.LIMIT_EXCEEDED: "The request is larger, deeper or longer than the documented limit.",
    Code.NO_CAPACITY: "No free place is left for the needed capability, or no hand for another case; choose another.",
    Code.NOT_FOUND: "There is no such object for you.",
    Code.NOT_QUALIFIED: "The person does not read cases of this subspecialty for this department.",
    Code.OPEN_CASE_EXISTS: "The patient already has an open case; continue it, or say why a second one is needed.",
    Code.SECOND_FACTOR_NEEDED: "A second factor is compulsory and none is enrolled; enrol one first.",
    Code.SECOND_PERSON_NEEDED: "This step must be taken by somebody other than the author.",
    Code.SLOT_TAKEN: "The place is already booked for that time.",
    Code.STALE_VERSION: "Somebody changed the case since you read it; read it again and decide anew.",
    Code.STORAGE_FULL: "The server has no room left; what was received is kept, go on from there later.",
    Code.TIMED_OUT: "It took longer than allowed; nothing was changed. Ask for less, or again later.",
    Code.TOO_MANY_HOPS: "The case has been redirected as often as is allowed.",
    Code.UNAUTHENTICATED: "Nobody is signed in, or the token is unknown, expired or revoked.",
    Code.UNAVAILABLE: "Too much is under way, or the database is away; nothing was changed. Try again soon.",
    Code.UNKNOWN_DOCUMENT: "The page asks by a `documentId` that this version does not know; reload the page.",
}

RowT = TypeVar("RowT", bound=models.Model)


class Refused(Exception):
    """An anticipated refusal; it undoes the transaction and travels to the client as data."""

    def __init__(self, code: Code, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = str(message)
        self.field = field


def checked(row: RowT) -> RowT:
    """The same row, its plain values held against the limits of the columns; INVALID_INPUT names a bad one."""
    unchecked = {
        field.name
        for field in row._meta.concrete_fields
        if field.is_relation or field.value_from_object(row) in field.empty_values
    }
    try:
        row.clean_fields(exclude=unchecked)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Refused(Code.INVALID_INPUT, messages[0], field=field) from error
    return row
