"""Changing the keys of stored numbers while the service runs: in batches that each commit, to be begun again anywhere.

What is left to do is asked of the rows themselves, so an interruption at any moment loses at most one batch of work.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models, transaction
from django.db.models import Count, Q

from consortium import cipher
from consortium.models.sealed import BlindIndexField, EncryptedField

BATCH = 500  # rows in one transaction
MOST_STUCK = 1000  # with so many that do not open the key is missing, and the rest need not be tried


def sealed_models() -> Iterator[tuple[type[models.Model], list[Any]]]:
    """Every model with encrypted columns or blind indexes, with those columns."""
    for model in apps.get_models():
        fields = [each for each in model._meta.local_fields if isinstance(each, EncryptedField | BlindIndexField)]
        if fields:
            yield model, fields


def outdated(fields: list[Any]) -> Q:
    """The condition that a row holds something under another cipher or key than the ones in use."""
    found = Q(pk__in=[])
    for each in fields:
        part, now = ("head", cipher.head()) if isinstance(each, EncryptedField) else ("key", cipher.mark("")[:1])
        found |= Q(**{f"{each.name}__isnull": False}) & ~Q(**{f"{each.name}__{part}__in": [now, b""]})
    return found


def in_use() -> dict[tuple[str, str], int]:
    """How many values there are by column and by what sealed or marked them: `cipher 1, key 2` or `index key 1`."""
    found: dict[tuple[str, str], int] = {}
    for model, fields in sealed_models():
        for each in fields:
            part = "head" if isinstance(each, EncryptedField) else "key"
            rows = model._default_manager.filter(**{f"{each.name}__isnull": False}).order_by()
            for head, count in rows.values_list(f"{each.name}__{part}").annotate(count=Count("pk")):
                if begin := bytes(head):
                    by = f"cipher {begin[0]}, key {begin[1]}" if part == "head" else f"index key {begin[0]}"
                    found[f"{model._meta.db_table}.{each.column}", by] = count
    return found


def rotate(*, batch: int = BATCH, progress: Callable[[int, int], None]) -> list[str]:
    """Seal and mark anew whatever is not under the keys in use; returns the rows that do not open, as `table key`."""
    stuck: list[str] = []
    for model, fields in sealed_models():
        rows = model._default_manager.filter(outdated(fields)).order_by("pk")
        done, total, failed = 0, rows.count(), set[UUID]()
        while True:
            with transaction.atomic():
                some = list(rows.exclude(pk__in=failed).select_for_update(no_key=True)[:batch])
                for row in some:
                    if not _anew(row, fields):
                        failed.add(row.pk)
            if not some or len(failed) > MOST_STUCK:
                break
            done += len(some)
            progress(done, max(done, total))
        stuck += [f"{model._meta.db_table} {key}" for key in sorted(failed)]
    return stuck


def _anew(row: models.Model, fields: list[Any]) -> bool:
    """Store the row's sealed columns under the keys in use; False if one of them does not open."""
    try:
        row.save(update_fields=[each.name for each in fields])
    except cipher.Unopened:
        return False
    return True
