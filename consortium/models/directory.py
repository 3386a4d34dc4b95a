"""The network's places: divisions, hospitals, departments, alliances, and what each department can do now."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consortium import search
from consortium.models.base import Row


class Level(models.TextChoices):
    """The tier of a hospital; the direction of a referral follows from two of them."""

    PROVINCE = "PROVINCE", _("省级")
    CITY = "CITY", _("市级")
    COUNTY = "COUNTY", _("县级")


class DivisionLevel(models.TextChoices):
    """The tiers of GB/T 2260."""

    PROVINCE = "PROVINCE", _("省")
    PREFECTURE = "PREFECTURE", _("地级")
    COUNTY = "COUNTY", _("县级")


class Division(models.Model):
    """An administrative division (行政区划) by its GB/T 2260 code; development zones are not divisions."""

    code = models.CharField(max_length=6, primary_key=True, help_text="GB/T 2260 code, six digits (区划代码).")
    name = models.CharField(max_length=60, help_text="Official name (名称).")
    level = models.CharField(max_length=10, choices=DivisionLevel.choices, help_text="Tier (层级).")
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        help_text="The division it lies in (上级区划).",
    )
    longitude = models.FloatField(null=True, blank=True, help_text="Longitude of the centre, degrees east (经度).")
    latitude = models.FloatField(null=True, blank=True, help_text="Latitude of the centre, degrees north (纬度).")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=r"^[0-9]{6}$"), name="division_code_six_digits"),
        ]

    def __str__(self) -> str:
        return self.name


class Status(models.TextChoices):
    """Whether a member or department takes part at present."""

    ACTIVE = "ACTIVE", _("在网")
    SUSPENDED = "SUSPENDED", _("暂停")
    CLOSED = "CLOSED", _("停用")


class Named(Row):
    """A place found by any part of its Chinese name, and by how it sounds."""

    name = models.CharField(max_length=120, help_text="Full name (全称).")
    name_grams = ArrayField(models.CharField(max_length=2), editable=False, default=list)
    sounds = SearchVectorField(editable=False, null=True)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the row with what its name is found by."""
        self.name_grams, self.sounds = search.grams(self.name), search.sounds(self.name)
        super().save(*args, **kwargs)

    def __str__(self) -> str:
        return self.name


class Hospital(Named):
    """A member institution (医院)."""

    class Kind(models.TextChoices):
        """What the hospital is for."""

        GENERAL = "GENERAL", _("综合医院")
        CHILDREN = "CHILDREN", _("儿童医院")
        MATERNAL_CHILD = "MATERNAL_CHILD", _("妇幼保健院")
        ONCOLOGY = "ONCOLOGY", _("肿瘤医院")
        TCM = "TCM", _("中医医院")
        OTHER = "OTHER", _("其他")

    class Grade(models.TextChoices):
        """Grade by the national accreditation (医院等级)."""

        G3A = "G3A", _("三级甲等")
        G3B = "G3B", _("三级乙等")
        G3 = "G3", _("三级")
        G2A = "G2A", _("二级甲等")
        G2B = "G2B", _("二级乙等")
        G2 = "G2", _("二级")
        G1 = "G1", _("一级")
        NONE = "NONE", _("未定级")

    class OutgoingReview(models.TextChoices):
        """When the own referral office reads a referral before it leaves."""

        ALWAYS = "ALWAYS", _("一律审核")
        ROUTINE_ONLY = "ROUTINE_ONLY", _("仅常规件审核")
        NEVER = "NEVER", _("不审核")

    credit_code = models.CharField(
        max_length=18, unique=True, help_text="Unified social credit code, GB 32100 (统一社会信用代码)."
    )
    level = models.CharField(max_length=10, choices=Level.choices, help_text="Tier in the network (级别).")
    grade = models.CharField(max_length=4, choices=Grade.choices, default=Grade.NONE, help_text="Grade (等级).")
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.GENERAL, help_text="Kind (类别).")
    division = models.ForeignKey(
        Division, models.PROTECT, related_name="hospitals", help_text="Where it stands (所在区划)."
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE, help_text="Status (状态).")
    outgoing_review = models.CharField(
        max_length=12,
        choices=OutgoingReview.choices,
        default=OutgoingReview.NEVER,
        help_text="When its own office reviews what it sends (转出审核).",
    )
    phone = models.CharField(max_length=20, blank=True, help_text="Telephone of the referral office (转诊办电话).")
    illustrative = models.BooleanField(
        default=False, help_text="True for a demo member built by rule, not a real institution (示例数据)."
    )

    class Meta:
        indexes = [
            GinIndex(fields=["name_grams"], name="hospital_name_grams"),
            GinIndex(fields=["sounds"], name="hospital_sounds"),
        ]


class Department(Named):
    """A department of a hospital (科室), the finest party of a case."""

    hospital = models.ForeignKey(
        Hospital, models.PROTECT, related_name="departments", help_text="The hospital it belongs to (所属医院)."
    )
    specialty = models.ForeignKey(
        "consortium.Concept", models.PROTECT, related_name="+", help_text="Registered specialty (诊疗科目)."
    )
    phone = models.CharField(max_length=20, blank=True, help_text="Telephone on duty (值班电话).")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE, help_text="Status (状态).")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hospital", "name"], name="department_name_once"),
        ]
        indexes = [
            GinIndex(fields=["name_grams"], name="department_name_grams"),
            GinIndex(fields=["sounds"], name="department_sounds"),
        ]


class Alliance(Row):
    """A named network with one lead hospital (专科联盟)."""

    code = models.SlugField(max_length=40, unique=True, help_text="Short code (代码).")
    name = models.CharField(max_length=120, help_text="Name (名称).")
    lead = models.ForeignKey(
        Hospital, models.PROTECT, related_name="led_alliances", help_text="The lead hospital (牵头医院)."
    )
    members: Any = models.ManyToManyField(Hospital, through="Membership", related_name="alliances")

    def __str__(self) -> str:
        return self.name


class Membership(Row):
    """A hospital's time in an alliance (成员资格)."""

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="memberships", help_text="The alliance (联盟).")
    hospital = models.ForeignKey(
        Hospital, models.PROTECT, related_name="memberships", help_text="The member (成员医院)."
    )
    joined_date = models.DateField(help_text="First day of membership (加入日期).")
    left_date = models.DateField(null=True, blank=True, help_text="Day it left, empty while a member (退出日期).")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alliance", "hospital"], condition=Q(left_date__isnull=True), name="membership_open_once"
            ),
            models.CheckConstraint(
                condition=Q(left_date__isnull=True) | Q(left_date__gte=F("joined_date")),
                name="membership_dates_in_order",
                violation_error_message=_("退出日期不能早于加入日期。"),
            ),
        ]


class Capability(Row):
    """What a department can do (能力), with the places it counted and when it counted them."""

    department = models.ForeignKey(
        Department, models.PROTECT, related_name="capabilities", help_text="The department (科室)."
    )
    kind = models.ForeignKey(
        "consortium.Concept", models.PROTECT, related_name="+", help_text="What it can do (能力项目)."
    )
    beds_total = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Places in all (总床位).")
    beds_free = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Places free at the time of the figure (空床数)."
    )
    held = models.PositiveSmallIntegerField(
        default=0, help_text="Places promised to accepted patients who have not arrived (已预留)."
    )
    as_of = models.DateTimeField(null=True, blank=True, help_text="When the figure was counted (数据时间).")
    version = models.PositiveIntegerField(default=1, help_text="Counts the updates of the figure (版本).")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["department", "kind"], name="capability_once_per_department"),
            models.CheckConstraint(
                condition=Q(beds_free__isnull=True) | Q(beds_free__lte=F("beds_total")),
                name="capability_free_within_total",
                violation_error_message=_("空床数不能大于总床位。"),
            ),
            models.CheckConstraint(
                condition=Q(beds_free__isnull=True) | Q(as_of__isnull=False),
                name="capability_figure_is_dated",
                violation_error_message=_("床位数必须注明统计时间。"),
            ),
        ]
        indexes = [models.Index(fields=["kind", "department"], name="capability_by_kind")]
