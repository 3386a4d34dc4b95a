"""The people of a call at the edge, what they send, and how they are refused."""

from typing import Any

from referrals.models import Milestone, Offer, QualityReview, Referral
from tests.edge.client import Edge, as_role, gid
from tests.world import DOCTOR, EXPERT, World

LEG = "referral { id number version status accessLevel }"


def doctor(world: World) -> Edge:
    """The sender."""
    return as_role(world, "county", DOCTOR)


def expert(world: World, place: str = "province") -> Edge:
    """A specialist who is asked."""
    return as_role(world, place, EXPERT)


def refused(edge: Edge, action: str, **given: Any) -> tuple[str, str | None]:
    """Code and field with which a mutation is refused; nothing is changed by it."""
    before = Referral.objects.count(), Offer.objects.count(), Milestone.objects.count(), QualityReview.objects.count()
    (error,) = edge.payload(action, **given)["errors"]
    assert error["message"]
    assert before == (
        Referral.objects.count(), Offer.objects.count(), Milestone.objects.count(), QualityReview.objects.count(),
    )  # fmt: skip
    return error["code"], error["field"]


def call(world: World, **given: Any) -> dict[str, Any]:
    """The input of a call to the province."""
    there = {"requesterDepartment": gid(world.departments["county"]), "targets": [gid(world.departments["province"])]}
    return {"kind": "CRITICAL_CHILD", "summary": "高热抽搐"} | there | given
