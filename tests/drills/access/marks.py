"""A mark in every text that could tell something, so that whoever says it is found out, wherever it is said.

Each column of words on each row carries a mark of its own; patients carry one in each part of their identity. The
numbers of cases and of people are marks as they are. Codes of catalogues, file names and checksums stay.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import CharField, Model

from consortium.models import Event, Patient
from referrals.models import (
    Attachment,
    Booking,
    Case,
    ClinicalSummary,
    Handover,
    InformationRequest,
    Journey,
    Milestone,
    Offer,
    Outcome,
    QualityReview,
    Referral,
)
from telemedicine.models import (
    Addendum,
    Annotation,
    Block,
    KeyImage,
    MaterialRequest,
    Opinion,
    PathologyCase,
    QualityCheck,
    Report,
    ReportDraft,
    Slide,
    SlideImage,
    Specimen,
    Upload,
)
from tests.drills.access.facts import Facts
from tests.drills.access.rule import (
    FULL,
    IDENTIFIES,
    LAB,
    Request,
    Somebody,
    reads_all_opinions,
    sees,
    sees_call,
    sees_glass,
    sees_leg,
)

MARK = re.compile(r"⟦[0-9a-f]{10}⟧|[A-Z]{1,2}\d{2}-[0-9A-Z-]+|(?<!\d)\d{17}[\dX]|(?<!\d)1[3-9]\d{9}(?!\d)")
# The path from a row to the request, or the episode, that it belongs to.
OWNER: dict[type[Model], str] = {
    Referral: "id",
    ClinicalSummary: "id",
    **dict.fromkeys((InformationRequest, Booking, Journey, Outcome, Handover, Milestone, QualityReview), "referral_id"),
    Attachment: "case_id",
    Offer: "id",
    Event: "subject_id",
    PathologyCase: "id",
    **dict.fromkeys((Specimen, Slide, Upload, SlideImage, QualityCheck, MaterialRequest, Opinion), "case_id"),
    Block: "specimen__case_id",
    **dict.fromkeys((Annotation, KeyImage, ReportDraft, Report), "case_id"),
    Addendum: "report__case_id",
}
CODES = re.compile(
    r"(^|_)(code|reason|kind|class|role|status|state|hold|source|stain|format|media_type|cause|template|type|"
    r"barcode|number|sha256|digest|picture|request_id|decision|ending)$"
)
NUMBERS = ("id_number", "phone", "guardian_phone")
LEAST = 12  # characters that a column must take


@dataclass(frozen=True)
class Mark:
    """Where a text stands: the model, its row, its column, and what it belongs to."""

    model: type[Model]
    row: Any
    column: str
    owner: Any
    said_by: Any = None  # whose opinion, annotation or draft it is, where that matters
    part: str = ""


def words(model: type[Model]) -> list[str]:
    """The columns of free words of a model."""
    return [
        column.column
        for column in model._meta.concrete_fields
        if type(column) is CharField
        and not column.choices
        and not column.unique
        and (column.max_length or 0) >= LEAST
        and not CODES.search(column.name)
    ]


@contextmanager
def unguarded(*models: type[Model]) -> Iterator[None]:
    """The tables without their own triggers, as their owner can have them; everything due is checked before."""
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        for table in tables:
            cursor.execute(f"alter table {table} disable trigger user")
        yield
        for table in tables:
            cursor.execute(f"alter table {table} enable trigger user")


def plant() -> dict[str, Mark]:
    """Mark everything that is stored; each mark with its place."""
    with unguarded(*OWNER):
        for model in OWNER:
            if columns := words(model):
                said = ", ".join(f"{c} = '⟦' || left(md5(id::text || '{c}'), 10) || '⟧'" for c in columns)
                with connection.cursor() as cursor:
                    cursor.execute(f"update {model._meta.db_table} set {said}")  # noqa: S608 - names of ours
        with connection.cursor() as cursor:  # what a transaction wrote itself it may read: let it be another's
            cursor.execute("update consortium_event set tx = '1'")
    found: dict[str, Mark] = {}
    for model, path in OWNER.items():
        columns = words(model)
        said_by = "person_id" if model in (Opinion, Annotation, ReportDraft) else "id"
        part = {Opinion: "part", Annotation: "visibility"}.get(model, "id")
        numbered = ["number"] if model in (Referral, Offer, PathologyCase) else []
        for row in model._default_manager.values("id", path, said_by, part, *columns, *numbered):
            for column in [*columns, *numbered]:
                found[row[column]] = Mark(model, row["id"], column, row[path], row[said_by], str(row[part]))
    for pk, number in Case.objects.values_list("pk", "number"):
        found[number] = Mark(Case, pk, "number", pk)
    return found | dict(_patients())


def _patients() -> Iterator[tuple[str, Mark]]:
    """Patients with a mark for a name, and in each part of their identity."""
    for n, row in enumerate(Patient.objects.order_by("pk")):
        plain = f"{n:010x}"
        row.name, row.address, row.guardian_name = f"⟦{plain}⟧", f"⟦a{plain[1:]}⟧", f"⟦b{plain[1:]}⟧"
        row.phone, row.guardian_phone = f"139{n:08d}", f"138{n:08d}"
        row.save()
        for column in ("name", "address", "guardian_name", "phone", "guardian_phone", "id_number"):
            if value := getattr(row, column):
                yield value, Mark(Patient, row.pk, column, row.pk)


@dataclass(frozen=True)
class Sight:
    """What somebody may be told, by the rule: asked of one mark after the other."""

    who: Somebody
    facts: Facts
    now: Any

    def of(self, request: Request | None) -> str | None:
        """How much of a case."""
        return sees(self.who, request, self.now) if request is not None else None

    def told(self, mark: Mark, *, singly: bool) -> bool:
        """Whether the text of a mark may be said; an identity only where one case is read (`singly`)."""
        if mark.model is Patient:  # numbers whole only by a recorded act (ADR of the masking), never by a query
            return singly and mark.column not in NUMBERS and self.identity(mark.owner)
        if mark.model is Case:
            return self.episode(mark.owner)
        if mark.model is ClinicalSummary:
            return self.clinical(mark.owner)
        if mark.model is Attachment:  # ADR 0006: of the case, for whoever sees one leg of it in full
            return any(sees_leg(self.who, leg, self.now) == FULL for leg in self.facts.legs_of(mark.owner))
        view = self.of(self.facts.requests.get(mark.owner))
        if mark.column in ("number", "phone_spoken_with", "travel_source"):
            return view is not None  # numbers, parties and state; with whom of the asked hospital it was spoken
        narrower = NARROWER.get(mark.model)
        return view == FULL and (narrower is None or narrower(self, mark))

    def episode(self, thread: Any) -> bool:
        """A case is visible to whoever sees one of its legs."""
        return any(sees_leg(self.who, leg, self.now) for leg in self.facts.legs_of(thread))

    def identity(self, patient: Any) -> bool:
        """Whether somebody treats the patient: a full view of a leg or of a pathology case, in a role that may."""
        if not self.who.roles(self.now) & set(IDENTIFIES):
            return False
        legs = (sees_leg(self.who, leg, self.now) for leg in self.facts.legs.values() if leg.patient == patient)
        cases = (sees_glass(self.who, one, self.now) for one in self.facts.glasses.values() if one.patient == patient)
        return FULL in legs or FULL in cases

    def clinical(self, summary: Any) -> bool:
        """Through a leg in full view, or through an offer that stands."""
        legs = [leg for leg in self.facts.legs.values() if leg.clinical == summary]
        if any(sees_leg(self.who, leg, self.now) == FULL for leg in legs):
            return True
        asked = [call for call in self.facts.calls.values() if call.leg in {leg.id for leg in legs}]
        return any(sees_call(self.who, call, self.now) == FULL for call in asked)


def _opinion(sight: Sight, mark: Mark) -> bool:
    """The preliminary one is told to the sender."""
    return mark.part == "PRELIMINARY" or reads_all_opinions(sight.who, sight.facts.glasses[mark.owner], sight.now)


NARROWER: dict[type[Model], Callable[[Sight, Mark], bool]] = {
    Opinion: _opinion,
    Annotation: lambda sight, mark: mark.part == "SHOWN" or mark.said_by == sight.who.id,
    ReportDraft: lambda sight, mark: mark.said_by == sight.who.id,
    # docs/operations.md: uploads are the sending lab's alone.
    Upload: lambda sight, mark: sight.who.holds((LAB,), sight.facts.glasses[mark.owner].sender, sight.now),
}
