"""What a pathologist signed: versions, each sealed by a hash over all it says; addenda; and drafts not yet signed."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consortium.models import Row
from consortium.roles import Role
from telemedicine.models.pathology import Liability, PathologyCase


def moment(value: datetime) -> str:
    """A moment as it is sealed: ISO 8601 in UTC with six decimals, whatever zone it was read in."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


class Signed(Row):
    """What somebody signed with name, role and hospital; append-only, a trigger refuses change and deletion."""

    signed_at = models.DateTimeField(help_text="When it was signed (签发时间).")
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Who signed it (签发人)."
    )
    signed_role = models.CharField(max_length=20, choices=Role.choices, help_text="In which role (岗位).")
    signed_hospital = models.ForeignKey(
        "consortium.Hospital", models.PROTECT, related_name="+", help_text="For which hospital (签发医院)."
    )
    sha256 = models.CharField(
        max_length=64, help_text="SHA-256 over all that it says and the hash before it, hexadecimal (摘要)."
    )

    class Meta:
        abstract = True

    @property
    def sealed(self) -> dict[str, Any]:
        """All that the hash is taken over."""
        return {
            "signedAt": moment(self.signed_at),
            "signedBy": self.signed_by_id,
            "signedRole": str(self.signed_role),
            "signedHospital": str(self.signed_hospital_id),
        }


class Report(Signed):
    """One version of the report on a case (报告版本); an amendment is a further version beside it."""

    SEEN_THROUGH: ClassVar[str] = "case"

    case = models.ForeignKey(PathologyCase, models.PROTECT, related_name="reports", editable=False)
    version = models.PositiveSmallIntegerField(help_text="Version, from 1 (版本).")
    template = models.CharField(max_length=40, help_text="Code of the template that it follows (模板).")
    liability = models.CharField(
        max_length=16, choices=Liability.choices, help_text="Who answers for the diagnosis (责任模式)."
    )
    content = models.JSONField(help_text="The structured answers with their labels, codes and units (结构化内容).")
    conclusion = models.CharField(max_length=4000, help_text="The conclusion (结论).")
    free_text = models.CharField(max_length=8000, blank=True, help_text="Words beside the structure (自由文本).")
    key_images = models.JSONField(
        default=list, help_text="Regions of slides that show it, each with the hash of the slide's file (关键图像)."
    )
    amendment_reason = models.CharField(
        max_length=1000, blank=True, help_text="Why it was amended, empty in version 1 (修订原因)."
    )
    previous_sha256 = models.CharField(
        max_length=64, blank=True, help_text="The hash of the version before, empty in version 1 (上一版摘要)."
    )
    verification_code = models.CharField(
        max_length=12, unique=True, help_text="Code by which anybody can check a printed copy (核验码)."
    )

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(fields=["case", "version"], name="report_version_once"),
            models.CheckConstraint(
                condition=Q(version=1, previous_sha256="", amendment_reason="")
                | Q(version__gt=1) & ~Q(previous_sha256="") & ~Q(amendment_reason=""),
                name="report_versions_are_chained",
                violation_error_message=_("修订报告须注明原因并衔接上一版。"),
            ),
            models.CheckConstraint(condition=~Q(conclusion=""), name="report_concludes"),
        ]

    @property
    def sealed(self) -> dict[str, Any]:
        """Content, key images, and everything else that a reader relies on."""
        names = ("version", "template", "content", "conclusion", "free_text", "key_images", "amendment_reason")
        said = {name: getattr(self, name) for name in names} | {"liability": str(self.liability)}
        return super().sealed | said | {"case": str(self.case_id), "previous": self.previous_sha256}


class Addendum(Signed):
    """What was added to a signed report without changing it (补充报告)."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="addenda", editable=False)
    number = models.PositiveSmallIntegerField(help_text="Number, from 1 for each version (序号).")
    text = models.CharField(max_length=4000, help_text="What is added (补充内容).")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["report", "number"], name="addendum_once")]

    @property
    def sealed(self) -> dict[str, Any]:
        """Its words, and the report that it was added to."""
        said = {"number": self.number, "text": self.text, "report": self.report.sha256}
        return super().sealed | said


class ReportDraft(Row):
    """What one person has typed of a report so far (报告草稿); kept as it is, right or not."""

    SEEN_THROUGH: ClassVar[str] = "case"

    case = models.ForeignKey(PathologyCase, models.PROTECT, related_name="report_drafts", editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Whose draft (起草人)."
    )
    version = models.PositiveIntegerField(default=1, help_text="Counts the savings (版本).")
    template = models.CharField(max_length=40, blank=True, help_text="Code of the template (模板).")
    answers = models.JSONField(default=dict, help_text="The answers by field (填写内容).")
    diagnostic_class = models.CharField(
        max_length=20, blank=True, help_text="By class, catalogue DIAGNOSTIC_CLASS (诊断分类)."
    )
    diagnosis_code = models.CharField(max_length=40, blank=True, help_text="ICD-10 code (诊断编码).")
    critical = models.BooleanField(default=False, help_text="Whether the result is critical (危急值).")
    conclusion = models.CharField(max_length=4000, blank=True, help_text="The conclusion (结论).")
    free_text = models.CharField(max_length=8000, blank=True, help_text="Words beside the structure (自由文本).")
    key_images = models.JSONField(default=list, help_text="Regions of slides (关键图像).")
    saved_at = models.DateTimeField(help_text="When it was saved last (保存时间).")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "person"], name="report_draft_once")]

    @property
    def content(self) -> dict[str, Any]:
        """What `reports.issue` would be given."""
        names = ("template", "answers", "free_text", "key_images")
        return {name: getattr(self, name) for name in names}
