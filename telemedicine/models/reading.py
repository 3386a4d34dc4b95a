"""What the performer's side says of a case: quality, questions, opinions; and who may read what."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from consortium.models import Enquiry, Row
from telemedicine.models.pathology import PathologyCase


class QualityResult(models.TextChoices):
    """What came of a look at the slides before they are read."""

    PASSED = "PASSED", _("合格")
    FAILED = "FAILED", _("不合格")


class QualityCheck(Row):
    """One look at the slides before they are read (切片质检)."""

    case = models.ForeignKey(PathologyCase, models.PROTECT, related_name="quality_checks", editable=False)
    result = models.CharField(max_length=6, choices=QualityResult.choices, help_text="Whether they can be read (结果).")
    defects = models.JSONField(default=list, help_text="Coded defects, catalogue SLIDE_DEFECT, by slide (缺陷).")
    note = models.CharField(max_length=1000, blank=True, help_text="Words beside the defects (说明).")
    checked_at = models.DateTimeField(help_text="When it was looked at (质检时间).")
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Who looked (质检人)."
    )
    fixed_at = models.DateTimeField(null=True, help_text="When the sender mended it, empty until then (整改时间).")
    fix_note = models.CharField(max_length=1000, blank=True, help_text="What the sender did (整改说明).")

    class Meta:
        ordering = ["id"]


class MaterialRequest(Enquiry):
    """What the pathologist still needs (补充材料请求), and the sender's answer."""

    case = models.ForeignKey(PathologyCase, models.PROTECT, related_name="material_requests", editable=False)
    items = models.JSONField(help_text="Codes of what is asked for, catalogue MATERIAL (所需材料).")


class Part(models.TextChoices):
    """In which part somebody gave an opinion."""

    PRELIMINARY = "PRELIMINARY", _("初步意见")
    FIRST = "FIRST", _("首诊意见")
    SECOND = "SECOND", _("复核意见")
    ADJUDICATION = "ADJUDICATION", _("仲裁意见")


class Opinion(Row):
    """What one pathologist thought at one time (诊断意见); never changed."""

    case = models.ForeignKey(PathologyCase, models.PROTECT, related_name="opinions", editable=False)
    part = models.CharField(max_length=12, choices=Part.choices, help_text="In which part (意见类型).")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Whose opinion (专家)."
    )
    diagnostic_class = models.CharField(max_length=20, help_text="By class, catalogue DIAGNOSTIC_CLASS (诊断分类).")
    text = models.CharField(max_length=4000, help_text="In words (意见).")
    given_at = models.DateTimeField(help_text="When it was given (时间).")
    phoned_to = models.CharField(max_length=60, blank=True, help_text="Who took it on the phone (电话接听人).")
    read_back = models.CharField(max_length=1000, blank=True, help_text="What the other end read back (电话复述内容).")

    class Meta:
        ordering = ["id"]


class Expertise(Row):
    """A pathologist reads cases of a subspecialty for a department, up to a load (专家亚专科)."""

    department = models.ForeignKey(
        "consortium.Department", models.PROTECT, related_name="expertise", help_text="For which department (科室)."
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="expertise", help_text="Who (专家)."
    )
    subspecialty = models.ForeignKey(
        "consortium.Concept", models.PROTECT, related_name="+", help_text="Catalogue SUBSPECIALTY (亚专科)."
    )
    open_limit = models.PositiveSmallIntegerField(
        help_text="How many unfinished cases of any kind this person takes at most (在办上限)."
    )
    ended_at = models.DateTimeField(null=True, help_text="When it ended, empty while it holds (结束时间).")
    version = models.PositiveIntegerField(default=1, help_text="Counts the changes (版本).")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["department", "person", "subspecialty"],
                name="expertise_once",
            )
        ]


class Recusal(Row):
    """A pathologist takes no part in a case, by their own word (回避)."""

    case = models.ForeignKey(PathologyCase, models.PROTECT, related_name="recusals", editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Who (专家).")
    reason_code = models.CharField(max_length=40, help_text="Why, as a code of the catalogue PATHOLOGY_DECLINE (原因).")
    declined_at = models.DateTimeField(help_text="When (时间).")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "person"], name="recusal_once")]
