"""People, the dated roles they hold, the grants those roles stand for, and the tokens of hospital systems."""

from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase

from consortium.models.base import Row
from consortium.models.directory import Department, Division, Hospital
from consortium.roles import SEPARATED, Role


class Person(AbstractUser):
    """A person who signs in, or the service account of a hospital's system."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("姓名"), max_length=60, help_text="Name as shown to colleagues (姓名).")
    title = models.CharField(max_length=40, blank=True, help_text="Professional title, such as 主任医师 (职称).")
    home = models.ForeignKey(
        Hospital,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        help_text="Whose administrators keep the account; empty: the province's (所属医院).",
    )
    rights_changed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Sessions from before go on under another key (权限变更时间)."
    )

    REQUIRED_FIELDS = ["name"]

    def __str__(self) -> str:
        return self.name


class PractitionerRole(Row):
    """A person's role at one place for a time (岗位, FHIR PractitionerRole); ended, it counts no more at once."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="roles", help_text="Who holds it (人员)."
    )
    role = models.CharField(max_length=20, choices=Role.choices, help_text="The role (角色).")
    hospital = models.ForeignKey(
        Hospital, models.PROTECT, null=True, blank=True, related_name="staff", help_text="At this hospital (医院)."
    )
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="staff", help_text="At this department (科室)."
    )
    division = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, related_name="staff", help_text="For this division (区划)."
    )
    group = models.ForeignKey(Group, models.PROTECT, related_name="practitioner_roles", editable=False)
    starts_at = models.DateTimeField(help_text="From when it counts (生效时间).")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Until when, empty if open (失效时间).")
    version = models.PositiveIntegerField(default=1, help_text="Counts the changes (版本).")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(hospital__isnull=False, division__isnull=True)
                    | Q(hospital__isnull=True, department__isnull=True, division__isnull=False)
                ),
                name="role_held_at_one_place",
                violation_error_message=_("岗位必须属于一家医院（可到科室）或一个行政区划。"),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
                name="role_dates_in_order",
                violation_error_message=_("失效时间不能早于生效时间。"),
            ),
            models.UniqueConstraint(
                fields=["person", "group"], condition=Q(ends_at__isnull=True), name="role_open_once"
            ),
            ExclusionConstraint(
                name="administrators_separated",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("role", RangeOperators.NOT_EQUAL),
                    (
                        models.Func("starts_at", "ends_at", function="tstzrange", output_field=DateTimeRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(role__in=sorted(SEPARATED)),
                violation_error_message=_("系统管理员、安全管理员、审计员须由不同的人担任（三员分立）。"),
            ),
        ]
        indexes = [models.Index(fields=["group", "person"], name="role_by_group")]

    @property
    def place(self) -> Hospital | Department | Division:
        """The finest place at which the role is held."""
        return self.department or self.hospital or self.division  # type: ignore[return-value] # role_held_at_one_place


class HospitalGrant(GroupObjectPermissionBase):
    """A permission that a group has at a hospital and all its departments."""

    content_object = models.ForeignKey(Hospital, models.CASCADE, related_name="grants")

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = False


class DepartmentGrant(GroupObjectPermissionBase):
    """A permission that a group has at one department."""

    content_object = models.ForeignKey(Department, models.CASCADE, related_name="grants")

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = False


class DivisionGrant(GroupObjectPermissionBase):
    """A permission that a group has for a division."""

    content_object = models.ForeignKey(Division, models.CASCADE, related_name="grants")

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = False


class ApiToken(Row):
    """A bearer token of a hospital's system (接口令牌); only its hash is kept."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="tokens", help_text="Whose rights it carries (所属账号)."
    )
    name = models.CharField(max_length=60, help_text="What it is for (用途).")
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=10), help_text="What it may do: read, write (范围).")
    created_at = models.DateTimeField(help_text="When it was issued (签发时间).")
    expires_at = models.DateTimeField(help_text="When it stops working (到期时间).")
    revoked_at = models.DateTimeField(null=True, blank=True, help_text="When it was revoked (吊销时间).")
