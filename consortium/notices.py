"""What a person does about their own notices: read them, and say by which channels to hear more."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consortium import access, channels, lifecycle, trail
from consortium.access import Actor
from consortium.errors import Code, Refused, checked
from consortium.models import Channel, Notice, Person, Preference, Priority

MOBILE = re.compile(r"1[3-9]\d{9}")
WECOM_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")


def read_notice(*, by: Actor, id: UUID, now: datetime) -> Notice:
    """Mark one of the actor's own notices as read; reading it again changes nothing."""
    notice = Notice.objects.select_for_update(of=("self",)).filter(pk=id, person=by.person).first()
    if notice is None:
        raise access.not_found()
    if notice.read_at is None:
        notice.read_at = now
        notice.save(update_fields=["read_at"])
    return notice


def set_preference(
    *,
    by: Actor,
    channel: str,
    address: str,
    now: datetime,
    active: bool | None = None,
    least_priority: int | None = None,
    steps: Sequence[str] | None = None,
    quiet_from: time | None = None,
    quiet_until: time | None = None,
) -> Preference:
    """Say by which channel the actor wants to hear, of what, and when not; it counts from the next step on.

    What is left out means everything, at any time. INVALID_INPUT for a channel that is not set up, an address that is
    none, an unknown step, half of the quiet hours.
    """
    if channel not in ADDRESSES or not channels.is_open(channel):
        raise Refused(Code.INVALID_INPUT, _("该渠道尚未开通；请选择其他渠道，或联系运维人员。"), field="channel")
    is_address, remedy = ADDRESSES[channel]
    if not is_address(address.strip()):
        raise Refused(Code.INVALID_INPUT, str(remedy), field="address")
    if (quiet_from is None) != (quiet_until is None) or (quiet_from and quiet_from == quiet_until):
        raise Refused(Code.INVALID_INPUT, _("免打扰时段须同时填写起止时间，且两者不同。"), field="quietUntil")
    wanted: dict[str, Any] = {
        "address": address.strip(),
        "active": active is not False,
        "least_priority": least_priority or Priority.ROUTINE,
        "steps": known_steps(steps or ()),
        "quiet_from": quiet_from,
        "quiet_until": quiet_until,
    }
    with transaction.atomic(savepoint=False):
        Person.objects.select_for_update(no_key=True).get(pk=_owner(by))
        row = Preference.objects.filter(person=by.person, channel=channel).first()
        row = row or Preference(person=by.person, channel=channel, version=0)
        for name, value in wanted.items():
            setattr(row, name, value)
        row.version += 1
        checked(row).save()
        trail.audit(by, "set_preference", row, role=None, purpose="ADMINISTRATION", patient_id=None, now=now)
    return row


def known_steps(steps: Sequence[str]) -> list[str]:
    """The steps in order and once each; INVALID_INPUT for one that is unknown."""
    known = {*lifecycle.NOTED, *(name for table in lifecycle.STEPS.values() for name in table)}
    if unknown := set(steps) - known:
        raise Refused(Code.INVALID_INPUT, _("没有名为“{step}”的步骤。").format(step=min(unknown)[:40]), field="steps")
    return sorted(set(steps))


def _owner(by: Actor) -> int:
    if by.person is None:
        raise access.forbidden()
    return by.person.pk


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


# By channel: whether a text is an address there, and what to say if it is not.
ADDRESSES: dict[str, tuple[Callable[[str], Any], Promise]] = {
    Channel.EMAIL: (_is_email, gettext_lazy("请填写有效的电子邮件地址。")),
    Channel.SMS: (MOBILE.fullmatch, gettext_lazy("请填写 11 位手机号码。")),
    Channel.WECOM: (WECOM_ACCOUNT.fullmatch, gettext_lazy("请填写企业微信账号（1 至 64 个字母、数字或 _ - @ .）。")),
}
