"""Reading remote pathology: the worklist, one case, who reads what, and the ledger."""

from datetime import date, timedelta
from functools import partial
from typing import Any, ClassVar

import graphene
from django.utils import timezone

from consortium.models import Person
from schema import ids, reads
from schema.action import plain
from schema.base import Date, DateTime, Plain, PriorityEnum, SideEnum, declare_plain, listed, permission, readers
from schema.coverage import Rate
from schema.pathology import ExpertiseType, PathologyCaseType, PathologyStatusEnum
from schema.people import PersonType
from schema.reads import connection, paged
from schema.report_types import PathologyKindEnum
from schema.worklist import ORDERS, WorklistSort
from telemedicine.experts import pathologists_of, readers_of
from telemedicine.ledger import By, Entry, ledger
from telemedicine.models import PathologyCase
from telemedicine.worklist import Tray, arms, matching

READERS = readers("view_sent_pathology", "view_received_pathology")
LEDGER = permission("view_pathology_ledger")
DEFAULT_PERIOD = timedelta(days=90)
TrayEnum = declare_plain(
    Tray,
    "PathologyBox",
    {
        "IN": "Sent to your hospital or department (收到).",
        "OUT": "Sent by your hospital or department (发出).",
        "POOL": "Waiting for somebody to claim it (待认领).",
        "MINE": "In your hand, yours to read again, or written by you (我的).",
    },
)
LedgerGroupingEnum = declare_plain(
    By,
    "PathologyLedgerGrouping",
    {
        "ORGAN": "By organ (器官).",
        "SENDER": "By the sending hospital (申请医院).",
        "PERFORMER": "By the expert's hospital (会诊医院).",
        "EXPERT": "By the expert who answers for it (专家).",
        "KIND": "By kind (会诊类型).",
    },
)
PathologyCaseConnection = connection(PathologyCaseType)


class PathologyLedgerEntry(Plain):
    """One group of the ledger of pathology (病理会诊台账)."""

    group = graphene.String(required=True, description="Name of the organ, hospital, expert or kind (分组).")
    cases = graphene.Int(required=True, description="Cases answered in the period (例数).")
    median_minutes = graphene.Float(
        description="Median minutes from submission, for frozen sections from the specimen, to the answer (中位周转)."
    )
    undiagnosable = graphene.Field(Rate, required=True, description="No diagnosis possible ÷ cases (无法诊断率).")
    within_limit = graphene.Field(Rate, required=True, description="Answered within the limit ÷ judged (时限内率).")
    preliminary_concordant = graphene.Field(
        Rate, required=True, description="Lab's diagnosis of the same class as the expert's ÷ comparable (初诊符合率)."
    )
    preliminary_major = graphene.Field(
        Rate, required=True, description="Major disagreement with the lab ÷ comparable (初诊重大不符率)."
    )
    final_concordant = graphene.Field(
        Rate, required=True, description="Expert's of the same class as the final ÷ comparable (最终符合率)."
    )
    returned = graphene.Field(Rate, required=True, description="Sent back for quality ÷ cases (质检退回率).")


SHARES = (
    "undiagnosable",
    "within_limit",
    "preliminary_concordant",
    "preliminary_major",
    "final_concordant",
    "returned",
)


class Query:
    """What laboratories and their experts read."""

    rules: ClassVar = {
        "pathology_worklist": READERS,
        "pathology_case": READERS,
        "pathology_readers": permission("view_received_pathology"),
        "pathologists": permission("set_expertise"),
        "pathology_ledger": LEDGER,
    }

    pathology_worklist = paged(
        PathologyCaseConnection,
        "The pathology cases before you; names are masked.",
        box=TrayEnum(required=True, description="IN, OUT, POOL or MINE."),
        status=graphene.List(graphene.NonNull(PathologyStatusEnum), description="In one of these states (状态)."),
        kind=PathologyKindEnum(description="Of this kind (会诊类型)."),
        open=graphene.Boolean(description="Whether anything remains to be done (未结束)."),
        priority=graphene.List(graphene.NonNull(PriorityEnum), description="Of these priorities (优先级)."),
        organ=graphene.String(description="Code, catalogue ORGAN (器官)."),
        subspecialty=graphene.String(description="Code, catalogue SUBSPECIALTY (亚专科)."),
        department=graphene.ID(description="To or from this department (科室)."),
        holder=SideEnum(description="Whose move it is (时限持有方)."),
        overdue=graphene.Boolean(description="Whether the running limit has passed (已超时)."),
        created_from=DateTime(description="Written at or after (起)."),
        created_to=DateTime(description="Written before (止)."),
        patient=graphene.String(description="Patient's name or part of it, identity number, or a number (患者)."),
        sort=WorklistSort(required=True, default_value="NEWEST", description="Order."),
    )
    pathology_case = graphene.Field(
        PathologyCaseType, id=graphene.ID(required=True, description="Its global id."), description="One case."
    )
    pathology_readers = listed(
        ExpertiseType,
        "Who reads what for a department, with how much each has in hand.",
        department=graphene.ID(required=True, description="The pathology department (科室)."),
    )
    pathologists = listed(
        PersonType,
        "Those who may be let read for a department that you lead, whether they read already or not (病理专家).",
        department=graphene.ID(required=True, description="The pathology department (科室)."),
    )
    pathology_ledger = listed(
        PathologyLedgerEntry,
        "What became of the cases that were answered in a period, at most three years, the largest group first.",
        grouping=LedgerGroupingEnum(required=True, description="By what."),
        since=Date(description="First day; 90 days before the last if empty (起)."),
        until=Date(description="Last day; today if empty (止)."),
        kind=PathologyKindEnum(description="Only of this kind (会诊类型)."),
    )

    def resolve_pathology_worklist(
        self: Any, info: Any, box: Any, first: int, sort: Any, after: str | None = None, **filters: Any
    ) -> reads.Page:
        """Scoped, filtered, in the order asked for."""
        if filters.get("department"):
            filters["department"] = ids.decode(filters["department"], "Department", field="department")
        rows, inside = partial(matching, **plain(filters)), partial(arms, box=Tray(box.value))
        order = ORDERS[getattr(sort, "value", sort)]
        return reads.page(rows, info, order=order, first=first, after=after, arms=inside)

    @reads.compiled
    def resolve_pathology_case(self: Any, info: Any, id: str) -> Any:
        """Through the gate; the reading is on the audit trail."""
        info.context.singles.add(reads.root_of(info.path))
        rows = partial(reads.gated, model=PathologyCase)
        return reads.read(rows, ids.decode(id, "PathologyCase"), info, reading="read_pathology")

    def resolve_pathology_readers(self: Any, info: Any, department: str) -> Any:
        """By subspecialty."""
        key: Any = ids.decode(department, "Department", field="department")
        return reads.plan(readers_of(info.context.actor, key), info)

    def resolve_pathologists(self: Any, info: Any, department: str) -> list[Person]:
        """By name, once each."""
        key: Any = ids.decode(department, "Department", field="department")
        return pathologists_of(info.context.actor, key, now=info.context.now)

    def resolve_pathology_ledger(
        self: Any, info: Any, grouping: Any, since: date | None = None, until: date | None = None, kind: Any = None
    ) -> list[Any]:
        """Of the places that one answers for."""
        last = until or timezone.localdate(info.context.now)
        found = ledger(
            by=info.context.actor,
            grouping=By(grouping.value),
            since=since or last - DEFAULT_PERIOD,
            until=last,
            kind=getattr(kind, "value", kind),
        )
        return [_shown(entry) for entry in found]


def _shown(entry: Entry) -> PathologyLedgerEntry:
    """An entry in the words of the wire."""
    return PathologyLedgerEntry(
        group=entry.group,
        cases=entry.cases,
        median_minutes=entry.median_minutes,
        **{name: _rate(getattr(entry, name), entry.cases) for name in SHARES},
    )


def _rate(share: Any, cases: int) -> Rate:
    """A share as a rate; completeness is what could be judged of all cases."""
    return Rate(
        numerator=share.numerator,
        denominator=share.denominator,
        value=share.value,
        completeness=round(share.denominator / cases, 4) if cases else None,
        suppressed=False,
    )
