"""Non-interference: whatever happens to hidden rows, no answer to somebody who may not see them changes by a byte.

Left out is what is meant to follow from hidden rows: figures (for whoever may read figures), and the look-up of a
patient by the whole identity number (for whoever registers patients).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

from django.db import connection, transaction

from consortium.models import Event, Patient
from referrals.models import Case, ClinicalSummary, Offer, Referral
from telemedicine.models import PathologyCase
from tests.drills.access.asking import Asker
from tests.drills.access.marks import OWNER, Sight, unguarded, words
from tests.edge.many import copied, copies

_serial = count(1)
STATES = {"SENT": "IN_TRIAGE", "IN_TRIAGE": "SENT", "ASKED": "READ", "READ": "ASKED", "READING": "MORE_NEEDED"}


def undisturbed(asker: Asker, ask: Callable[[Asker], Any]) -> None:
    """Ask, disturb everything hidden, ask the same again, and put everything back."""
    before, after = replace(asker, heard=[], absent={}), replace(asker, heard=[], absent={})
    ask(before)
    with transaction.atomic():
        changed = disturb(asker.sight)
        ask(after)
        transaction.set_rollback(True)
    asker.tally.checks["answers undisturbed"] += len(before.heard or ())
    asker.tally.checks["hidden rows disturbed"] += changed
    asker.tally.same("number of answers", len(after.heard or ()), len(before.heard or ()), asker.name)
    for one, other in zip(before.heard or (), after.heard or (), strict=False):
        if one != other:
            at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
            asker.tally.differ(
                f"disturbed: to {asker.name} was said …{one[max(0, at - 120) : at + 60]}… "
                f"and then …{other[max(0, at - 20) : at + 60]}…"
            )


def disturb(sight: Sight) -> int:
    """Change texts, names, states, versions, times and priorities of all that is hidden, and add more of it."""
    facts = sight.facts
    open_threads = {case.thread for case in facts.requests.values() if sight.of(case)}
    hidden = [case for case in facts.requests.values() if case.thread not in open_threads]
    if not hidden:
        return 0
    keys = [case.id for case in hidden]
    threads = list({case.thread for case in hidden})
    seen_patients = {case.patient for case in facts.requests.values() if case.thread in open_threads}
    patients = list({case.patient for case in hidden} - seen_patients)
    summaries = [facts.legs[key].clinical for key in keys if key in facts.legs]
    more(hidden)
    owners = {ClinicalSummary: summaries}
    with unguarded(*OWNER, Case), connection.cursor() as cursor:
        for model in (ClinicalSummary, Referral, Offer, PathologyCase, Event):
            column = "subject_id" if model is Event else "id"
            said = [f"{c} = left(md5({c} || 'changed'), 20)" for c in words(model)]
            if model in (Referral, Offer, PathologyCase):
                states = " ".join(f"when '{one}' then '{other}'" for one, other in STATES.items())
                said += [f"status = case status {states} else status end", "version = version + 7"]
                said += ["priority = 5 - priority", "due_at = due_at - interval '9 days'"]
            if said:
                table = model._meta.db_table
                change = f"update {table} set {', '.join(said)} where {column} = any(%s)"  # noqa: S608 - names of ours
                cursor.execute(change, [owners.get(model, keys)])
        cursor.execute(
            "update referrals_case set opened_at = opened_at - interval '9 days' where id = any(%s)", [threads]
        )
    for row in Patient.objects.filter(pk__in=patients):
        row.name, row.sex = f"改{next(_serial)}", "UNKNOWN"
        row.save()
    return len(hidden)


def more(hidden: list[Any]) -> None:
    """Copies of hidden rows, newer and older ones, with numbers of their own."""
    keys = [case.id for case in hidden]
    for leg in Referral.objects.select_related(*Referral.LOADED).filter(pk__in=keys, pathway="ROUTINE")[:3]:
        copies(leg, [{"created_at": leg.created_at - timedelta(days=1)}])
    for case in PathologyCase.objects.filter(pk__in=keys)[:3]:
        PathologyCase.objects.bulk_create([copied(case, number=f"P-MORE-{next(_serial)}")])
