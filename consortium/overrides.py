"""An alliance's own time limits, beside the shipped ones: dated, versioned, never changing what runs today."""

import re
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import access, trail
from consortium.access import Actor
from consortium.errors import Code, Refused, checked
from consortium.models import Alliance, ClockRule
from consortium.registry import valid_on

# What a shipped label adds for one priority: 分诊时限（危急）, Triage (immediate).
OF_ONE_PRIORITY = re.compile(r"\s*[(（][^()（）]*[)）]$")


def set_clock_rule(
    *,
    by: Actor,
    now: datetime,
    alliance: str,
    kind: str,
    target_minutes: int,
    source: str,
    priority: int | None = None,
    calendar: str = "",
    valid_from: date | None = None,
) -> ClockRule:
    """Give an alliance its own target for a limit, from tomorrow or later, so that no limit that runs is changed."""
    tomorrow = timezone.localdate(now) + timedelta(days=1)
    since = valid_from or tomorrow
    with transaction.atomic(savepoint=False):
        lead = Alliance.objects.select_for_update(no_key=True).filter(code=alliance).first()
        if lead is None or lead.lead_id not in by.reach("set_clock_rule").hospitals:
            raise access.not_found("alliance")
        if since < tomorrow or target_minutes < 1:
            raise Refused(Code.INVALID_INPUT, _("新时限至少 1 分钟，最早从明天起生效。"), field="validFrom")
        rules = ClockRule.objects.filter(valid_on(since), kind=kind, alliance=None).order_by("priority")
        shipped = (rules.filter(Q(priority=priority) | Q(priority=None)) if priority else rules).first()
        if shipped is None:
            raise Refused(Code.INVALID_INPUT, _("没有这种时限，请从时限目录中选择。"), field="kind")
        own = ClockRule.objects.filter(alliance=lead, kind=kind, priority=priority)
        own.filter(valid_from__gte=since).delete()  # planned, never in force
        own.filter(valid_on(since)).update(valid_to=since - timedelta(days=1))
        rule = ClockRule(alliance=lead, kind=kind, priority=priority, target_minutes=target_minutes, source=source)
        for name in ("emergency", "start_step", "stop_step", "paused_in", "holder", "label_zh", "label_en"):
            setattr(rule, name, getattr(shipped, name))
        if priority is None and shipped.priority is not None:
            rule.label_zh, rule.label_en = (OF_ONE_PRIORITY.sub("", label) for label in (rule.label_zh, rule.label_en))
        rule.calendar, rule.valid_from = calendar or shipped.calendar, since
        checked(rule).save()
        role = access.require_at(by, "set_clock_rule", hospital=lead.lead_id)
        trail.audit(by, "set_clock_rule", rule, role=role, purpose="ADMINISTRATION", patient_id=None, now=now)
    return rule
