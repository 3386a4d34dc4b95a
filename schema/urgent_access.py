"""Emergency access on the wire (紧急调阅): asked for, read by, ended, reviewed."""

from dataclasses import replace
from typing import Any, ClassVar

import graphene
from django.db import transaction
from django.db.models import Q

from consortium import access, breakglass, models
from consortium.errors import Refused
from consortium.models import Verdict
from referrals.models import Case
from schema import ids, reads
from schema.action import VERSION, Action, UserError, plain, wire
from schema.base import OWN, PART, SIGNED_IN, Type, declare, declare_plain, permission
from schema.clinical import PatientType
from schema.keyset import Order
from schema.pathology import PathologyCaseType
from schema.people import PersonType
from schema.reads import Through, connection, paged
from schema.referrals import CaseType
from telemedicine.models import PathologyCase

NEWEST = Order("NEWEST", ("id",), descending=True)
VerdictEnum = declare(Verdict, "BreakGlassVerdict")
StateEnum = declare_plain(
    breakglass.State,
    "BreakGlassState",
    {
        "RUNNING": "Open now (进行中).",
        "TO_REVIEW": "Ended, not yet reviewed (待复核).",
        "OVERDUE": "Not reviewed in time (逾期未复核).",
        "REVIEWED": "Reviewed (已复核).",
    },
)


class BreakGlassType(Type):
    """Somebody reads all cases of one patient in an emergency, for an hour at most (紧急调阅)."""

    state = graphene.Field(StateEnum, required=True, description="Where it stands (状态).")
    person = graphene.Field(PersonType, required=True, description="Who (调阅人).")
    ended_by = graphene.Field(PersonType, description="Who ended it before its time (提前结束人).")
    reviewed_by = graphene.Field(PersonType, description="Who reviewed it (复核人).")
    patient = graphene.Field(PatientType, required=True, description="Whose cases, masked (患者).")
    cases = graphene.Field(
        graphene.List(graphene.NonNull(CaseType)),
        description="The patient's episodes, for who holds it and while it runs (病例).",
    )
    pathology_cases = graphene.Field(
        graphene.List(graphene.NonNull(PathologyCaseType)),
        description="The patient's pathology, for who holds it and while it runs (病理会诊).",
    )

    class Meta:
        """One's own, and those to one's hospital's patients; what it opens has gates of its own."""

        model, name, rule = models.BreakGlass, "BreakGlass", PART
        fields = (
            "hospital", "patient_hospital", "reason_code", "comment", "started_at", "ends_at", "review_due_at",
            "escalated_at", "verdict", "review_comment", "reviewed_at", "version",
        )  # fmt: skip
        needs: ClassVar = {
            "cases": Through("patient__cases", rows=lambda by: access.visible(by, Case).order_by("-id")),
            "pathology_cases": Through(
                "patient__pathology_cases", rows=lambda by: access.visible(by, PathologyCase).order_by("-id")
            ),
        }

    def resolve_state(self: Any, info: Any) -> breakglass.State:
        """At the moment of asking."""
        return breakglass.state(self, info.context.now)

    def resolve_cases(self: Any, info: Any) -> Any:
        """As read with the row."""
        return self.patient.cases.all() if opens(self, info) else None

    def resolve_pathology_cases(self: Any, info: Any) -> Any:
        """As read with the row."""
        return self.patient.pathology_cases.all() if opens(self, info) else None


def opens(row: models.BreakGlass, info: Any) -> bool:
    """Whether it opens the patient's cases to who asks, now."""
    by = info.context.actor
    return row.person_id == by.person.pk and row.started_at <= info.context.now < row.ends_at


BreakGlassConnection = connection(BreakGlassType)


class Query:
    """What those who broke the glass and those who review it read."""

    rules: ClassVar = {
        "break_glass_accesses": OWN,
        "break_glass_access": SIGNED_IN,
        "break_glass_reviews": permission("review_break_glass", "view_break_glass"),
    }

    break_glass_accesses = paged(
        BreakGlassConnection,
        "Your own emergency accesses, newest first (我的紧急调阅).",
        running=graphene.Boolean(description="Only those that run now (进行中)."),
    )
    break_glass_access = graphene.Field(
        BreakGlassType,
        id=graphene.ID(required=True, description="Its global id."),
        description="One emergency access: your own, or to a patient of your hospital.",
    )
    break_glass_reviews = paged(
        BreakGlassConnection,
        "Emergency accesses to patients of your hospital, newest first (复核).",
        state=graphene.List(graphene.NonNull(StateEnum), description="In one of these states (状态)."),
    )

    def resolve_break_glass_accesses(
        self: Any, info: Any, first: int, after: str | None = None, running: bool | None = None
    ) -> reads.Page:
        """One's own."""
        by, now = info.context.actor, info.context.now
        rows = breakglass.opened(by, now) if running else models.BreakGlass.objects.filter(person=by.person)
        return reads.page(rows, info, order=NEWEST, first=first, after=after)

    def resolve_break_glass_access(self: Any, info: Any, id: str) -> models.BreakGlass:
        """Through the gate."""
        seen, key = breakglass.seen(info.context.actor), ids.decode(id, "BreakGlass")
        row: models.BreakGlass | None = reads.one(seen, key, info)
        if row is None:
            raise access.not_found()
        return row

    def resolve_break_glass_reviews(
        self: Any, info: Any, first: int, after: str | None = None, state: Any = None
    ) -> reads.Page:
        """Of the hospitals that one reviews or audits."""
        by, now = info.context.actor, info.context.now
        rows = models.BreakGlass.objects.filter(breakglass.to_review(by, "review_break_glass", "view_break_glass"))
        if state is not None:
            wanted = Q(pk__in=[])
            for one in state:
                wanted |= breakglass.in_state(breakglass.State(one.value), now)
            rows = rows.filter(wanted)
        return reads.page(rows, info, order=NEWEST, first=first, after=after)


class BreakGlassAction(Action):
    """A change of an emergency access."""

    returns = ("access", BreakGlassType, models.BreakGlass)
    objects: ClassVar = {"id": ("BreakGlass",)}

    class Meta:
        """Not a mutation itself."""

        abstract = True


class BreakGlass(BreakGlassAction):
    """Open one patient's cases for reading, in an emergency and for an hour at most; the patient's hospital is told at
    once and reviews it. Every attempt is on the trail, and only so many are let in an hour.
    """

    perform = staticmethod(breakglass.break_glass)
    objects: ClassVar = {}

    class Input:
        """Who exactly, and why: identity number with name, or one number of a case."""

        reason = graphene.String(required=True, description="Why, catalogue BREAK_GLASS (原因).")
        comment = graphene.String(description="Words beside the reason; some need them (说明).")
        id_number = graphene.String(description="The whole identity number, together with the name (身份证号).")
        name = graphene.String(description="The whole name (姓名).")
        number = graphene.String(description="Or the whole number of a case, referral or pathology case (单号).")

    @classmethod
    def mutate(cls, root: Any, info: Any, input: dict[str, Any]) -> "Action":
        """As every mutation, but what failed stays counted: the attempt is written whatever comes of it."""
        request = info.context
        try:
            refused = breakglass.knock(by=request.actor, now=request.now)
        except Refused as forbidden:
            request.refused, refused = True, forbidden
        try:
            if refused:
                raise refused
            with transaction.atomic():
                return cls._once(info, plain(input))
        except Refused as why:
            return cls(errors=[UserError(code=why.code, message=why.message, field=wire(why.field))])

    @classmethod
    def _answer(cls, info: Any, pk: object) -> tuple["Action", bool]:
        """The access, with the cases that it has just opened."""
        by = info.context.actor
        running = breakglass.opened(by, info.context.now).values_list("patient", flat=True)
        info.context.actor = replace(by, opened=frozenset(running))
        return super()._answer(info, pk)


class EndBreakGlass(BreakGlassAction):
    """End an emergency access before its time: your own, or one to a patient of your hospital."""

    perform = staticmethod(breakglass.end_break_glass)

    class Input:
        """Which one."""

        id = graphene.ID(required=True, description="The access.")
        expected_version = VERSION


class ReviewBreakGlass(BreakGlassAction):
    """Say for the patient's hospital whether an emergency access was justified; never one's own."""

    perform = staticmethod(breakglass.review_break_glass)

    class Input:
        """Which one, and the verdict."""

        id = graphene.ID(required=True, description="The access.")
        expected_version = VERSION
        verdict = VerdictEnum(required=True, description="JUSTIFIED or UNJUSTIFIED (结论).")
        comment = graphene.String(description="Words; compulsory for UNJUSTIFIED (说明).")


class Mutation:
    """What is done about emergency access."""

    break_glass = BreakGlass.Field(description=BreakGlass.__doc__)
    end_break_glass = EndBreakGlass.Field(description=EndBreakGlass.__doc__)
    review_break_glass = ReviewBreakGlass.Field(description=ReviewBreakGlass.__doc__)
