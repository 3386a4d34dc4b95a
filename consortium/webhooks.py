"""A hospital's systems that are told, and what did not arrive: set up, change secrets, switch off, send again."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from consortium import access, trail
from consortium.access import Actor
from consortium.channels import webhook, wire
from consortium.errors import Code, Refused, checked
from consortium.models import Delivery, Hospital, Preference, WebhookEndpoint
from consortium.notices import known_steps

OVERLAP, LONGEST_OVERLAP = 24, 168  # hours
AT_MOST = 10  # systems of one hospital


def endpoints(by: Actor) -> QuerySet[WebhookEndpoint]:
    """The systems of the hospitals whose systems the actor manages."""
    return WebhookEndpoint.objects.filter(hospital__in=by.reach("manage_webhooks").hospitals)


def deliveries(by: Actor) -> QuerySet[Delivery]:
    """What is to be delivered for the hospitals whose administrator the actor is."""
    return Delivery.objects.filter(hospital__in=by.reach("view_deliveries").hospitals)


def create_webhook_endpoint(
    *, by: Actor, hospital: UUID, name: str, url: str, now: datetime, steps: Sequence[str] | None = None
) -> tuple[WebhookEndpoint, str]:
    """A system of the actor's hospital that is told from now on, and its secret, which is stored nowhere."""
    role = access.require_at(by, "manage_webhooks", hospital=hospital)
    if not name.strip():
        raise Refused(Code.INVALID_INPUT, _("请写明该系统的名称或用途。"), field="name")
    if wire.usable(url) is None:
        raise Refused(Code.INVALID_INPUT, _("请填写 https 地址，只用英文字符，且不含用户名和口令。"), field="url")
    with transaction.atomic(savepoint=False):
        Hospital.objects.select_for_update(no_key=True).get(pk=hospital)
        if WebhookEndpoint.objects.filter(hospital=hospital, deactivated_at__isnull=True).count() >= AT_MOST:
            raise Refused(
                Code.LIMIT_EXCEEDED,
                _("每家医院最多 {limit} 个推送地址；请先停用不再需要的。").format(limit=AT_MOST),
                field="hospital",
            )
        endpoint = WebhookEndpoint(
            hospital_id=hospital,
            name=name.strip(),
            url=url,
            steps=known_steps(steps or ()),
            salt=secrets.token_bytes(32),
            created_at=now,
        )
        checked(endpoint).save(force_insert=True)
        trail.audit(
            by, "create_webhook_endpoint", endpoint, role=role, purpose="ADMINISTRATION", patient_id=None, now=now
        )
    return endpoint, webhook.secret(endpoint.salt)


def rotate_webhook_secret(
    *, by: Actor, id: UUID, expected_version: int, now: datetime, overlap_hours: int | None = None
) -> tuple[WebhookEndpoint, str]:
    """A new secret; until the overlap ends the former one signs beside it, so that the receiver can change over.

    24 hours if left out; with 0 the former one stops at once, as it must when it became known to others.
    """
    overlap_hours = OVERLAP if overlap_hours is None else overlap_hours
    if not 0 <= overlap_hours <= LONGEST_OVERLAP:
        raise Refused(
            Code.INVALID_INPUT,
            _("新旧密钥并用时间须在 0 到 {hours} 小时之间。").format(hours=LONGEST_OVERLAP),
            field="overlapHours",
        )
    with transaction.atomic(savepoint=False):
        endpoint = _changeable(by, id, expected_version)
        overlap = overlap_hours > 0
        endpoint.previous_salt = endpoint.salt if overlap else None
        endpoint.previous_until = now + timedelta(hours=overlap_hours) if overlap else None
        endpoint.salt = secrets.token_bytes(32)
        _changed(by, endpoint, "rotate_webhook_secret", now)
    return endpoint, webhook.secret(endpoint.salt)


def deactivate_webhook_endpoint(*, by: Actor, id: UUID, expected_version: int, now: datetime) -> WebhookEndpoint:
    """Tell the system nothing any more; what still waits for it is given up."""
    with transaction.atomic(savepoint=False):
        endpoint = _changeable(by, id, expected_version)
        endpoint.deactivated_at = now
        _changed(by, endpoint, "deactivate_webhook_endpoint", now)
    return endpoint


def resend_delivery(*, by: Actor, id: UUID, now: datetime) -> Delivery:
    """Try again at once what was given up, to the address that counts now; INVALID_STATE for anything else."""
    with transaction.atomic(savepoint=False):
        rows = Delivery.objects.select_for_update(of=("self",)).select_related("notice", "endpoint")
        row = rows.filter(pk=id, hospital__in=by.reach("resend_delivery").hospitals).first()
        if row is None:
            raise access.not_found()
        if row.state != Delivery.State.DEAD or (row.endpoint and row.endpoint.deactivated_at):
            raise Refused(Code.INVALID_STATE, _("只有已放弃且渠道仍在使用的投递可以重发；请刷新后查看。"))
        wish = Preference.objects.filter(person=row.notice.person_id, channel=row.channel) if row.notice else None
        row.address = (wish and wish.values_list("address", flat=True).first()) or row.address
        row.state, row.attempts, row.next_at = Delivery.State.PENDING, 0, now
        row.save(update_fields=["state", "attempts", "next_at", "address"])
        role = access.require_at(by, "resend_delivery", hospital=row.hospital_id)
        trail.audit(by, "resend_delivery", row, role=role, purpose="ADMINISTRATION", patient_id=None, now=now)
    return row


def replay_deliveries(
    *, by: Actor, id: UUID, recorded_from: datetime, now: datetime, recorded_to: datetime | None = None
) -> WebhookEndpoint:
    """Tell a system again of everything since a moment, sent or given up, under the same ids and the oldest first."""
    with transaction.atomic(savepoint=False):
        endpoint = endpoints(by).select_for_update(no_key=True).filter(pk=id, deactivated_at__isnull=True).first()
        if endpoint is None:
            raise access.not_found()
        rows = Delivery.objects.filter(endpoint=endpoint, created_at__gte=recorded_from)
        rows = rows.filter(created_at__lt=recorded_to) if recorded_to else rows
        rows = rows.filter(state__in=[Delivery.State.SENT, Delivery.State.DEAD])
        rows.update(state=Delivery.State.PENDING, attempts=0, next_at=F("created_at"), sent_at=None)
        role = access.require_at(by, "manage_webhooks", hospital=endpoint.hospital_id)
        trail.audit(by, "replay_deliveries", endpoint, role=role, purpose="ADMINISTRATION", patient_id=None, now=now)
    return endpoint


def _changeable(by: Actor, id: UUID, expected_version: int) -> WebhookEndpoint:
    """A system of the actor's, locked, in use and as they saw it."""
    endpoint = endpoints(by).select_for_update(no_key=True).filter(pk=id).first()
    if endpoint is None:
        raise access.not_found()
    if endpoint.deactivated_at:
        raise Refused(Code.INVALID_STATE, _("该推送地址已停用；如需恢复，请重新添加。"))
    if endpoint.version != expected_version:
        raise Refused(Code.STALE_VERSION, _("该推送地址已被他人修改，请刷新后再操作。"), field="expectedVersion")
    return endpoint


def _changed(by: Actor, endpoint: WebhookEndpoint, action: str, now: datetime) -> None:
    endpoint.version += 1
    checked(endpoint).save()
    role = access.require_at(by, "manage_webhooks", hospital=endpoint.hospital_id)
    trail.audit(by, action, endpoint, role=role, purpose="ADMINISTRATION", patient_id=None, now=now)
