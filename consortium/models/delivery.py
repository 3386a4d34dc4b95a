"""How notices leave the house: what each person wants, which systems listen, and every message that must arrive."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consortium.models.base import Priority, Row
from consortium.models.directory import Hospital
from consortium.models.trail import Event, Notice


class Channel(models.TextChoices):
    """The ways out of the house; the notice in the application itself needs none."""

    EMAIL = "EMAIL", _("电子邮件")
    SMS = "SMS", _("短信")
    WECOM = "WECOM", _("企业微信")
    WEBHOOK = "WEBHOOK", _("系统推送")


class Preference(Row):
    """That one person wants to hear by one channel, and of what (通知偏好)."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="preferences", help_text="Whose wish it is (人员)."
    )
    channel = models.CharField(max_length=10, choices=Channel.choices, help_text="By which channel (渠道).")
    address = models.CharField(max_length=254, help_text="E-mail address, mobile number or WeCom account (地址).")
    active = models.BooleanField(default=True, help_text="Whether the channel is used now (启用).")
    least_priority = models.PositiveSmallIntegerField(
        choices=Priority.choices,
        default=Priority.ROUTINE,
        help_text="Only cases of this priority or a more urgent one (最低优先级).",
    )
    steps = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, help_text="Only these steps; all if empty (步骤)."
    )
    quiet_from = models.TimeField(null=True, blank=True, help_text="Routine cases wait from this time (免打扰起).")
    quiet_until = models.TimeField(null=True, blank=True, help_text="Until this time, next day or same (免打扰止).")
    version = models.PositiveIntegerField(default=1, help_text="Counts the changes (版本).")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "channel"], name="preference_once_per_channel"),
            models.CheckConstraint(
                condition=~Q(channel=Channel.WEBHOOK),
                name="preference_is_for_people",
                violation_error_message=_("系统推送面向医院的系统，不属于个人偏好。"),
            ),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until")),
                name="preference_quiet_hours_whole",
                violation_error_message=_("免打扰时段须同时填写起止时间，且两者不同。"),
            ),
        ]


class WebhookEndpoint(Row):
    """A hospital's own system that is told of every step of its cases (系统推送地址); its secrets are derived from the
    stored salts and the server's key, so that the table alone gives nothing away."""

    hospital = models.ForeignKey(
        Hospital, models.PROTECT, related_name="webhooks", help_text="Whose system it is (医院)."
    )
    name = models.CharField(max_length=60, help_text="What it is for (用途).")
    url = models.CharField(max_length=500, help_text="Where it listens (地址).")
    steps = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, help_text="Only these steps; all if empty (步骤)."
    )
    salt = models.BinaryField(max_length=32, editable=False)
    previous_salt = models.BinaryField(max_length=32, null=True, editable=False)
    previous_until = models.DateTimeField(
        null=True, blank=True, help_text="Until when the former secret still signs beside the new one (旧密钥失效时间)."
    )
    created_at = models.DateTimeField(help_text="When it was set up (设置时间).")
    deactivated_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was switched off, empty while in use (停用时间)."
    )
    version = models.PositiveIntegerField(default=1, help_text="Counts the changes (版本).")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(previous_salt__isnull=True, previous_until__isnull=True)
                | Q(previous_salt__isnull=False, previous_until__isnull=False),
                name="webhook_overlap_ends",
            ),
        ]
        indexes = [
            models.Index(fields=["hospital"], condition=Q(deactivated_at__isnull=True), name="webhook_in_use"),
        ]


class Delivery(Row):
    """One message to one person or system that must arrive (投递); its id lets the receiver drop doubles."""

    class State(models.TextChoices):
        """Where it stands."""

        PENDING = "PENDING", _("待发送")
        SENT = "SENT", _("已送达")
        DEAD = "DEAD", _("已放弃")
        WITHDRAWN = "WITHDRAWN", _("已撤回")

    event = models.ForeignKey(Event, models.PROTECT, related_name="+", help_text="What it is about (事件).")
    notice = models.ForeignKey(
        Notice, models.PROTECT, null=True, related_name="deliveries", help_text="Whose notice it carries (通知)."
    )
    endpoint = models.ForeignKey(
        WebhookEndpoint, models.PROTECT, null=True, related_name="deliveries", help_text="To which system (推送地址)."
    )
    hospital = models.ForeignKey(
        Hospital, models.PROTECT, related_name="+", help_text="For whom the receiver hears it (医院)."
    )
    channel = models.CharField(max_length=10, choices=Channel.choices, help_text="By which channel (渠道).")
    address = models.CharField(max_length=500, help_text="Where it goes (地址).")
    text = models.CharField(max_length=200, help_text="The words, without name or diagnosis (内容).")
    priority = models.PositiveSmallIntegerField(
        choices=Priority.choices, help_text="The case's priority; the urgent go first (优先级)."
    )
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.PENDING, help_text="Where it stands (投递状态)."
    )
    attempts = models.PositiveSmallIntegerField(default=0, help_text="How often it was tried (尝试次数).")
    created_at = models.DateTimeField(help_text="When it was written (生成时间).")
    next_at = models.DateTimeField(help_text="When it is tried next (下次尝试).")
    sent_at = models.DateTimeField(null=True, help_text="When it was taken, empty until then (送达时间).")
    last_error = models.CharField(max_length=40, blank=True, help_text="Why the last attempt failed, as a code (错误).")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(channel=Channel.WEBHOOK, notice__isnull=True, endpoint__isnull=False)
                | ~Q(channel=Channel.WEBHOOK) & Q(notice__isnull=False, endpoint__isnull=True),
                name="delivery_to_one_receiver",
            ),
            models.CheckConstraint(
                condition=Q(state="SENT", sent_at__isnull=False) | ~Q(state="SENT") & Q(sent_at__isnull=True),
                name="delivery_sent_at_a_time",
            ),
            models.UniqueConstraint(fields=["notice", "channel"], name="delivery_once_per_notice"),
            models.UniqueConstraint(fields=["endpoint", "event"], name="delivery_once_per_event"),
        ]
        indexes = [
            models.Index(
                fields=["channel", "priority", "next_at"], condition=Q(state="PENDING"), name="delivery_pending"
            ),
            models.Index(fields=["hospital", "-created_at", "-id"], name="delivery_by_hospital"),
            models.Index(fields=["event"], name="delivery_by_event"),
        ]
