"""Load the catalogues: divisions, coded concepts and time limits, each with its source."""

import csv
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from consortium import search
from consortium.models import (
    ClockRule,
    Concept,
    Division,
    DivisionLevel,
    EscalationRule,
    GreenRule,
    MilestoneRule,
    Priority,
)

DATED = ("label_zh", "label_en", "source")


class Command(BaseCommand):
    """`manage.py load_registry`: idempotent; entries are matched by code and first day, never deleted."""

    help = "Load catalogues and time limits from consortium/data."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load every file in one transaction and print the counts."""
        with transaction.atomic():
            counts = {"divisions": load_divisions(), "concepts": load_concepts(), "clocks": load_clocks()}
            counts["escalation"] = load_escalation()
            counts["green channel"] = load_green_kinds() + load_milestones()
        self.stdout.write(" · ".join(f"{name} {count}" for name, count in counts.items()))


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of one file of `consortium/data`."""
    folder: Path = settings.BASE_DIR / "consortium" / "data"
    with (folder / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def dated(row: dict[str, str]) -> dict[str, Any]:
    """The label, source and dates of a row."""
    return {name: row[name] for name in DATED} | {
        "valid_from": date.fromisoformat(row["valid_from"]),
        "valid_to": date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
    }


def load_divisions() -> int:
    """Divisions of GB/T 2260, parents first."""
    found = [
        Division(
            code=row["code"],
            name=row["name"],
            level=DivisionLevel(row["level"].upper()),
            parent_id=row["parent_code"] or None,
            longitude=float(row["lon"]) if row["lon"] else None,
            latitude=float(row["lat"]) if row["lat"] else None,
        )
        for row in rows("divisions.csv")
    ]
    changing = ["name", "level", "parent", "longitude", "latitude"]
    Division.objects.bulk_create(found, update_conflicts=True, unique_fields=["code"], update_fields=changing)
    return len(found)


def load_concepts() -> int:
    """Specialties, capabilities, diagnoses, reasons, what the green channel and pathology name."""
    found = [
        *(Concept(system="SPECIALTY", code=row["code"], **dated(row)) for row in rows("specialties.csv")),
        *(
            Concept(system="CAPABILITY", code=row["code"], counts_beds=row["counts_beds"] == "true", **dated(row))
            for row in rows("capabilities.csv")
        ),
        *(Concept(system="ORGAN", code=row["code"], **dated(row)) for row in rows("organs.csv")),
        *(Concept(system=row["system"], code=row["code"], **dated(row)) for row in rows("pathology.csv")),
        *(Concept(system="ICD10", code=row["code"], **dated(row)) for row in rows("icd10.csv")),
        *(
            Concept(
                system=f"REASON/{row['catalogue']}",
                code=row["code"],
                comment_required=row["comment_required"] == "true",
                **dated(row),
            )
            for row in rows("reasons.csv")
        ),
        *(Concept(system="GREEN_KIND", code=row["code"], **dated(row)) for row in rows("green_kinds.csv")),
        *(Concept(system="GREEN_MILESTONE", code=row["code"], **dated(row)) for row in rows("green_milestones.csv")),
    ]
    for concept in found:
        concept.sounds = search.sounds(concept.label_zh)
    Concept.objects.bulk_create(
        found,
        update_conflicts=True,
        unique_fields=["system", "code", "valid_from"],
        update_fields=[*DATED, "valid_to", "comment_required", "counts_beds", "sounds"],
    )
    return len(found)


def load_clocks() -> int:
    """Time limits by kind and priority."""
    found = [
        ClockRule(
            kind=row["kind"],
            priority=Priority[row["priority"]] if row["priority"] else None,
            emergency=row["emergency"],
            start_step=row["start_step"],
            stop_step=row["stop_step"],
            paused_in=row["paused_in"],
            calendar=row["calendar"],
            target_minutes=int(row["target_minutes"]),
            holder=row["holder"],
            **dated(row),
        )
        for row in rows("clocks.csv")
    ]
    ClockRule.objects.bulk_create(
        found,
        update_conflicts=True,
        unique_fields=["kind", "priority", "alliance", "valid_from"],
        update_fields=[
            *DATED,
            "valid_to",
            "emergency",
            "start_step",
            "stop_step",
            "paused_in",
            "calendar",
            "target_minutes",
            "holder",
        ],
    )
    return len(found)


def load_escalation() -> int:
    """The ladder of reminders by priority."""
    found = [
        EscalationRule(
            priority=Priority[row["priority"]],
            rung=row["rung"],
            after_minutes=int(row["after_minutes"]),
            repeat_minutes=int(row["repeat_minutes"]),
            quiet_from=time.fromisoformat(row["quiet_from"]) if row["quiet_from"] else None,
            quiet_to=time.fromisoformat(row["quiet_to"]) if row["quiet_to"] else None,
            **dated(row),
        )
        for row in rows("escalation.csv")
    ]
    EscalationRule.objects.bulk_create(
        found,
        update_conflicts=True,
        unique_fields=["priority", "rung", "valid_from"],
        update_fields=[*DATED, "valid_to", "after_minutes", "repeat_minutes", "quiet_from", "quiet_to"],
    )
    return len(found)


def concepts_of(system: str) -> dict[tuple[str, date], Concept]:
    """The stored concepts of a system by code and first day."""
    return {(row.code, row.valid_from): row for row in Concept.objects.filter(system=system)}


def load_green_kinds() -> int:
    """How each kind of emergency is broadcast."""
    kinds = concepts_of("GREEN_KIND")
    found = [
        GreenRule(
            concept=kinds[row["code"], date.fromisoformat(row["valid_from"])],
            capability=row["capability"],
            specialty=row["specialty"],
            goes_down=row["goes_down"] == "true",
            **{name: int(row[name]) for name in ("answer_minutes", "fresh_minutes", "ring_size")},
        )
        for row in rows("green_kinds.csv")
    ]
    changing = ["capability", "specialty", "goes_down", "answer_minutes", "fresh_minutes", "ring_size"]
    GreenRule.objects.bulk_create(found, update_conflicts=True, unique_fields=["concept"], update_fields=changing)
    return len(found)


def load_milestones() -> int:
    """Who records each milestone, and the order of them."""
    milestones = concepts_of("GREEN_MILESTONE")
    found = [
        MilestoneRule(
            concept=milestones[row["code"], date.fromisoformat(row["valid_from"])],
            side=row["side"],
            **{name: row[name].split("|") if row[name] else [] for name in ("after", "kinds")},
        )
        for row in rows("green_milestones.csv")
    ]
    changing = ["side", "after", "kinds"]
    MilestoneRule.objects.bulk_create(found, update_conflicts=True, unique_fields=["concept"], update_fields=changing)
    return len(found)
