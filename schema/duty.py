"""Duty rosters on the wire: who answers for a department, set by its hospital, swapped by two who agree."""

from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import graphene
from django.db.models import Q
from django.utils.translation import gettext as _

from consortium.duty import accept_swap, on_duty, roster, set_duty, swap_duty
from consortium.errors import Code, Refused
from consortium.models import Duty, DutySwap, Post
from schema import ids, reads
from schema.action import Action
from schema.base import OWN, SIGNED_IN, DateTime, Type, declare, listed

PostEnum = declare(Post, "DutyPost")
LONGEST = timedelta(days=92)


class DutyType(Type):
    """Somebody answers for a department for a time (值班)."""

    class Meta:
        """Whoever waits for an answer may know who owes it."""

        model, name, rule = Duty, "Duty", SIGNED_IN
        fields = ("department", "person", "post", "starts_at", "ends_at", "version")


class DutySwapType(Type):
    """Two people exchange their duties (换班)."""

    class Meta:
        """Only through the swap that one proposes or accepts."""

        model, name, rule = DutySwap, "DutySwap", SIGNED_IN
        fields = ("given", "taken", "proposed_at", "accepted_at", "version")


class Query:
    """What is read of rosters."""

    rules: ClassVar = {"roster": SIGNED_IN, "on_duty": SIGNED_IN, "duty_swaps": OWN}

    roster = listed(
        DutyType,
        "The duties of a department that touch a period of at most 92 days, the earliest first (排班表).",
        department=graphene.ID(required=True, description="The department (科室)."),
        since=DateTime(required=True, description="From (起)."),
        until=DateTime(required=True, description="Until (止)."),
    )
    on_duty = listed(
        DutyType,
        "Who answers for a department now, those on duty before its head; empty tells that nobody does (当班).",
        department=graphene.ID(required=True, description="The department (科室)."),
    )

    duty_swaps = listed(DutySwapType, "Open proposals that you made or that wait for your consent (换班申请).")

    @reads.compiled
    def resolve_roster(self: Any, info: Any, department: str, since: datetime, until: datetime) -> Any:
        """By time."""
        if not since < until or until - since > LONGEST:
            raise Refused(Code.INVALID_INPUT, _("起止时间须先后有序，且不超过 92 天。"), field="until")
        return reads.every(roster(key_of(department), since, until), info)

    @reads.compiled
    def resolve_on_duty(self: Any, info: Any, department: str) -> Any:
        """Now."""
        return reads.every(on_duty(key_of(department), info.context.now), info)

    @reads.compiled
    def resolve_duty_swaps(self: Any, info: Any) -> Any:
        """Oldest first."""
        me = info.context.actor.person
        rows = DutySwap.objects.filter(Q(given__person=me) | Q(taken__person=me), accepted_at__isnull=True)
        return reads.every(rows.order_by("id"), info)


def key_of(department: str) -> UUID:
    """The key of a department by its global id."""
    return UUID(ids.decode(department, "Department", field="department"))


class SetDuty(Action):
    """Put somebody of your staff on the roster of a department, or change a duty that is there (by id)."""

    perform = staticmethod(set_duty)
    returns = ("duty", DutyType, Duty)
    objects: ClassVar = {"id": ("Duty",), "department": ("Department",), "person": ("Person",)}

    class Input:
        """Who, where, when."""

        id = graphene.ID(description="The duty to change; empty for a new one.")
        expected_version = graphene.Int(description="The version that you decided on, with an id.")
        department = graphene.ID(required=True, description="The department (科室).")
        person = graphene.ID(required=True, description="Who (人员).")
        post = PostEnum(description="On duty if empty, or the department's head (班次).")
        starts_at = DateTime(required=True, description="From when (开始时间).")
        ends_at = DateTime(required=True, description="Until when (结束时间).")


class SwapDuty(Action):
    """Propose to exchange your own duty for a colleague's; it changes when they accept."""

    perform = staticmethod(swap_duty)
    returns = ("duty_swap", DutySwapType, DutySwap)
    objects: ClassVar = {"id": ("Duty",), "other": ("Duty",)}

    class Input:
        """Which two duties."""

        id = graphene.ID(required=True, description="Your own duty (换出班次).")
        other = graphene.ID(required=True, description="The colleague's (换入班次).")


class AcceptSwap(Action):
    """Accept an exchange that a colleague proposed to you."""

    perform = staticmethod(accept_swap)
    returns = ("duty_swap", DutySwapType, DutySwap)
    objects: ClassVar = {"id": ("DutySwap",)}

    class Input:
        """Which proposal."""

        id = graphene.ID(required=True, description="The proposal.")


class Mutation:
    """What is changed about rosters."""

    set_duty = SetDuty.Field(description=SetDuty.__doc__)
    swap_duty = SwapDuty.Field(description=SwapDuty.__doc__)
    accept_swap = AcceptSwap.Field(description=AcceptSwap.__doc__)
