"""Figures that somebody asked for as a file, made in the background."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consortium.models import Row


class ExportState(models.TextChoices):
    """Where a file stands (导出状态)."""

    WAITING = "WAITING", _("排队中")
    RUNNING = "RUNNING", _("生成中")
    READY = "READY", _("可下载")
    FAILED = "FAILED", _("未能生成")
    CANCELLED = "CANCELLED", _("已取消")
    EXPIRED = "EXPIRED", _("已过期")


class ExportFormat(models.TextChoices):
    """What kind of file (格式)."""

    CSV = "CSV", _("CSV")
    XLSX = "XLSX", _("Excel 工作簿")


class ExportTable(models.TextChoices):
    """The tables that a file may hold (表)."""

    INDICATORS = "INDICATORS", _("指标")
    COUNTIES = "COUNTIES", _("县域覆盖")
    MEMBERS = "MEMBERS", _("按级别成员数")
    FLOWS = "FLOWS", _("流向（市州）")
    HOSPITAL_FLOWS = "HOSPITAL_FLOWS", _("流向（医院）")
    TREND = "TREND", _("月度趋势")
    HOSPITALS = "HOSPITALS", _("按医院")


UNFINISHED = (ExportState.WAITING, ExportState.RUNNING)


class Export(Row):
    """The figures of an alliance as a file (导出): asked for, made by a process of its own, kept for some days."""

    UNFINISHED: ClassVar = UNFINISHED

    version = models.PositiveIntegerField(default=1, help_text="Counts the changes; send it as expectedVersion (版本).")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="exports", editable=False)
    alliance = models.ForeignKey(
        "consortium.Alliance", models.PROTECT, related_name="+", help_text="Of which alliance (联盟)."
    )
    capability = models.CharField(max_length=40, blank=True, help_text="Only for this capability (能力).")
    since = models.DateField(help_text="First day (起).")
    until = models.DateField(help_text="Last day (止).")
    months = models.PositiveSmallIntegerField(help_text="Months of the trend (趋势月数).")
    format = models.CharField(max_length=4, choices=ExportFormat.choices, help_text="What kind of file (格式).")
    tables = models.JSONField(help_text="Which tables, as codes (表).")
    language = models.CharField(max_length=10, editable=False)
    state = models.CharField(
        max_length=9, choices=ExportState.choices, default=ExportState.WAITING, help_text="Where it stands (状态)."
    )
    done = models.PositiveSmallIntegerField(default=0, help_text="Tables that are done (已完成表数).")
    total = models.PositiveSmallIntegerField(help_text="Tables in all (总表数).")
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    writer = models.UUIDField(null=True, editable=False)  # the process that makes it now
    written_at = models.DateTimeField(null=True, editable=False)
    problem = models.CharField(max_length=300, blank=True, help_text="Why it failed, and what to do (失败原因).")
    requested_at = models.DateTimeField(help_text="When it was asked for (申请时间).")
    settled_at = models.DateTimeField(null=True, help_text="When it was ready, or failed (完成时间).")
    expires_at = models.DateTimeField(null=True, help_text="Until when the file is kept (保留至).")
    name = models.CharField(max_length=120, blank=True, help_text="Name of the file (文件名).")
    size = models.PositiveIntegerField(null=True, help_text="Size in bytes (大小).")
    sha256 = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the file, hexadecimal (校验和).")
    file = models.FileField(blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="READY") | (~Q(file="") & Q(expires_at__isnull=False)),
                name="export_ready_has_a_file",
            )
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="export_by_person"),
            models.Index(fields=["requested_at"], condition=Q(state__in=UNFINISHED), name="export_unfinished"),
        ]

    def settle(self, state: ExportState, at: datetime) -> None:
        """Let nothing more be done on it."""
        self.state, self.settled_at, self.writer, self.version = state, at, None, self.version + 1
