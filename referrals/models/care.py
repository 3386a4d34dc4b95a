"""What happens on the way and at the end: questions, bookings, journeys, outcomes, files."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Func, Q
from django.utils.translation import gettext_lazy as _

from consortium.models import Enquiry, Row
from referrals.models.referral import Case, Referral


class InformationRequest(Enquiry):
    """What the performer still needs to know (补充资料请求), and the sender's answer."""

    referral = models.ForeignKey(Referral, models.PROTECT, related_name="information_requests", editable=False)
    items = models.JSONField(help_text="Codes of what is asked for, catalogue INFORMATION_ITEM (所需资料).")


class Booking(Row):
    """A place kept for a time (预约): a clinic slot or a bed; two bookings of one place cannot overlap."""

    class Kind(models.TextChoices):
        """What is kept."""

        SLOT = "SLOT", _("门诊号源")
        BED = "BED", _("床位")

    class State(models.TextChoices):
        """Whether the place is still kept."""

        ACTIVE = "ACTIVE", _("有效")
        MOVED = "MOVED", _("已改期")
        LOST = "LOST", _("号源丢失")
        RELEASED = "RELEASED", _("已释放")
        USED = "USED", _("已到诊")
        MISSED = "MISSED", _("未到诊")

    referral = models.ForeignKey(Referral, models.PROTECT, related_name="bookings", editable=False)
    department = models.ForeignKey(
        "consortium.Department", models.PROTECT, related_name="+", help_text="Where (预约科室)."
    )
    kind = models.CharField(max_length=4, choices=Kind.choices, help_text="Slot or bed (类型).")
    place = models.CharField(max_length=60, help_text="Room or bed, as the hospital names it (诊室或床号).")
    starts_at = models.DateTimeField(help_text="From when (开始时间).")
    ends_at = models.DateTimeField(help_text="Until when it is kept (保留至).")
    state = models.CharField(
        max_length=8, choices=State.choices, default=State.ACTIVE, help_text="Whether it is still kept (状态)."
    )
    letter = models.CharField(max_length=4000, help_text="The letter to the patient (就诊通知).")

    class Meta:
        ordering = ["id"]
        constraints = [
            ExclusionConstraint(
                name="booking_place_is_free",
                expressions=[
                    ("department", RangeOperators.EQUAL),
                    ("place", RangeOperators.EQUAL),
                    (
                        Func("starts_at", "ends_at", function="tstzrange", output_field=DateTimeRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(state="ACTIVE"),
                violation_error_message=_("该时段此诊室或床位已被预约，请另选。"),
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="booking_ends_after_start"),
            models.UniqueConstraint(
                fields=["referral"], condition=Q(state="ACTIVE"), name="booking_one_active_per_referral"
            ),
        ]


class Journey(Row):
    """The patient on the road (转运), with the handover sheet."""

    referral = models.ForeignKey(Referral, models.PROTECT, related_name="journeys", editable=False)
    departed_at = models.DateTimeField(help_text="When the patient left (出发时间).")
    vehicle = models.CharField(max_length=60, blank=True, help_text="Vehicle (车辆).")
    escort = models.CharField(max_length=120, blank=True, help_text="Who travels along (随车人员).")
    eta = models.DateTimeField(null=True, help_text="When arrival is expected (预计到达).")
    condition = models.CharField(max_length=2000, help_text="Condition on leaving (交接病情).")
    turned_back_at = models.DateTimeField(null=True, help_text="When it turned back, empty otherwise (返回时间).")

    class Meta:
        ordering = ["id"]


class Outcome(Row):
    """What the performer found and did, and what the sender must go on with (结果回传); amended by a new version."""

    referral = models.ForeignKey(Referral, models.PROTECT, related_name="outcomes", editable=False)
    version = models.PositiveSmallIntegerField(help_text="Version, from 1 (版本).")
    diagnoses = models.ManyToManyField("consortium.Concept", related_name="+")
    diagnosis_note = models.CharField(max_length=1000, blank=True, help_text="Words beside the codes (诊断说明).")
    treatment = models.CharField(max_length=4000, help_text="What was done (诊治经过).")
    drugs = models.CharField(max_length=2000, blank=True, help_text="Drugs to go on with (带药).")
    red_flags = models.CharField(max_length=2000, blank=True, help_text="When to come back at once (警示症状).")
    rehabilitation = models.CharField(max_length=2000, blank=True, help_text="Rehabilitation plan (康复计划).")
    follow_up_date = models.DateField(null=True, help_text="Day of the follow-up (随访日期).")
    returned_at = models.DateTimeField(help_text="When it was returned (回传时间).")
    returned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Who signed it (回传人)."
    )
    acknowledged_at = models.DateTimeField(null=True, help_text="When the sender acknowledged it (确认时间).")

    class Meta:
        ordering = ["version"]
        constraints = [models.UniqueConstraint(fields=["referral", "version"], name="outcome_version_once")]


class Attachment(Row):
    """A file of the case (附件), served only to those who see the case."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="attachments", editable=False)
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="attachments", editable=False)
    name = models.CharField(max_length=120, help_text="File name as given by the sender (文件名).")
    media_type = models.CharField(max_length=40, help_text="Type found in the content, not in the name (类型).")
    size = models.PositiveIntegerField(help_text="Size in bytes (大小).")
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of the content, hexadecimal (校验和).")
    file = models.FileField(editable=False)
    added_at = models.DateTimeField(help_text="When it was added (上传时间).")
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Who added it (上传人)."
    )

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["referral", "sha256"], name="attachment_once_per_referral")]
