"""Reading referrals: the worklist, one leg, one case, and what is known of a patient before writing."""

from functools import partial
from typing import Any, ClassVar

import graphene

from consortium import access, lifecycle
from consortium.models import Hospital, Person
from referrals import content
from referrals.models import Case, Referral
from referrals.worklist import Box, arms, deadline, matching
from schema import ids, reads
from schema.action import plain
from schema.base import DateTime, Plain, PriorityEnum, SideEnum, listed, permission
from schema.clinical import PatientType
from schema.keyset import Order
from schema.people import PersonType
from schema.places import HospitalType
from schema.reads import connection, paged
from schema.referrals import CaseType, DirectionEnum, PathwayEnum, ReferralType, StatusEnum

BoxEnum = graphene.Enum.from_enum(
    Box,
    name="WorklistBox",
    description=lambda value: {
        None: "The boxes of the worklist.",
        Box.IN: "Sent to your hospital or department (收到).",
        Box.OUT: "Sent by your hospital or department (发出).",
        Box.MINE: "Written or claimed by you (我的).",
    }[value],
)
READERS = permission("view_sent_referral", "view_received_referral", "confirm_error", "view_own_activation")


class PatientLookup(Plain):
    """What the network knows of an identity number, before a draft is written."""

    known = graphene.Boolean(required=True, description="Whether the patient is registered (已登记).")
    patient = graphene.Field(PatientType, description="The patient, masked (患者).")
    open_case_number = graphene.String(description="Number of the open case, if there is one (未结束病例).")
    open_case_origin = graphene.Field(HospitalType, description="Where it began (首诊医院).")
    open_case_since = DateTime(description="When it began (开始时间).")

    def resolve_open_case_origin(self: Any, info: Any) -> Hospital | None:
        """With all that the selection needs of it."""
        origin = self.open_case_origin
        return reads.one(Hospital.objects.all(), origin.pk, info) if origin else None


ReferralConnection = connection(ReferralType)


class WorklistSort(graphene.Enum):
    """Orders of the worklist."""

    NEWEST = "NEWEST"
    MOST_URGENT = "MOST_URGENT"
    NEAREST_DEADLINE = "NEAREST_DEADLINE"

    @property
    def description(self) -> str:
        """What comes first."""
        return {
            "NEWEST": "Newest first (最新).",
            "MOST_URGENT": "By priority, then by deadline (最急).",
            "NEAREST_DEADLINE": "Nearest deadline first; what has none comes last (最近截止).",
        }[self.name]


ORDERS = {
    "NEWEST": Order("NEWEST", ("id",), descending=True),
    "MOST_URGENT": Order("MOST_URGENT", ("priority", "deadline_at", "id"), {"deadline_at": deadline()}),
    "NEAREST_DEADLINE": Order("NEAREST_DEADLINE", ("deadline_at", "id"), {"deadline_at": deadline()}),
}


class Query:
    """What those who treat patients read."""

    rules: ClassVar = {
        "worklist": READERS,
        "referral": READERS,
        "case": READERS,
        "patient_lookup": permission("register_patient"),
        "specialists": permission("accept_referral"),
    }

    worklist = paged(
        ReferralConnection,
        "The referrals before you; names are masked.",
        box=BoxEnum(required=True, description="IN, OUT or MINE."),
        status=graphene.List(graphene.NonNull(StatusEnum), description="In one of these states (状态)."),
        open=graphene.Boolean(description="Whether anything remains to be done (未结束)."),
        priority=graphene.List(graphene.NonNull(PriorityEnum), description="Of these priorities (优先级)."),
        direction=DirectionEnum(description="Which way (方向)."),
        pathway=PathwayEnum(description="By which pathway (通道)."),
        department=graphene.ID(description="To or from this department (科室)."),
        holder=SideEnum(description="Whose move it is (时限持有方)."),
        overdue=graphene.Boolean(description="Whether the running limit has passed (已超时)."),
        created_from=DateTime(description="Written at or after (起)."),
        created_to=DateTime(description="Written before (止)."),
        patient=graphene.String(description="Patient's name or part of it, identity number, or a number (患者)."),
        sort=WorklistSort(required=True, default_value="NEWEST", description="Order."),
    )
    referral = graphene.Field(
        ReferralType, id=graphene.ID(required=True, description="Its global id."), description="One leg."
    )
    case = graphene.Field(
        CaseType, id=graphene.ID(required=True, description="Its global id."), description="One episode."
    )
    patient_lookup = graphene.Field(
        PatientLookup,
        required=True,
        id_number=graphene.String(required=True, description="Resident identity number, GB 11643."),
        description="Whether a patient is known and has an open case, asked before writing; on the audit trail.",
    )
    specialists = listed(
        PersonType,
        "Those in whose name the receiver's office may accept (可代录的专家).",
        referral=graphene.ID(required=True, description="The referral that is decided."),
    )

    def resolve_worklist(
        self: Any, info: Any, box: Any, first: int, sort: Any, after: str | None = None, **filters: Any
    ) -> reads.Page:
        """Scoped, filtered, in the order asked for."""
        if filters.get("department"):
            filters["department"] = ids.decode(filters["department"], "Department", field="department")
        rows: reads.Rows = partial(matching, **plain(filters))
        if filters.get("patient"):  # whom it may be about is asked anew each time
            rows = matching(by=info.context.actor, now=info.context.now, **plain(filters))
        inside = partial(arms, box=Box(box.value))
        order = ORDERS[getattr(sort, "value", sort)]
        placed = box.value != Box.MINE.value  # a place has its indices, see `worklist_indexes`; a person has no order
        return reads.page(rows, info, order=order, first=first, after=after, arms=inside, in_order=placed)

    @reads.compiled
    def resolve_referral(self: Any, info: Any, id: str) -> Any:
        """Through the gate; the reading is on the audit trail."""
        info.context.singles.add(reads.root_of(info.path))
        rows = partial(reads.gated, model=Referral, related="case")
        return reads.read(rows, ids.decode(id, "Referral"), info, reading="read_referral")

    @reads.compiled
    def resolve_case(self: Any, info: Any, id: str) -> Any:
        """Through the gate; the reading is on the audit trail."""
        info.context.singles.add(reads.root_of(info.path))
        return reads.read(partial(reads.gated, model=Case), ids.decode(id, "Case"), info, reading="read_case")

    def resolve_patient_lookup(self: Any, info: Any, id_number: str) -> PatientLookup:
        """Known or not, with the open case."""
        by, now = info.context.actor, info.context.now
        patient, case = content.look_up_patient(by=by, id_number=id_number, now=now)
        info.context.disclosures.known(reads.root_of(info.path), patient.pk if patient else None)
        return PatientLookup(
            known=patient is not None,
            patient=patient,
            open_case_number=case.number if case else None,
            open_case_origin=case.origin if case else None,
            open_case_since=case.opened_at if case else None,
        )

    def resolve_specialists(self: Any, info: Any, referral: str) -> list[Person]:
        """Of the side that receives, once each."""
        by, now = info.context.actor, info.context.now
        row = access.find(by, Referral, ids.decode(referral, "Referral", field="referral"))
        step = lifecycle.STEPS[Referral]["accept_referral"]
        held = lifecycle.specialists(step, row, now=now).select_related("person").order_by("person__name", "person_id")
        return list({role.person_id: role.person for role in held}.values())


def disclosed(info: Any, row: Any, action: str, patient_id: Any) -> Any:
    """The row, its reading for the audit trail; NOT_FOUND if there is none for this person."""
    if row is None:
        raise access.not_found()
    info.context.disclosures.one(reads.root_of(info.path), action, type(row), row.pk, patient_id)
    return row
