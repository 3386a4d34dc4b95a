"""Coverage on the wire: for the administrator of an alliance, and for observers with small counts withheld."""

from datetime import date, timedelta
from typing import Any, ClassVar

import graphene
from django.utils import timezone

from consortium.models import Alliance
from referrals.coverage import Coverage, Grouping, Reach, coverage
from schema import reads
from schema.base import Plain, declare_plain, listed, permission
from schema.places import AllianceType, DivisionType, LevelEnum

ReachEnum = declare_plain(
    Reach,
    "CountyReach",
    {
        "NONE": "No active member (无成员).",
        "MEMBER": "A member, but no referral in 90 days (有成员).",
        "ACTIVE": "Sent or received in 90 days (90 天内活跃).",
        "SERVED": "Patients of the county arrived or were advised in the period (已服务).",
    },
)
GroupingEnum = declare_plain(
    Grouping,
    "FlowGrouping",
    {"HOSPITAL": "By hospital (医院).", "PREFECTURE": "By prefecture (市州).", "LEVEL": "By level (级别)."},
)
READERS = permission("view_coverage", "view_suppressed_coverage")
DEFAULT_PERIOD = timedelta(days=90)


class Rate(Plain):
    """A share with what it is made of (率)."""

    numerator = graphene.Int(description="Rows that count; empty if withheld (分子).")
    denominator = graphene.Int(description="Rows in question; empty if withheld (分母).")
    value = graphene.Float(description="Share from 0 to 1; empty if nothing was counted or withheld (比值).")
    completeness = graphene.Float(description="Part of the rows that can already be judged, 0 to 1 (完整度).")
    suppressed = graphene.Boolean(required=True, description="Whether a count from 1 to 4 is withheld (已隐去).")


class CountyCoverage(Plain):
    """One county unit (县级单元)."""

    division = graphene.Field(DivisionType, required=True, description="The county unit (区划).")
    reach = ReachEnum(required=True, description="How far the alliance reaches it (覆盖程度).")
    members = graphene.Int(required=True, description="Active member hospitals (成员数).")
    has_capability = graphene.Boolean(
        required=True, description="Whether a member has the capability itself (自有能力)."
    )
    sent = graphene.Int(description="Legs sent in the period; empty if withheld (转出数).")
    served = graphene.Int(description="Of these arrived or advised; empty if withheld (已服务数).")


class LevelCount(Plain):
    """Members of one level (按级别成员数)."""

    level = LevelEnum(required=True, description="The level (级别).")
    count = graphene.Int(required=True, description="Active members (成员数).")


class Flow(Plain):
    """One cell of the flow matrix (流向)."""

    origin = graphene.String(required=True, description="From where (来源).")
    destination = graphene.String(required=True, description="To where (去向).")
    legs = graphene.Int(description="Legs sent; empty if withheld (转诊数).")


class CoverageType(Plain):
    """Where an alliance reaches and where it is blind, for a capability and a period (覆盖)."""

    alliance = graphene.Field(AllianceType, required=True, description="The alliance (联盟).")
    capability = graphene.String(description="Only referrals that need it; empty for all (能力).")
    since = graphene.Date(required=True, description="First day (起).")
    until = graphene.Date(required=True, description="Last day (止).")
    covered = graphene.Field(
        Rate, required=True, description="County units with an active member ÷ county units (县域覆盖率)."
    )
    counties = listed(CountyCoverage, "Every county unit, by code (各县).", reach=ReachEnum(description="Only these."))
    members_by_level = listed(LevelCount, "Active members by level (按级别成员数).")
    flows = listed(Flow, "The matrix of origin and destination, strongest first (流向矩阵).")
    acceptance = graphene.Field(
        Rate, required=True, description="Accepted or waitlisted ÷ answered; completeness: answered ÷ sent (接受率)."
    )
    diversion = graphene.Field(
        Rate, required=True, description="Returned with advice ÷ answered; completeness: answered ÷ sent (分流率)."
    )
    loop_closure = graphene.Field(
        Rate,
        required=True,
        description="Outcome acknowledged ÷ arrived; completeness: ended or overdue ÷ arrived (闭环率).",
    )
    suppressed = graphene.Boolean(required=True, description="Whether counts from 1 to 4 are withheld (小数隐去).")

    class Meta:
        """Named for the field."""

        name = "Coverage"

    def resolve_alliance(self: Any, info: Any) -> Alliance:
        """With all that the selection needs of it."""
        return reads.one(Alliance.objects.all(), self.alliance.pk, info)  # type: ignore[no-any-return]

    def resolve_counties(self: Any, info: Any, reach: Any = None) -> Any:
        """All, or those of one level of reach."""
        return [county for county in self.counties if reach is None or county.reach.value == reach.value]

    def resolve_members_by_level(self: Any, info: Any) -> list[dict[str, Any]]:
        """From the province down."""
        return [{"level": level, "count": count} for level, count in self.members_by_level.items()]


class Query:
    """What administrators and observers see: figures, no patient."""

    rules: ClassVar = {"coverage": READERS}

    coverage = graphene.Field(
        CoverageType,
        description="Coverage of an alliance; the last 90 days if no period is given.",
        alliance=graphene.String(required=True, description="Code of the alliance (联盟代码)."),
        capability=graphene.String(description="Code of a needed capability (能力)."),
        since=graphene.Date(description="First day (起)."),
        until=graphene.Date(description="Last day (止)."),
        grouping=GroupingEnum(
            required=True, default_value="PREFECTURE", description="By what flows are drawn (流向口径)."
        ),
    )

    def resolve_coverage(
        self: Any,
        info: Any,
        alliance: str,
        grouping: Any,
        capability: str | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> Coverage:
        """Counted on the rows as they are now."""
        last = until or timezone.localdate(info.context.now)
        return coverage(
            by=info.context.actor,
            alliance=alliance,
            capability=capability,
            since=since or last - DEFAULT_PERIOD,
            until=last,
            grouping=Grouping(getattr(grouping, "value", grouping)),
            now=info.context.now,
        )
