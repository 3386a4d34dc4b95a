"""Cases in every state and with everything that a requirement asks about, and what the table of steps says of them."""

from collections import defaultdict
from typing import Any

from django.db.models import Case, Value, When

from consortium import lifecycle
from consortium.access import Actor
from consortium.lifecycle import STEPS
from referrals.models import Referral, Status
from tests.edge.many import copies
from tests.world import DOCTOR, GREEN_PATHS, NOW, World


def legs(world: World) -> list[Referral]:
    """Referrals in every state of either pathway, and others that differ in one thing that a requirement asks."""
    plain = {status: world.referral(status) for status in Status}
    green = {status: world.green(status) for status in GREEN_PATHS}
    sent, arrived, closed = plain[Status.SENT], plain[Status.ARRIVED], plain[Status.CLOSED]
    colleague = world.people["county", DOCTOR, 2].pk
    varied = [
        *copies(sent, [{"opened_at": NOW}, {"hops": 2}, {"hops": 3}, {"hops": 9}, {"expiry_version": sent.version}]),
        *copies(sent, [{"error_reported_at": NOW}, {"error_reported_at": NOW, "created_by_id": colleague}]),
        *copies(plain[Status.OFFICE_REVIEW], [{"created_by_id": world.people["county", "REFERRAL_OFFICE", 1].pk}]),
        *copies(arrived, [{"clock_kind": ""}, {"clock_kind": "FULL_RECORD"}]),
        *copies(closed, [{"followed_up_at": NOW}, {"follow_up_due_at": None}, {"ending": "LOCAL"}]),
        *copies(closed, [{"arrived_at": None}]),
        world.take("give_consent", world.green(Status.SCHEDULED)),
        world.take("identify_patient", world.green(Status.ACCEPTED)),
    ]
    signed = world.take("sign_handover", world.green(Status.IN_TRANSIT))
    both = world.take("sign_handover", world.read(signed), by=world.actor("province", "EXPERT"))
    return [*plain.values(), *green.values(), *varied, both]


def both_said(model: Any, rows: list[Any], people: list[Actor]) -> tuple[set[Any], set[Any], dict[Any, set[bool]]]:
    """What the conditions allow and what the checks do, by person, row and step; and what each requirement said."""
    by_condition: set[Any] = set()
    by_check: set[Any] = set()
    answers: dict[Any, set[bool]] = defaultdict(set)
    keys = [row.pk for row in rows]
    for by in people:
        conditions = {step.name: lifecycle.allowing(step, by) for step in STEPS[model].values() if step.sides}
        known = {name: condition for name, condition in conditions.items() if condition is not None}
        asked = {f"may_{name}": Case(When(q, then=Value(True)), default=Value(False)) for name, q in known.items()}
        for row in model.objects.select_related(*model.LOADED).filter(pk__in=keys).annotate(**asked):
            by_condition |= {(by.person, row.pk, name) for name in known if getattr(row, f"may_{name}")}
            for choice in lifecycle.choices(row, by):
                if choice.step.name in known and choice.refusal is None:
                    by_check.add((by.person, row.pk, choice.step.name))
                for check in choice.step.requires:
                    answers[check].add(check(row, by) is None)
    return by_condition, by_check, answers
