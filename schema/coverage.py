"""Coverage on the wire: for the administrator of an alliance, and for observers with small counts withheld."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, ClassVar

import graphene
from django.utils import timezone

from consortium import access
from consortium.models import Alliance, Hospital
from referrals.coverage import LEVELS, Coverage, End, Grouping, Reach, breakdown, counted, coverage
from referrals.figures import Counted, Indicator, scope
from referrals.figures import Rate as Measured
from referrals.trend import MOST_MONTHS, Month, trend
from schema import ids, reads
from schema.base import Date, Plain, declare_plain, listed, permission
from schema.keyset import Order
from schema.places import AllianceType, DivisionType, HospitalType, LevelEnum
from schema.reads import paged
from schema.worklist import ReferralConnection

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
IndicatorEnum = declare_plain(
    Indicator,
    "IndicatorName",
    {
        "COVERED": "County units with an active member ÷ county units (县域覆盖率).",
        "ACCEPTANCE": "Accepted or waitlisted ÷ answered (接受率).",
        "DIVERSION": "Returned with advice ÷ answered (分流率).",
        "LOOP_CLOSURE": "Outcome acknowledged ÷ arrived (闭环率).",
        "CLOCK_ATTAINMENT": "Limits met ÷ limits that can be judged (时限达标率).",
    },
)
CountedEnum = declare_plain(
    Counted,
    "CountedLegs",
    {
        "SENT": "Sent in the period (送达).",
        "ANSWERED": "Of these answered (已答复).",
        "ACCEPTED": "Accepted or waitlisted (接受或候床).",
        "ADVISED": "Returned with advice (附建议退回).",
        "ARRIVED": "The patient arrived (已到院).",
        "COMPLETED": "Arrived, and the outcome acknowledged (转归已确认).",
        "SERVED": "Arrived or advised (已服务).",
    },
)
EndEnum = declare_plain(
    End, "FlowEnd", {"ORIGIN": "The hospital that sent (转出医院).", "DESTINATION": "The hospital asked (接收医院)."}
)
READERS = permission("view_coverage", "view_suppressed_coverage")
DEFAULT_PERIOD = timedelta(days=90)
NEWEST = Order("NEWEST", ("id",), descending=True)


class Rate(Plain):
    """A share with what it is made of (率)."""

    numerator = graphene.Int(description="Rows that count; empty if withheld (分子).")
    denominator = graphene.Int(description="Rows in question; empty if withheld (分母).")
    value = graphene.Float(description="Share from 0 to 1; empty if nothing was counted or withheld (比值).")
    completeness = graphene.Float(description="Part of the rows that can already be judged, 0 to 1 (完整度).")
    suppressed = graphene.Boolean(required=True, description="Whether a count from 1 to 4 is withheld (已隐去).")


class IndicatorType(Plain):
    """A share with what it is, what it is made of, and what of that can be opened (指标)."""

    name = IndicatorEnum(required=True, description="Which indicator (指标).")
    label = graphene.String(required=True, description="Its name, in the reader's language (名称).")
    definition = graphene.String(required=True, description="What it says, in the reader's language (定义).")
    numerator_label = graphene.String(required=True, description="What the numerator counts (分子含义).")
    denominator_label = graphene.String(required=True, description="What the denominator counts (分母含义).")
    numerator = graphene.Int(description="Rows that count; empty if withheld (分子).")
    denominator = graphene.Int(description="Rows in question; empty if withheld (分母).")
    value = graphene.Float(description="Share from 0 to 1; empty if nothing was counted or withheld (比值).")
    completeness = graphene.Float(description="Part of the rows that can already be judged, 0 to 1 (完整度).")
    suppressed = graphene.Boolean(required=True, description="Whether a count from 1 to 4 is withheld (已隐去).")
    numerator_legs = CountedEnum(description="What `countedReferrals` opens of the numerator, if legs (分子明细).")
    denominator_legs = CountedEnum(description="What `countedReferrals` opens of the denominator, if legs (分母明细).")

    class Meta:
        """Named for the field."""

        name = "Indicator"

    def resolve_name(self: Measured, info: Any) -> Indicator:
        """Which one."""
        return self.indicator

    def resolve_label(self: Measured, info: Any) -> str:
        """In the reader's language."""
        return str(self.definition.label)

    def resolve_definition(self: Measured, info: Any) -> str:
        """In the reader's language."""
        return str(self.definition.meaning)

    def resolve_numerator_label(self: Measured, info: Any) -> str:
        """In the reader's language."""
        return str(self.definition.numerator)

    def resolve_denominator_label(self: Measured, info: Any) -> str:
        """In the reader's language."""
        return str(self.definition.denominator)

    def resolve_numerator_legs(self: Measured, info: Any) -> Counted | None:
        """None where no legs are counted."""
        return self.definition.above

    def resolve_denominator_legs(self: Measured, info: Any) -> Counted | None:
        """None where no legs are counted."""
        return self.definition.below


class LevelOfReach(Plain):
    """One of the four levels of the map (覆盖等级)."""

    reach = ReachEnum(required=True, description="The level (等级).")
    rank = graphene.Int(required=True, description="0 for none to 3 for served (序号).")
    label = graphene.String(required=True, description="Its name, in the reader's language (名称).")
    definition = graphene.String(required=True, description="What it says, in the reader's language (定义).")
    counties = graphene.Int(required=True, description="County units at this level (县级单元数).")


class CoverageMonth(Plain):
    """The figures of one month, as `coverage` of its days would give them (月度)."""

    month = graphene.String(required=True, description="Year and month, such as 2026-11 (月份).")
    since = Date(required=True, description="First day (起).")
    until = Date(required=True, description="Last day, or that of the period (止).")
    complete = graphene.Boolean(required=True, description="Whether the whole month is counted (完整月).")
    sent = graphene.Int(description="Legs sent; empty if withheld (送达数).")
    indicators = listed(IndicatorType, "All indicators, in the same order (指标).")

    def resolve_month(self: Month, info: Any) -> str:
        """Year and month."""
        return self.name


class HospitalCoverage(Plain):
    """The legs of the period that one hospital sent or was asked to take (各院)."""

    hospital = graphene.Field(HospitalType, required=True, description="The hospital (医院).")
    sent = graphene.Int(description="Legs sent from or to it; empty if withheld (送达数).")
    indicators = listed(IndicatorType, "Acceptance, diversion, loop closure (指标).")


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
    origin_code = graphene.String(
        required=True, description="Its division, level or hospital, by the grouping (来源代码)."
    )
    destination_code = graphene.String(required=True, description="The same of where it went (去向代码).")
    legs = graphene.Int(description="Legs sent; empty if withheld (转诊数).")


class CoverageType(Plain):
    """Where an alliance reaches and where it is blind, for a capability and a period (覆盖)."""

    alliance = graphene.Field(AllianceType, required=True, description="The alliance (联盟).")
    capability = graphene.String(description="Only referrals that need it; empty for all (能力).")
    since = Date(required=True, description="First day (起).")
    until = Date(required=True, description="Last day (止).")
    sent = graphene.Int(description="Legs sent in the period; empty if withheld (送达数).")
    indicators = listed(IndicatorType, "All indicators (指标).")
    levels = listed(LevelOfReach, "The four levels with their definitions and counts, the least first (覆盖等级).")
    covered = graphene.Field(
        IndicatorType, required=True, description="County units with an active member ÷ county units (县域覆盖率)."
    )
    counties = listed(CountyCoverage, "Every county unit, by code (各县).", reach=ReachEnum(description="Only these."))
    members_by_level = listed(LevelCount, "Active members by level (按级别成员数).")
    flows = listed(Flow, "The matrix of origin and destination, strongest first (流向矩阵).")
    acceptance = graphene.Field(
        IndicatorType,
        required=True,
        description="Accepted or waitlisted ÷ answered; completeness: answered ÷ sent (接受率).",
    )
    diversion = graphene.Field(
        IndicatorType,
        required=True,
        description="Returned with advice ÷ answered; completeness: answered ÷ sent (分流率).",
    )
    loop_closure = graphene.Field(
        IndicatorType,
        required=True,
        description="Outcome acknowledged ÷ arrived; completeness: ended or overdue ÷ arrived (闭环率).",
    )
    clock_attainment = graphene.Field(
        IndicatorType, required=True, description="Limits met ÷ judged; completeness: judged ÷ begun (时限达标率)."
    )
    trend = listed(
        CoverageMonth,
        "The month of the last day and those before it, the earliest first (趋势).",
        months=graphene.Int(required=True, default_value=6, description=f"How many, 1 to {MOST_MONTHS} (月数)."),
    )
    breakdown = listed(
        HospitalCoverage,
        "Every hospital that sent or was asked, the busiest first (按医院).",
        end=EndEnum(required=True, default_value="DESTINATION", description="At which end (哪一端)."),
    )
    suppressed = graphene.Boolean(required=True, description="Whether counts from 1 to 4 are withheld (小数隐去).")

    class Meta:
        """Named for the field."""

        name = "Coverage"

    def resolve_alliance(self: Coverage, info: Any) -> Alliance:
        """With all that the selection needs of it."""
        return reads.one(Alliance.objects.all(), self.scope.alliance.pk, info)

    def resolve_capability(self: Coverage, info: Any) -> str | None:
        """As asked."""
        return self.scope.capability

    def resolve_since(self: Coverage, info: Any) -> date:
        """As asked, or by default."""
        return self.scope.since

    def resolve_until(self: Coverage, info: Any) -> date:
        """As asked, or by default."""
        return self.scope.until

    def resolve_suppressed(self: Coverage, info: Any) -> bool:
        """For observers."""
        return self.scope.withheld

    def resolve_covered(self: Coverage, info: Any) -> Measured:
        """One of the indicators."""
        return self.indicator(Indicator.COVERED)

    def resolve_acceptance(self: Coverage, info: Any) -> Measured:
        """One of the indicators."""
        return self.indicator(Indicator.ACCEPTANCE)

    def resolve_diversion(self: Coverage, info: Any) -> Measured:
        """One of the indicators."""
        return self.indicator(Indicator.DIVERSION)

    def resolve_loop_closure(self: Coverage, info: Any) -> Measured:
        """One of the indicators."""
        return self.indicator(Indicator.LOOP_CLOSURE)

    def resolve_clock_attainment(self: Coverage, info: Any) -> Measured:
        """One of the indicators."""
        return self.indicator(Indicator.CLOCK_ATTAINMENT)

    def resolve_levels(self: Coverage, info: Any) -> Iterable[dict[str, Any]]:
        """Each with what it means."""
        for rank, (reach, number) in enumerate(self.levels().items()):
            label, definition = LEVELS[reach]
            yield {"reach": reach, "rank": rank, "label": label, "definition": definition, "counties": number}

    def resolve_trend(self: Coverage, info: Any, months: int) -> list[Month]:
        """Counted when asked for."""
        return trend(self.scope, months=months, now=self.now)

    def resolve_breakdown(self: Coverage, info: Any, end: Any) -> list[dict[str, Any]]:
        """Counted when asked for, with all that the selection needs of the hospitals."""
        found = breakdown(self.scope, end=End(getattr(end, "value", end)), now=self.now)
        rows = Hospital.objects.filter(pk__in=[each.hospital for each in found])
        named = {row.pk: row for row in reads.plan(rows, info, below="hospital")}
        return [{"hospital": named[each.hospital], "sent": each.sent, "indicators": each.indicators} for each in found]

    def resolve_counties(self: Any, info: Any, reach: Any = None) -> Any:
        """All, or those of one level of reach."""
        return [county for county in self.counties if reach is None or county.reach.value == reach.value]

    def resolve_members_by_level(self: Any, info: Any) -> list[dict[str, Any]]:
        """From the province down."""
        return [{"level": level, "count": count} for level, count in self.members_by_level.items()]


class Query:
    """What administrators and observers see: figures, and behind them only the cases that they see anyway."""

    rules: ClassVar = {"coverage": READERS, "counted_referrals": permission("view_coverage")}

    coverage = graphene.Field(
        CoverageType,
        description="Coverage of an alliance; the last 90 days if no period is given.",
        alliance=graphene.String(required=True, description="Code of the alliance (联盟代码)."),
        capability=graphene.String(description="Code of a needed capability (能力)."),
        since=Date(description="First day (起)."),
        until=Date(description="Last day (止)."),
        grouping=GroupingEnum(
            required=True, default_value="PREFECTURE", description="By what flows are drawn (流向口径)."
        ),
    )

    counted_referrals = paged(
        ReferralConnection,
        "The legs behind a figure of `coverage`, as far as you may see them; names are masked.",
        alliance=graphene.String(required=True, description="Code of the alliance (联盟代码)."),
        legs=CountedEnum(required=True, description="Which are counted (计数口径)."),
        capability=graphene.String(description="Code of a needed capability (能力)."),
        since=Date(description="First day (起)."),
        until=Date(description="Last day (止)."),
        origin=graphene.String(description="Sent from this division or what lies in it (来源区划)."),
        destination=graphene.String(description="Sent to this division or what lies in it (去向区划)."),
        hospital=graphene.ID(description="Sent by or to this hospital (医院)."),
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

    def resolve_counted_referrals(
        self: Any,
        info: Any,
        alliance: str,
        legs: Any,
        first: int,
        after: str | None = None,
        capability: str | None = None,
        since: date | None = None,
        until: date | None = None,
        hospital: str | None = None,
        **ends: Any,
    ) -> reads.Page:
        """Of what is counted, what exists for the actor."""
        by, last = info.context.actor, until or timezone.localdate(info.context.now)
        over = scope(by, alliance=alliance, capability=capability, since=since or last - DEFAULT_PERIOD, until=last)
        pk = ids.decode(hospital, "Hospital", field="hospital") if hospital else None
        rows = access.visible(by, counted(over, Counted(legs.value), hospital=pk, **ends))
        return reads.page(rows, info, order=NEWEST, first=first, after=after)
