"""One effect for one key: the first answer is kept with its key, in the transaction of its effect, for a while."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from consortium import moment
from consortium.errors import Code, Refused
from consortium.models import IdempotencyKey, Person, uuid7

CLAIM = """
insert into consortium_idempotencykey (id, person_id, key, fingerprint, subject_model, subject_id, created_at)
values (%s, %s, %s, %s, '', '', %s) on conflict do nothing
"""

PORTION = 1000  # rows


@dataclass(frozen=True)
class Remembered:
    """The answer that was given under a key, None if it is no longer kept, and what it was about."""

    answer: Any
    subject_id: str


def fingerprint(action: str, inputs: Any) -> bytes:
    """What makes two requests the same: the action and everything it was given, 32 bytes."""
    return sha256(json.dumps([action, inputs], sort_keys=True, default=str).encode()).digest()


def claim(person: Person, key: str, mark: bytes) -> Remembered | None:
    """Take a key for this transaction, or return what was answered under it before.

    A concurrent request with the same key waits here for the first one's end. IDEMPOTENCY_MISMATCH if the key served
    another input; INVALID_INPUT if it is empty or longer than 64 characters.
    """
    if not 1 <= len(key) <= 64:
        raise Refused(
            Code.INVALID_INPUT,
            _("每次提交须带幂等键：1 至 64 个字符，例如一个新生成的 UUID。"),
            field="idempotencyKey",
        )
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [uuid7(), person.pk, key, mark, moment.now()])
        if cursor.rowcount == 1:
            return None
    stored = IdempotencyKey.objects.get(person=person, key=key)
    if bytes(stored.fingerprint) != mark:
        raise Refused(
            Code.IDEMPOTENCY_MISMATCH,
            _("该幂等键已用于另一次提交；请为新的提交生成新的幂等键。"),
            field="idempotencyKey",
        )
    return Remembered(stored.answer, stored.subject_id)


def remember(person: Person, key: str, *, answer: Any, subject_id: str) -> None:
    """Keep the answer with its key, so that a repeated request is given it again."""
    IdempotencyKey.objects.filter(person=person, key=key).update(answer=answer, subject_id=subject_id)


@dataclass(frozen=True)
class Forgotten:
    """How many answers were emptied, and how many keys deleted."""

    answers: int
    keys: int


def forget(now: datetime) -> Forgotten:
    """Empty the answers older than `settings.ANSWER_HOURS`, delete the keys older than `settings.KEY_DAYS`.

    Between the two a repeat still has no second effect and is answered with the object as it is then.
    """
    kept = IdempotencyKey.objects.filter(
        answer__isnull=False, created_at__lt=now - timedelta(hours=settings.ANSWER_HOURS)
    )
    old = IdempotencyKey.objects.filter(created_at__lt=now - timedelta(days=settings.KEY_DAYS))
    keys = sum(IdempotencyKey.objects.filter(pk__in=some).delete()[0] for some in _portions(old))
    answers = sum(IdempotencyKey.objects.filter(pk__in=some).update(answer=None) for some in _portions(kept))
    return Forgotten(answers, keys)


def _portions(rows: QuerySet[IdempotencyKey]) -> Iterator[list[UUID]]:
    """The keys of the rows, so few at a time that nobody waits long for their locks."""
    while portion := list(rows.values_list("pk", flat=True)[:PORTION]):
        yield portion
