"""What somebody leaves on a slide while reading it: annotations, key images, and the trace of what was seen."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consortium.models import Row
from telemedicine.models.images import SlideImage
from telemedicine.models.pathology import PathologyCase


class AnnotationKind(models.TextChoices):
    """What somebody drew on a slide."""

    POINT = "POINT", _("点")
    BOX = "BOX", _("矩形")
    POLYGON = "POLYGON", _("多边形")
    LINE = "LINE", _("线段")
    TEXT = "TEXT", _("文字")


class Visibility(models.TextChoices):
    """Before whose eyes an annotation is."""

    SHOWN = "SHOWN", _("对本例阅片人可见")
    HIDDEN = "HIDDEN", _("仅自己可见")


class Annotation(Row):
    """What somebody drew on an image of a slide (标注); deleted it stays in the trail, shown to nobody."""

    SEEN_THROUGH: ClassVar[str] = "case"

    case = models.ForeignKey(PathologyCase, models.PROTECT, related_name="annotations", editable=False)
    image = models.ForeignKey(SlideImage, models.PROTECT, related_name="annotations", editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Who drew it (标注人)."
    )
    kind = models.CharField(max_length=7, choices=AnnotationKind.choices, help_text="What it is (类型).")
    geometry = models.JSONField(
        help_text="GeoJSON Point, LineString or Polygon, in pixels of the image at full size (几何)."
    )
    label = models.CharField(max_length=500, blank=True, help_text="What is said of it (标签).")
    visibility = models.CharField(
        max_length=6, choices=Visibility.choices, default=Visibility.SHOWN, help_text="Who sees it (可见范围)."
    )
    version = models.PositiveIntegerField(default=1, help_text="Counts the changes, from 1 (版本).")
    created_at = models.DateTimeField(help_text="When it was drawn (创建时间).")
    changed_at = models.DateTimeField(help_text="When it was changed last (修改时间).")
    deleted_at = models.DateTimeField(null=True, help_text="When it was deleted, empty otherwise (删除时间).")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["image"], condition=Q(deleted_at=None), name="annotation_by_image")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind=AnnotationKind.TEXT) | ~Q(label=""),
                name="annotation_text_says_something",
                violation_error_message=_("文字标注须有内容。"),
            )
        ]


class KeyImage(Row):
    """A region of a slide that shows why (关键图像), with the picture of it as it was when it was chosen."""

    SEEN_THROUGH: ClassVar[str] = "case"

    case = models.ForeignKey(PathologyCase, models.PROTECT, related_name="key_images", editable=False)
    image = models.ForeignKey(SlideImage, models.PROTECT, related_name="key_images", editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Who chose it (选图人)."
    )
    x = models.PositiveIntegerField(help_text="Left edge, in pixels of the image at full size (左).")
    y = models.PositiveIntegerField(help_text="Upper edge (上).")
    width = models.PositiveIntegerField(help_text="Width (宽).")
    height = models.PositiveIntegerField(help_text="Height (高).")
    caption = models.CharField(max_length=200, blank=True, help_text="What it shows (说明).")
    picture = models.CharField(max_length=120, editable=False)  # its name in the store
    picture_width = models.PositiveIntegerField(help_text="Width of the picture in pixels (图片宽).")
    picture_height = models.PositiveIntegerField(help_text="Height of the picture in pixels (图片高).")
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of the picture, hexadecimal (图片校验和).")
    kept_at = models.DateTimeField(help_text="When it was chosen (选图时间).")
    discarded_at = models.DateTimeField(null=True, help_text="When it was put aside, empty otherwise (弃用时间).")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["case"], condition=Q(discarded_at=None), name="key_image_by_case")]
        constraints = [
            models.CheckConstraint(condition=Q(width__gte=16, height__gte=16), name="key_image_shows_something")
        ]


class SlideTrace(Row):
    """Which parts of an image somebody has had before their eyes, and how near (阅片轨迹); it only ever grows."""

    SEEN_THROUGH: ClassVar[str] = "case"

    case = models.ForeignKey(PathologyCase, models.PROTECT, related_name="traces", editable=False)
    image = models.ForeignKey(SlideImage, models.PROTECT, related_name="traces", editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Whose trace (阅片人)."
    )
    columns = models.PositiveSmallIntegerField(help_text="Cells of the grid side by side (列数).")
    rows = models.PositiveSmallIntegerField(help_text="Cells of the grid above each other (行数).")
    # One byte for each cell, row by row: the nearest at which it was seen, in per cent of full size; 0 is never.
    cells = models.BinaryField(max_length=4096)
    seen = models.PositiveSmallIntegerField(default=0, help_text="How many cells were seen (已阅格数).")
    changed_at = models.DateTimeField(help_text="When it grew last (更新时间).")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["image", "person"], name="trace_once_per_person"),
            models.CheckConstraint(condition=Q(seen__lte=F("columns") * F("rows")), name="trace_within_its_grid"),
        ]

    @property
    def share(self) -> float:
        """The part of the picture that was seen, 0 to 1."""
        return round(self.seen / (self.columns * self.rows), 4)
