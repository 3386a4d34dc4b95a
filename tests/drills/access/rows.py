"""What plain SQL shows: every table with patients' data, read and written as the application in somebody's name.

A row is coarser than a text: policies cannot hide a column. Where the edge shows a summary, or an offer without
identity, the rows that it is made of can be read; `Rows` names each such concession. What is said of them is the
gate's alone.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import Model

from consortium.database.acting import acting
from consortium.models import AuditEntry, BreakGlass, ClockRun, Event, IdempotencyKey, Notice, Patient, Unmasking
from referrals.models import Attachment, Case, ClinicalSummary, Diagnosis, Offer, PrintedForm, Referral
from telemedicine.models import Annotation, Opinion, Recusal, ReportDraft, SlideTrace, SlideView, Upload
from tests.drills.access.marks import OWNER, Mark, Sight
from tests.drills.access.rule import ADMIN, AUDITOR, FULL, LAB, LEAD, READS_GLASS_SENT, Party, sees_leg
from tests.drills.access.tally import Tally

MORE: dict[type[Model], str] = {
    Case: "id",
    Patient: "id",
    Diagnosis: "summary_id",
    PrintedForm: "referral_id",
    **dict.fromkeys((SlideTrace, Recusal), "case_id"),
    SlideView: "slide__case_id",
    ClockRun: "subject_id",
    Notice: "event__subject_id",
    IdempotencyKey: "person_id",
    BreakGlass: "patient_hospital_id",
    Unmasking: "person_id",
    AuditEntry: "actor_hospital_id",
}
SAID_BY = (Opinion, Annotation, ReportDraft, SlideTrace, SlideView, Notice, IdempotencyKey, BreakGlass, Unmasking)
ONES_OWN = (Notice, IdempotencyKey, BreakGlass, Unmasking)
PART = {Opinion: "part", Annotation: "visibility"}


class Rows(Sight):
    """The rows that the database may show to somebody, by the rule and by the concessions named here."""

    def told(self, mark: Mark, *, singly: bool) -> bool:
        """Whether a text lies in a row that may be read; which columns of it are said is the gate's part."""
        return self.read(mark)

    def read(self, row: Mark) -> bool:
        """Whether a row may be read at all."""
        if row.model in ONES_OWN and row.said_by == self.who.id:
            return True
        if row.model is BreakGlass and self.who.holds((ADMIN,), Party(row.owner, None), self.now):
            return True  # section 7: told to the patient's hospital, reviewed by it
        if row.model is AuditEntry and row.said_by == self.who.id:
            return True  # what one did oneself
        if row.model in (BreakGlass, AuditEntry):  # section 2: an auditor the trail, a reviewer what an emergency read
            return bool(self.who.roles(self.now) & ({AUDITOR} if row.model is BreakGlass else {AUDITOR, ADMIN}))
        by_kind = {
            Case: self.joined_case,
            Patient: self.joined_patient,
            ClinicalSummary: self.joined_summary,
            Diagnosis: self.joined_summary,
            Referral: self.joined_leg,
        }
        if row.model in by_kind:
            return by_kind[row.model](row.owner)
        if row.model in ONES_OWN:
            return False
        if row.model is Attachment:
            return any(sees_leg(self.who, leg, self.now) == FULL for leg in self.facts.legs_of(row.owner))
        if row.model is Event and row.owner in self.heard:
            return True  # told by a notice of one's own
        if row.model is ClockRun and row.owner in self.facts.legs:
            return self.joined_leg(row.owner)  # an answer to an offer ends the limit of the leg's ring
        view = self.of(self.facts.requests.get(row.owner))
        if row.model in (Offer, Event, ClockRun):
            return view is not None
        return view == FULL and (row.model not in NARROWER or NARROWER[row.model](self, row))

    @cached_property
    def heard(self) -> set[Any]:
        """The cases of which somebody has a notice; of those, the event that it tells of can be read."""
        return set(Notice.objects.filter(person=self.who.id).values_list("event__subject_id", flat=True))

    @cached_property
    def reviewed(self) -> set[Any]:
        """The patients of the accesses that somebody reviews for their hospital; the edge names them masked."""
        accesses = BreakGlass.objects.values_list("patient_id", "patient_hospital_id")
        return {patient for patient, at in accesses if self.who.holds((ADMIN,), Party(at, None), self.now)}

    def joined_leg(self, key: Any) -> bool:
        """A leg; one whose offer is seen, for the offer's facts; one that came of one's own lab's pathology case."""
        if self.of(self.facts.legs[key]) is not None:
            return True
        if any(call.leg == key and self.of(call) is not None for call in self.facts.calls.values()):
            return True
        return any(
            case.id in self.facts.referred.get(key, ()) and self.who.holds(READS_GLASS_SENT, case.sender, self.now)
            for case in self.facts.glasses.values()
        )

    def joined_case(self, thread: Any) -> bool:
        """An episode with such a leg."""
        return any(self.joined_leg(leg.id) for leg in self.facts.legs_of(thread))

    def joined_summary(self, summary: Any) -> bool:
        """The facts of such a leg."""
        return any(self.joined_leg(leg.id) for leg in self.facts.legs.values() if leg.clinical == summary)

    def joined_patient(self, patient: Any) -> bool:
        """The patient of such a leg, or of a pathology case; whoever one opened in an emergency, or reviews one for."""
        if any(one.patient == patient for one in self.who.opened) or patient in self.reviewed:
            return True
        legs = (leg for leg in self.facts.legs.values() if leg.patient == patient)
        cases = (case for case in self.facts.glasses.values() if case.patient == patient)
        return any(self.joined_leg(leg.id) for leg in legs) or any(self.of(case) is not None for case in cases)


def _opinion(rows: Sight, row: Mark) -> bool:
    from_reader = rows.facts.glasses[row.owner].receiver
    return row.part == "PRELIMINARY" or rows.who.holds((LAB, LEAD, "PATHOLOGIST"), from_reader, rows.now)


NARROWER: dict[type[Model], Callable[[Sight, Mark], bool]] = {
    Opinion: _opinion,
    Annotation: lambda rows, row: row.part == "SHOWN" or row.said_by == rows.who.id,
    ReportDraft: lambda rows, row: row.said_by == rows.who.id,
    SlideTrace: lambda rows, row: row.said_by == rows.who.id,
    Upload: lambda rows, row: rows.who.holds((LAB, LEAD), rows.facts.glasses[row.owner].sender, rows.now),
}


def every_row() -> dict[type[Model], dict[Any, Mark]]:
    """Every row of every table, with what it belongs to, read by the owner."""
    found: dict[type[Model], dict[Any, Mark]] = {}
    for model, path in (OWNER | MORE).items():
        said_by = "actor_id" if model is AuditEntry else "person_id" if model in SAID_BY else "id"
        part = PART.get(model, "id")
        found[model] = {
            row["id"]: Mark(model, row["id"], "", row[path], row[said_by], str(row[part]))
            for row in model._default_manager.values("id", path, said_by, part)
        }
    return found


@contextmanager
def application(person: Any, now: Any) -> Iterator[Any]:
    """A cursor that is the application, in somebody's name or in nobody's; everything is undone."""
    with transaction.atomic():
        by = SimpleNamespace(person=person, at=now) if person is not None else None
        with acting(by), connection.cursor() as cursor:
            yield cursor
        transaction.set_rollback(True)


def every_table(rows: Rows, person: Any, stored: dict[type[Model], dict[Any, Mark]], tally: Tally) -> None:
    """Read every table; then try to change and to delete what is hidden."""
    with application(person, rows.now) as cursor:
        for model, by_key in stored.items():
            cursor.execute(f"select id from {model._meta.db_table}")  # noqa: S608 - names of ours
            found = {key for (key,) in cursor.fetchall()}
            may = {key for key, row in by_key.items() if rows.read(row)}
            must = {key for key, row in by_key.items() if row.owner is not None and needed(rows, row)}
            about = f"of {model._meta.db_table} for {person.username}"
            tally.none("rows shown", [where(by_key[key]) for key in sorted(found - may, key=str)][:3], about)
            tally.none("rows kept back", [where(by_key[key]) for key in sorted(must - found, key=str)][:3], about)
            for statement in WRITES:
                hidden = sorted(set(by_key) - may, key=str)
                tally.none("rows written", touched(statement.format(model._meta.db_table), hidden), about)


WRITES = ("update {} set id = id where id = any(%s)", "delete from {} where id = any(%s)")


def where(row: Mark) -> str:
    """A row as a difference names it."""
    return f"{row.row} of {row.owner} {row.part if row.model in PART else ''}"


def needed(rows: Rows, row: Mark) -> bool:
    """Whether the edge needs a row for what it says: the rule for texts, asked of the row."""
    if row.model in (BreakGlass, AuditEntry):
        return False
    if row.model in ONES_OWN:
        return bool(row.said_by == rows.who.id)
    if row.model in (Diagnosis, ClockRun, SlideView, Recusal, PrintedForm, Patient, Event):
        return False
    edge = Sight(rows.who, rows.facts, rows.now)
    if row.model in (Referral, Offer):
        return edge.of(rows.facts.requests[row.owner]) is not None
    return edge.told(row, singly=True) and row.model is not SlideTrace


def touched(statement: str, keys: list[Any]) -> int:
    """How many rows a statement wrote; a refusal is none."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [keys])
            return int(cursor.rowcount)
    except DatabaseError:
        return 0


def nobody(stored: dict[type[Model], dict[Any, Mark]], now: Any, tally: Tally) -> None:
    """Without a person no table shows a row."""
    with application(None, now) as cursor:
        for model in stored:
            cursor.execute(f"select count(*) from {model._meta.db_table}")  # noqa: S608 - names of ours
            tally.same("rows for nobody", cursor.fetchone()[0], 0, model._meta.db_table)
