"""Many rows at little cost: copies of a referral that real steps brought into its state."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from itertools import count
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from consortium import search
from consortium.models import Event, Patient, uuid7
from referrals.models import Case, ClinicalSummary, Referral
from tests.world import id_number

_numbers = count(1)
FRAME = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")


def copied(row: Any, **changes: Any) -> Any:
    """A row like another, with a key of its own, not yet stored."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return type(row)(**values | {"id": uuid7()} | changes)


def copies(referral: Referral, varied: Iterable[dict[str, Any]]) -> list[Referral]:
    """Referrals like one, each of another patient and case, with the given differences; `name` is the patient's."""
    patients, cases, facts, legs, events = [], [], [], [], []
    trail = list(Event.objects.filter(subject_id=referral.pk).order_by("id"))
    for changes in varied:
        n, given = next(_numbers), dict(changes)
        name = given.pop("name", "孙多多")
        number = given.pop("id_number", id_number(date(1900, 1, 1) + timedelta(days=n), n))
        who = copied(referral.case.patient, name=name, id_number=number)
        who.name_grams = search.grams(name)
        case = copied(referral.case, patient_id=who.pk, number=f"C-COPY-{n:05}")
        summary = copied(referral.clinical, case_id=case.pk)
        leg = copied(referral, case_id=case.pk, clinical_id=summary.pk, number=f"R-COPY-{n:05}", **given)
        patients.append(who), cases.append(case), facts.append(summary), legs.append(leg)
        events += [copied(event, subject_id=leg.pk, thread_id=case.pk) for event in trail]
    Patient.objects.bulk_create(patients)
    Case.objects.bulk_create(cases)
    ClinicalSummary.objects.bulk_create(facts)
    Referral.objects.bulk_create(legs)
    Event.objects.bulk_create(events)
    return legs


def statements(call: Callable[[], Any]) -> list[str]:
    """The statements that a call made, without those that only frame a transaction."""
    with CaptureQueriesContext(connection) as queries:
        call()
    return [query["sql"] for query in queries if not query["sql"].startswith(FRAME)]
