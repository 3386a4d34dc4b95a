"""Time limits on the wire: what runs on a case, how well limits are met, what is nearly missed, an alliance's own."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

import graphene
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from consortium import access, clocks, lifecycle
from consortium.access import Actor
from consortium.models import ClockRule, ClockRun, EscalationRule, Rung, ServiceRequest
from consortium.overrides import set_clock_rule
from consortium.registry import valid_on
from consortium.roles import Role, roles_with
from consortium.runs import MILESTONE
from referrals.attainment import Attained, By, Forecast, attainment, breach_forecast
from referrals.models import Offer, Referral
from schema import ids
from schema.action import Action
from schema.base import (
    SIGNED_IN,
    Date,
    DateTime,
    Plain,
    PriorityEnum,
    RoleEnum,
    SideEnum,
    Type,
    declare,
    declare_plain,
    listed,
    permission,
)
from schema.catalogues import CalendarEnum, ClockRuleType, registry_label
from schema.places import HospitalType
from schema.reads import Through
from schema.rows import Part, Row

FIGURES = permission("view_coverage", "view_suppressed_coverage", "view_hospital_figures")
PERIOD = timedelta(days=90)
RungEnum = declare(Rung, "EscalationRung")
ByEnum = declare_plain(
    By,
    "AttainmentGrouping",
    {
        "HOSPITAL": "By the holder's hospital (医院).",
        "KIND": "By kind of limit (时限种类).",
        "HOUR": "By the hour at which it began, 0 to 23 (时段).",
    },
)


def paused_why(row: Row) -> str:
    """The state of the case, see `lifecycle.status_label`."""
    found = ""
    for model in lifecycle.STEPS:
        states = {value: str(label) for value, label in model._meta.get_field("status").choices or ()}
        found += f" when {row.literal(model.KIND)} then {row.worded(row('paused_in'), states)}"
    return f"case when {row('paused_in')} <> '' then case {row('subject_kind')}{found} end end"


class ClockRunType(Type):
    """One run of a time limit on a case: target, taken, left, whose move it is (计时)."""

    label = graphene.String(required=True, description="The limit in the reader's language (时限名称).")
    roles = listed(RoleEnum, "The holder's roles that can end it (持有岗位).")
    elapsed_minutes = graphene.Int(required=True, description="Minutes taken, pauses left out (已用分钟).")
    remaining_minutes = graphene.Int(description="Minutes left, negative when overdue; empty when stopped (剩余分钟).")
    paused_why = graphene.String(description="Why it pauses, in the reader's language; empty if it runs (暂停原因).")

    class Meta:
        """Reached through a case that is visible."""

        model, name = ClockRun, "ClockRun"
        rule = permission(
            "view_sent_referral",
            "view_received_referral",
            "confirm_error",
            "view_own_activation",
            "view_sent_pathology",
            "view_received_pathology",
        )
        fields = (
            "kind",
            "target_minutes",
            "holder",
            "hospital",
            "department",
            "started_at",
            "due_at",
            "paused_at",
            "stopped_at",
            "met",
        )
        needs = dict.fromkeys(("label", "roles", "elapsed_minutes", "remaining_minutes"), Through(joins=("rule",)))
        sql = {"label": lambda row: row("rule__" + registry_label()), "paused_why": paused_why}

    def resolve_label(self: Any, info: Any) -> str:
        """From the registry."""
        return self.rule.label

    def resolve_roles(self: Any, info: Any) -> list[Any]:
        """From the table of roles."""
        steps = {name.partition(">")[0] for name in self.rule.stop_step.split("|")}
        steps = {"record_milestone" if name.startswith(MILESTONE) else name for name in steps}
        return [role for role in Role if any(role in roles_with(name) for name in steps)]

    def resolve_elapsed_minutes(self: Any, info: Any) -> int:
        """On its own calendar."""
        return int(clocks.elapsed(self, info.context.now).total_seconds() // 60)

    def resolve_remaining_minutes(self: Any, info: Any) -> int | None:
        """On its own calendar."""
        if self.stopped_at:
            return None
        left = timedelta(minutes=self.target_minutes) - clocks.elapsed(self, info.context.now)
        return int(left.total_seconds() // 60)

    def resolve_paused_why(self: Any, info: Any) -> str | None:
        """The state of the case."""
        return lifecycle.status_label(self.subject_kind, self.paused_in) if self.paused_in else None


class EscalationRuleType(Type):
    """One rung of the ladder of reminders (升级规则)."""

    quiet_from = graphene.String(description="Start of quiet hours, such as 21:00; empty for none (静默开始).")
    quiet_to = graphene.String(description="End of quiet hours (静默结束).")

    class Meta:
        """Catalogues are open to all who are signed in."""

        model, name, rule = EscalationRule, "EscalationRule", SIGNED_IN
        fields = ("priority", "rung", "after_minutes", "repeat_minutes", "source")
        sql = {
            "quiet_from": lambda row: f"to_char({row('quiet_from')}, 'HH24:MI')",
            "quiet_to": lambda row: f"to_char({row('quiet_to')}, 'HH24:MI')",
        }

    def resolve_quiet_from(self: Any, info: Any) -> str | None:
        """Hours and minutes."""
        return f"{self.quiet_from:%H:%M}" if self.quiet_from else None

    def resolve_quiet_to(self: Any, info: Any) -> str | None:
        """Hours and minutes."""
        return f"{self.quiet_to:%H:%M}" if self.quiet_to else None


class Clock(Plain):
    """The time limit that runs now (时限)."""

    kind = graphene.String(required=True, description="What is limited, see `clocks` (时限种类).")
    holder = SideEnum(description="Whose move it is (时限持有方).")
    started_at = DateTime(required=True, description="When it began (计时开始).")
    due_at = DateTime(description="When it ends (截止时间).")
    remaining_minutes = graphene.Int(description="Minutes left; negative when overdue (剩余分钟).")
    overdue = graphene.Boolean(required=True, description="Whether it has passed (已超时).")


def clock_sql(row: Row) -> Part:
    """As `clock_of`."""
    left = f"extract(epoch from {row('due_at')} - {row.now})"
    return Part(
        f"{row('clock_kind')} <> ''",
        kind=row("clock_kind"),
        holder=row("clock_holder"),
        started_at=row("clock_started_at"),
        due_at=row("due_at"),
        remaining_minutes=f"floor({left} / 60)::bigint",
        overdue=f"coalesce({row('due_at')} < {row.now}, false)",
    )


def clock_of(case: ServiceRequest, now: datetime) -> Clock | None:
    """The limit that runs on a case, if any."""
    if not case.clock_kind:
        return None
    left = case.due_at - now if case.due_at else None
    return Clock(
        kind=case.clock_kind,
        holder=case.clock_holder or None,
        started_at=case.clock_started_at,
        due_at=case.due_at,
        remaining_minutes=int(left.total_seconds() // 60) if left is not None else None,
        overdue=left is not None and left.total_seconds() < 0,
    )


BY_BEGINNING = ("started_at", "pk")


def by_beginning(runs: Iterable[ClockRun]) -> list[ClockRun]:
    """Limits in the order in which they began."""
    return sorted(runs, key=lambda run: (run.started_at, run.pk))


def runs_seen(by: Actor) -> QuerySet[ClockRun]:
    """The limits of the legs and offers that somebody may see."""
    legs, offers = (Exists(access.visible(by, kind).filter(pk=OuterRef("subject_id"))) for kind in (Referral, Offer))
    return ClockRun.objects.filter(legs | offers)


class AttainmentType(Plain):
    """How one group met its limits (时限达标)."""

    group = graphene.String(required=True, description="Name of the hospital, kind or hour (分组).")
    numerator = graphene.Int(description="Ended within target; empty if withheld (分子).")
    denominator = graphene.Int(description="Ended or missed, so that they can be judged; empty if withheld (分母).")
    share = graphene.Float(description="Share within target, 0 to 1 (达标率).")
    completeness = graphene.Float(description="Judged ÷ begun, 0 to 1 (完整度).")
    median_minutes = graphene.Float(description="Median of the time taken, minutes (中位数).")
    p90_minutes = graphene.Float(name="p90Minutes", description="90th percentile, minutes (第 90 百分位).")
    suppressed = graphene.Boolean(required=True, description="Whether a small count is withheld (已隐去).")

    class Meta:
        """Named for the field."""

        name = "Attainment"

    def resolve_numerator(self: Attained, info: Any) -> int | None:
        """Within target."""
        return self.within

    def resolve_denominator(self: Attained, info: Any) -> int | None:
        """What can be judged."""
        return self.judged

    def resolve_suppressed(self: Attained, info: Any) -> bool:
        """Counts are there or withheld together."""
        return self.judged is None


class BreachForecastType(Plain):
    """Open limits of one kind at one hospital (超时预测)."""

    hospital = graphene.Field(HospitalType, description="The holder's hospital, empty if none is set yet (医院).")
    kind = graphene.String(required=True, description="What is limited (时限种类).")
    breached = graphene.Int(description="Missed already; empty if withheld (已超时).")
    breaching = graphene.Int(description="Will be missed in this time at the present pace; empty if withheld (将超时).")

    class Meta:
        """Named for the field."""

        name = "BreachForecast"


SCOPE: dict[str, Any] = {
    "alliance": graphene.String(description="Code of the alliance (联盟); or"),
    "hospital": graphene.ID(description="your own hospital (医院)."),
}


class Query:
    """What is read about time limits: figures, no patient."""

    rules: ClassVar = {
        "attainment": FIGURES,
        "breach_forecast": FIGURES,
        "escalation_ladder": SIGNED_IN,
    }

    attainment = listed(
        AttainmentType,
        "How limits that began in a period were met; the last 90 days if none is given.",
        kind=graphene.String(description="Only of this kind (时限种类)."),
        since=Date(description="First day (起)."),
        until=Date(description="Last day (止)."),
        by=ByEnum(required=True, default_value="KIND", description="By what it is grouped (分组)."),
        **SCOPE,
    )
    breach_forecast = listed(
        BreachForecastType,
        "What is missed already and what will be soon, by hospital and kind.",
        minutes=graphene.Int(required=True, default_value=60, description="How far to look ahead, minutes (分钟)."),
        **SCOPE,
    )
    escalation_ladder = listed(EscalationRuleType, "Who is reminded when, as it holds today (升级阶梯).")

    def resolve_attainment(
        self: Any, info: Any, by: Any, since: date | None = None, until: date | None = None, **scope: Any
    ) -> list[Attained]:
        """Counted on the rows as they are now."""
        last = until or timezone.localdate(info.context.now)
        return attainment(
            by=info.context.actor,
            since=since or last - PERIOD,
            until=last,
            grouping=By(getattr(by, "value", by)),
            now=info.context.now,
            **within(scope),
        )

    def resolve_breach_forecast(self: Any, info: Any, minutes: int, **scope: Any) -> list[Forecast]:
        """Counted on the rows as they are now."""
        return breach_forecast(by=info.context.actor, minutes=minutes, now=info.context.now, **within(scope))

    def resolve_escalation_ladder(self: Any, info: Any) -> Any:
        """By priority, the nearest rung first."""
        rows = EscalationRule.objects.filter(valid_on(timezone.localdate(info.context.now)))
        return rows.order_by("priority", "after_minutes")


def within(scope: dict[str, Any]) -> dict[str, Any]:
    """The scope with the hospital's key."""
    if scope.get("hospital"):
        scope["hospital"] = ids.decode(scope["hospital"], "Hospital", field="hospital")
    return scope


class SetClockRule(Action):
    """Give your alliance its own target for a limit, from tomorrow or later; what runs today is not changed."""

    perform = staticmethod(set_clock_rule)
    returns = ("clock_rule", ClockRuleType, ClockRule)

    class Input:
        """Which limit, how long, since when, by whose decision."""

        alliance = graphene.String(required=True, description="Code of the alliance (联盟).")
        kind = graphene.String(required=True, description="What is limited, such as TRIAGE (时限种类).")
        priority = PriorityEnum(description="For this priority, for all if empty (优先级).")
        target_minutes = graphene.Int(required=True, description="The target, minutes (目标分钟数).")
        calendar = CalendarEnum(description="Which time counts, as shipped if empty (计时日历).")
        source = graphene.String(required=True, description="The decision it is taken from (来源).")
        valid_from = Date(description="First day, tomorrow if empty (启用日期).")


class Mutation:
    """What an alliance decides about time limits."""

    set_clock_rule = SetClockRule.Field(description=SetClockRule.__doc__)
