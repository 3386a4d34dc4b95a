"""A pathology case: one hospital's laboratory asks an expert of another to read its slides and report."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consortium.access import Arm
from consortium.models import ServiceRequest, Side


class Status(models.TextChoices):
    """Where a pathology case stands (状态)."""

    DRAFT = "DRAFT", _("草稿")
    RESERVED = "RESERVED", _("已预约冰冻")
    SUBMITTED = "SUBMITTED", _("待质检")
    RETURNED = "RETURNED", _("质检退回")
    POOLED = "POOLED", _("待认领")
    ASSIGNED = "ASSIGNED", _("已分派")
    READING = "READING", _("阅片中")
    MORE_NEEDED = "MORE_NEEDED", _("待补充材料")
    PRELIMINARY = "PRELIMINARY", _("已出初步意见")
    SECOND_REVIEW = "SECOND_REVIEW", _("复核中")
    ISSUED = "ISSUED", _("已签发")
    UNDIAGNOSABLE = "UNDIAGNOSABLE", _("无法诊断")
    ACKNOWLEDGED = "ACKNOWLEDGED", _("已确认收悉")
    RECONCILED = "RECONCILED", _("已回填最终结果")
    CANCELLED = "CANCELLED", _("已取消")


class Kind(models.TextChoices):
    """What is asked of the expert (会诊类型)."""

    FROZEN = "FROZEN", _("术中冰冻")
    ROUTINE = "ROUTINE", _("常规石蜡")
    CYTOLOGY = "CYTOLOGY", _("细胞学")
    SECOND_OPINION = "SECOND_OPINION", _("二次诊断")


class Liability(models.TextChoices):
    """Who answers for the diagnosis (责任模式)."""

    CONSULTATION = "CONSULTATION", _("会诊：由申请医院出具最终诊断")
    REMOTE_DIAGNOSIS = "REMOTE_DIAGNOSIS", _("远程诊断：专家报告即为诊断")


class Agreement(models.TextChoices):
    """How two diagnoses of one case compare by their classes (符合程度)."""

    CONCORDANT = "CONCORDANT", _("符合")
    MINOR = "MINOR", _("轻微不符")
    MAJOR = "MAJOR", _("重大不符")
    NOT_COMPARABLE = "NOT_COMPARABLE", _("无法比较")


class Ending(models.TextChoices):
    """How a pathology case came to its end."""

    COMPLETED = "COMPLETED", pgettext_lazy("pathology", "闭环完成")
    UNDIAGNOSABLE = "UNDIAGNOSABLE", pgettext_lazy("pathology", "无法诊断")
    CANCELLED = "CANCELLED", pgettext_lazy("pathology", "取消")


READ = [
    Status.ASSIGNED,
    Status.READING,
    Status.MORE_NEEDED,
    Status.PRELIMINARY,
    Status.SECOND_REVIEW,
    Status.ISSUED,
    Status.UNDIAGNOSABLE,
    Status.ACKNOWLEDGED,
    Status.RECONCILED,
]


def _sent(now: datetime) -> Q:
    kept = timedelta(days=settings.ACCESS_DAYS_AFTER_CLOSE)
    return Q(sent_at__isnull=False) & (Q(closed_at__isnull=True) | Q(closed_at__gt=now - kept))


class PathologyCase(ServiceRequest):
    """One patient's specimens before a remote expert (远程病理会诊单)."""

    KIND = "pathologyCase"
    LOADED = (
        "patient",
        "organ",
        "subspecialty",
        "requester_hospital",
        "requester_department",
        "performer_hospital",
        "performer_department",
    )
    OF_PATIENT = "patient"
    OPENS = True
    ENDS = frozenset(f">{status}" for status in (Status.CANCELLED, Status.UNDIAGNOSABLE, Status.RECONCILED))
    VIEWED_BY = {Side.REQUESTER: "view_sent_pathology", Side.PERFORMER: "view_received_pathology"}
    ARMS = (
        Arm("view_sent_pathology", Side.REQUESTER, lambda now: Q()),
        Arm("view_received_pathology", Side.PERFORMER, _sent),
    )

    patient = models.ForeignKey(
        "consortium.Patient", models.PROTECT, related_name="pathology_cases", help_text="Whose specimens (患者)."
    )
    status = models.CharField(max_length=20, choices=Status.choices, help_text="Where it stands (状态).")
    kind = models.CharField(max_length=14, choices=Kind.choices, help_text="What is asked (会诊类型).")
    liability = models.CharField(
        max_length=16, choices=Liability.choices, help_text="Who answers for the diagnosis (责任模式)."
    )
    organ = models.ForeignKey(
        "consortium.Concept",
        models.PROTECT,
        related_name="+",
        help_text="The organ, catalogue ORGAN; it chooses the report's template (器官).",
    )
    subspecialty = models.ForeignKey(
        "consortium.Concept",
        models.PROTECT,
        related_name="+",
        help_text="Who should read it, catalogue SUBSPECIALTY; follows from the organ (亚专科).",
    )
    history = models.CharField(max_length=4000, blank=True, help_text="Clinical history and findings (临床病史).")
    question = models.CharField(max_length=1000, blank=True, help_text="What the lab wants to know (会诊目的).")
    preliminary_class = models.CharField(
        max_length=20,
        blank=True,
        help_text="The lab's own diagnosis by class, catalogue DIAGNOSTIC_CLASS; NONE is an answer (初步诊断分类).",
    )
    preliminary_diagnosis = models.CharField(
        max_length=1000, blank=True, help_text="The lab's own diagnosis in words (初步诊断)."
    )
    preliminary_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="Who made it (初诊医师)."
    )
    consent_by = models.CharField(max_length=60, blank=True, help_text="Who consented to share the record (同意人).")
    consent_relation = models.CharField(
        max_length=20, blank=True, help_text="The consenter's relation to the patient: 本人, 母亲 … (与患者关系)."
    )
    consent_at = models.DateTimeField(null=True, help_text="When consent was given (同意时间).")

    planned_at = models.DateTimeField(null=True, help_text="When the frozen section is expected (计划时间).")
    standby_expert = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who stands by for the frozen section (待命专家).",
    )
    reservation_confirmed_at = models.DateTimeField(
        null=True, help_text="When the standby expert confirmed, empty until then (预约确认时间)."
    )
    specimen_received_at = models.DateTimeField(
        null=True, help_text="When the lab received the specimen; fixed when it is submitted (标本接收时间)."
    )
    submitted_at = models.DateTimeField(null=True, help_text="When it was first submitted (提交时间).")

    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="pathology_cases_read",
        help_text="The pathologist who reads and signs (责任专家).",
    )
    assigned_at = models.DateTimeField(null=True, help_text="When it came to this pathologist (分派时间).")
    started_at = models.DateTimeField(null=True, help_text="When reading first began (开始阅片时间).")
    answered_at = models.DateTimeField(
        null=True,
        help_text="When the lab first had an answer: opinion, report, or none possible (首次答复).",
    )
    second_reader = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="The second reader (复核专家).",
    )
    second_agreement = models.CharField(
        max_length=14,
        choices=Agreement.choices,
        blank=True,
        default="",
        help_text="How the second opinion compares with the first, empty until it is given (复核符合程度).",
    )
    adjudicator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="The third, who decides when two disagree (仲裁专家).",
    )
    settled_class = models.CharField(
        max_length=20,
        blank=True,
        default="",
        help_text="The class on which two agreed or the third decided, empty while open (复核后分类).",
    )
    undiagnosable_reason = models.CharField(
        max_length=40, blank=True, help_text="Why no diagnosis is possible, as a code (无法诊断原因)."
    )

    report_version = models.PositiveSmallIntegerField(
        default=0, help_text="The version of the report in force, 0 while there is none (报告版本)."
    )
    issued_at = models.DateTimeField(null=True, help_text="When the first report was signed (签发时间).")
    conclusion_class = models.CharField(
        max_length=20, blank=True, help_text="The expert's diagnosis by class (专家诊断分类)."
    )
    conclusion = models.CharField(
        max_length=4000, blank=True, help_text="The expert's conclusion as signed (专家结论)."
    )
    conclusion_code = models.ForeignKey(
        "consortium.Concept",
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="The expert's diagnosis, ICD-10 (诊断编码).",
    )
    critical = models.BooleanField(
        default=False, help_text="Whether the result is critical and must be read back (危急值)."
    )
    acknowledged_at = models.DateTimeField(
        null=True, help_text="When the lab acknowledged the version in force (确认时间)."
    )
    read_back = models.CharField(
        max_length=1000, blank=True, help_text="The critical result as the lab read it back (危急值复述)."
    )
    final_class = models.CharField(
        max_length=20, blank=True, help_text="The final diagnosis by class: paraffin, surgery (最终诊断分类)."
    )
    final_diagnosis = models.CharField(
        max_length=1000, blank=True, help_text="The final diagnosis in words (最终诊断)."
    )
    final_code = models.ForeignKey(
        "consortium.Concept", models.PROTECT, null=True, related_name="+", help_text="ICD-10 of it (最终诊断编码)."
    )
    reconciled_at = models.DateTimeField(null=True, help_text="When the final result was recorded (回填时间).")
    preliminary_agreement = models.CharField(
        max_length=14,
        choices=Agreement.choices,
        blank=True,
        default="",
        help_text="The lab's diagnosis against the expert's (初诊与专家符合程度).",
    )
    final_agreement = models.CharField(
        max_length=14,
        choices=Agreement.choices,
        blank=True,
        default="",
        help_text="The expert's diagnosis against the final one (专家与最终诊断符合程度).",
    )
    referral = models.ForeignKey(
        "referrals.Referral",
        models.PROTECT,
        null=True,
        related_name="pathology_cases",
        help_text="The referral that came of it (转出的转诊单).",
    )
    ending = models.CharField(
        max_length=13, choices=Ending.choices, blank=True, default="", help_text="How it ended (结束方式)."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(performer_hospital=F("requester_hospital")),
                name="pathology_between_two_hospitals",
                violation_error_message=_("申请与会诊医院不能是同一家。"),
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, ending="") | Q(closed_at__isnull=False) & ~Q(ending=""),
                name="pathology_ends_in_some_way",
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(performer_department__isnull=False),
                name="pathology_sent_to_somebody",
            ),
            models.CheckConstraint(
                condition=Q(submitted_at__isnull=True) | Q(specimen_received_at__isnull=False),
                name="pathology_specimen_time_fixed",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=READ) | Q(assigned_to__isnull=False), name="pathology_read_by_somebody"
            ),
            models.CheckConstraint(
                condition=(Q(second_reader__isnull=True) | ~Q(second_reader=F("assigned_to")))
                & (Q(adjudicator__isnull=True) | ~Q(adjudicator=F("assigned_to")) & ~Q(adjudicator=F("second_reader"))),
                name="pathology_readers_differ",
                violation_error_message=_("复核与仲裁须由另外的专家完成。"),
            ),
            models.CheckConstraint(
                condition=Q(report_version=0, issued_at__isnull=True)
                | Q(report_version__gt=0, issued_at__isnull=False) & ~Q(conclusion="") & ~Q(conclusion_class=""),
                name="pathology_report_concludes",
            ),
        ]
        indexes = [
            models.Index(fields=["requester_hospital", "-id"], name="pathology_sent_newest"),
            models.Index(fields=["requester_department", "-id"], name="pathology_dept_sent_newest"),
            models.Index(fields=["performer_hospital", "-id"], name="pathology_received_newest"),
            models.Index(fields=["performer_department", "-id"], name="pathology_dept_received_newest"),
            models.Index(fields=["due_at"], condition=Q(closed_at__isnull=True), name="pathology_open_by_deadline"),
            models.Index(fields=["assigned_to"], condition=Q(closed_at__isnull=True), name="pathology_open_by_expert"),
            models.Index(fields=["patient"], name="pathology_by_patient"),
            models.Index(fields=["answered_at"], name="pathology_by_answer"),
        ]

    @property
    def silent_since(self) -> datetime | None:
        """Nobody is reminded of a patient who has died."""
        return self.patient.deceased_at

    def end(self, ending: Ending, at: datetime) -> None:
        """Let nothing remain to be done."""
        self.closed_at, self.ending = at, ending

    def reopen(self) -> None:
        """Let there be something to do again, as after an amended report."""
        self.closed_at, self.ending = None, ""
