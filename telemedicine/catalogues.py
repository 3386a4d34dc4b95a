"""What the catalogues of pathology say: who reads an organ, and how two diagnoses compare by their classes."""

import csv
from collections.abc import Iterable
from datetime import date
from functools import cache

from django.conf import settings

from consortium import registry
from consortium.models import Concept
from telemedicine.models import Agreement, Kind

NO_DIAGNOSIS = "NONE"
GENERAL = "GENERAL"  # the subspecialty that reads every organ
OF_KIND = {Kind.CYTOLOGY: "CYTOLOGY"}  # cells are read by who reads cells, from whatever organ


@cache
def _rows(name: str) -> list[dict[str, str]]:
    with (settings.BASE_DIR / "consortium" / "data" / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def concept(system: str, code: str, *, on: date, field: str) -> Concept:
    """The concept of a code; INVALID_INPUT if it is unknown on the day."""
    return registry.concepts(system, [code], on=on, field=field)[0]


def known(system: str, codes: Iterable[str], *, on: date, field: str) -> None:
    """INVALID_INPUT names a code that is unknown on the day."""
    registry.concepts(system, dict.fromkeys(codes), on=on, field=field)


def subspecialty_of(organ: str, kind: str) -> str:
    """The code of the subspecialty that reads an organ in a case of a kind."""
    return OF_KIND.get(Kind(kind)) or next(row["subspecialty"] for row in _rows("organs.csv") if row["code"] == organ)


def agreement(first: str, second: str, *, on: date) -> Agreement:
    """How two diagnoses compare by their classes, as the catalogue held on a day."""
    if first == second and first != NO_DIAGNOSIS:
        return Agreement.CONCORDANT
    for row in _rows("concordance.csv"):
        holds = row["valid_from"] <= on.isoformat() and on.isoformat() <= (row["valid_to"] or "9999-12-31")
        if holds and {row["first"], row["second"]} == {first, second}:
            return Agreement(row["agreement"])
    return Agreement.NOT_COMPARABLE
