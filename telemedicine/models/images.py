"""Whole-slide images and how they came: uploads in progress, and the image that a slide shows now."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consortium.models import Row


class UploadState(models.TextChoices):
    """How far an upload has come."""

    RECEIVING = "RECEIVING", _("接收中")
    CHECKING = "CHECKING", _("校验中")
    READY = "READY", _("可用")
    REFUSED = "REFUSED", _("已拒收")


class Upload(Row):
    """One file of a slide on its way in (上传): what is durable of it, who sends it, and what became of it."""

    case = models.ForeignKey("telemedicine.PathologyCase", models.PROTECT, related_name="uploads", editable=False)
    slide = models.ForeignKey("telemedicine.Slide", models.PROTECT, related_name="uploads", editable=False)
    hospital = models.ForeignKey(
        "consortium.Hospital", models.PROTECT, related_name="+", help_text="Whose lab sends it (上传医院)."
    )
    name = models.CharField(max_length=120, help_text="File name as given by the sender (文件名).")
    size = models.BigIntegerField(help_text="Size of the whole file in bytes (大小).")
    offset = models.BigIntegerField(default=0, help_text="Bytes that are safely stored (已接收字节).")
    sha256 = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the whole file, hexadecimal (校验和).")
    metadata = models.CharField(max_length=2000, blank=True, editable=False)  # as the client sent it, for HEAD
    state = models.CharField(
        max_length=9, choices=UploadState.choices, default=UploadState.RECEIVING, help_text="How far it is (状态)."
    )
    refusal_code = models.CharField(max_length=40, blank=True, help_text="Why it was refused, coded (拒收代码).")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Who began it (上传人)."
    )
    created_at = models.DateTimeField(help_text="When it began (开始时间).")
    expires_at = models.DateTimeField(help_text="Until when it waits for more (失效时间).")
    received_at = models.DateTimeField(null=True, help_text="When its last byte came (收齐时间).")
    settled_at = models.DateTimeField(null=True, help_text="When it was found ready or refused (结论时间).")
    # Who holds the pen: one request writes at a time, and one that stays silent loses it.
    writer = models.UUIDField(null=True, editable=False)
    written_at = models.DateTimeField(null=True, editable=False)
    digest = models.CharField(max_length=64, blank=True, editable=False)  # SHA-256 of what came, once known

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["hospital"], condition=Q(state__in=["RECEIVING", "CHECKING"]), name="upload_held"),
            models.Index(fields=["expires_at"], condition=Q(state="RECEIVING"), name="upload_waiting"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(offset__gte=0, offset__lte=F("size"), size__gte=1), name="upload_offset_within_size"
            ),
            models.CheckConstraint(condition=Q(refusal_code="") ^ Q(state="REFUSED"), name="upload_refused_says_why"),
            models.CheckConstraint(
                condition=Q(state__in=["RECEIVING", "REFUSED"]) | Q(offset=F("size")), name="upload_checked_when_whole"
            ),
        ]


class SlideImage(Row):
    """The whole-slide image of a slide (全切片图像): checked, unchangeable; a new scan replaces it, and it stays."""

    case = models.ForeignKey("telemedicine.PathologyCase", models.PROTECT, related_name="images", editable=False)
    slide = models.ForeignKey("telemedicine.Slide", models.PROTECT, related_name="images", editable=False)
    upload = models.OneToOneField(Upload, models.PROTECT, related_name="image", editable=False)
    hospital = models.ForeignKey(
        "consortium.Hospital", models.PROTECT, related_name="+", help_text="Whose lab sent it (来源医院)."
    )
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of the file, hexadecimal (校验和).")
    size = models.BigIntegerField(help_text="Size in bytes (大小).")
    format = models.CharField(max_length=20, help_text="What kind of file it is, by its content (格式).")
    width = models.PositiveIntegerField(help_text="Width of the finest level in pixels (宽).")
    height = models.PositiveIntegerField(help_text="Height of the finest level in pixels (高).")
    mpp = models.FloatField(null=True, help_text="Micrometres per pixel, empty if the file is silent (分辨率).")
    magnification = models.FloatField(null=True, help_text="Objective magnification (物镜倍数).")
    metadata = models.JSONField(default=dict, editable=False)
    files = models.JSONField(default=list, editable=False)  # names in the store, the first is the one to open
    pictures = models.JSONField(default=dict, editable=False)  # thumbnail, macro, label: kind → name in the store
    added_at = models.DateTimeField(help_text="When it was found ready (入库时间).")
    replaced_at = models.DateTimeField(null=True, help_text="When a newer scan took its place (被替换时间).")
    removed_at = models.DateTimeField(
        null=True, help_text="When its files were deleted after retention, empty while kept (清除时间)."
    )

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["hospital"], condition=Q(removed_at=None), name="image_kept")]
        constraints = [
            models.UniqueConstraint(
                fields=["slide"], condition=Q(replaced_at=None), name="image_one_current_per_slide"
            ),
        ]
