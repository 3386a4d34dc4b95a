"""What became of cases, counted: by organ, hospital, expert or kind; every share with what it is made of."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any

from django.db.models import Case, Count, DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Extract
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consortium.access import Actor
from consortium.database.acting import reporting
from consortium.errors import Code, Refused
from consortium.models import ClockRun
from referrals.attainment import Percentile
from referrals.figures import LONGEST
from telemedicine.models import Agreement, Kind, PathologyCase, QualityCheck, QualityResult, Status

# The limits within which a report is due, one of them for each kind of case.
REPORT_LIMITS = ["FROZEN", "FROZEN_BEHIND", "CYTOLOGY", "ROUTINE", "SECOND_OPINION"]
COMPARED = [Agreement.CONCORDANT, Agreement.MINOR, Agreement.MAJOR]


class By(Enum):
    """By what the ledger is grouped."""

    ORGAN = "ORGAN"
    SENDER = "SENDER"
    PERFORMER = "PERFORMER"
    EXPERT = "EXPERT"
    KIND = "KIND"


@dataclass(frozen=True)
class Share:
    """A share with what it is made of."""

    numerator: int
    denominator: int

    @property
    def value(self) -> float | None:
        """From 0 to 1; empty when nothing was counted."""
        return round(self.numerator / self.denominator, 4) if self.denominator else None


@dataclass(frozen=True)
class Entry:
    """One group of the ledger: what was answered in the period, how fast, and how diagnoses compared."""

    group: str
    cases: int
    undiagnosable: Share
    within_limit: Share
    median_minutes: float | None
    preliminary_concordant: Share
    preliminary_major: Share
    final_concordant: Share
    returned: Share


@reporting()
def ledger(*, by: Actor, grouping: By, since: date, until: date, kind: str | None = None) -> list[Entry]:
    """The cases answered from the first to the last day that the actor answers for, the largest group first.

    A case counts once it has an answer: an opinion, a report, or that none is possible. Turnaround counts from the
    submission, of a frozen section from the specimen; pauses count in it, but not against the limit.
    """
    if not since <= until or until - since > LONGEST:
        raise Refused(Code.INVALID_INPUT, _("起止日期须先后有序，且不超过三年。"), field="since")
    reach, zone = by.reach("view_pathology_ledger"), timezone.get_current_timezone()
    rows = PathologyCase.objects.filter(
        reach.over("requester") | reach.over("performer"),
        answered_at__gte=datetime.combine(since, time.min, zone),
        answered_at__lt=datetime.combine(until + timedelta(days=1), time.min, zone),
        **({"kind": kind} if kind else {}),
    ).exclude(status=Status.CANCELLED)
    return [_entry(row) for row in _counted(rows, grouping)]


def _counted(rows: Any, grouping: By) -> Any:
    """The counts of every group, by one statement."""
    english = (get_language() or "").startswith("en")
    column: Any = {
        By.ORGAN: F("organ__label_en" if english else "organ__label_zh"),
        By.SENDER: F("requester_hospital__name"),
        By.PERFORMER: F("performer_hospital__name"),
        By.EXPERT: F("assigned_to__name"),
        By.KIND: F("kind"),
    }[grouping]
    limits = ClockRun.objects.filter(subject_id=OuterRef("pk"), kind__in=REPORT_LIMITS, stopped_at__isnull=False)
    failed = QualityCheck.objects.filter(case=OuterRef("pk"), result=QualityResult.FAILED)
    began = Case(When(kind=Kind.FROZEN, then=F("specimen_received_at")), default=F("submitted_at"))
    taken = ExpressionWrapper(F("answered_at") - began, output_field=DurationField())
    rows = rows.annotate(
        met=Subquery(limits.order_by("-id").values("met")[:1]), failed=Exists(failed), seconds=Extract(taken, "epoch")
    )
    return (
        rows.values(group=column)
        .annotate(
            cases=Count("pk"),
            undiagnosable=Count("pk", filter=Q(status=Status.UNDIAGNOSABLE)),
            met_count=Count("pk", filter=Q(met=True)),
            judged=Count("pk", filter=Q(met__isnull=False)),
            median=Percentile("seconds", 0.5),
            first_same=Count("pk", filter=Q(preliminary_agreement=Agreement.CONCORDANT)),
            first_major=Count("pk", filter=Q(preliminary_agreement=Agreement.MAJOR)),
            first_compared=Count("pk", filter=Q(preliminary_agreement__in=COMPARED)),
            final_same=Count("pk", filter=Q(final_agreement=Agreement.CONCORDANT)),
            final_compared=Count("pk", filter=Q(final_agreement__in=COMPARED)),
            returned=Count("pk", filter=Q(failed=True)),
        )
        .order_by("-cases", "group")
    )


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(
        group=row["group"],
        cases=row["cases"],
        undiagnosable=Share(row["undiagnosable"], row["cases"]),
        within_limit=Share(row["met_count"], row["judged"]),
        median_minutes=round(row["median"] / 60, 1) if row["median"] is not None else None,
        preliminary_concordant=Share(row["first_same"], row["first_compared"]),
        preliminary_major=Share(row["first_major"], row["first_compared"]),
        final_concordant=Share(row["final_same"], row["final_compared"]),
        returned=Share(row["returned"], row["cases"]),
    )
