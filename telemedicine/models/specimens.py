"""What lies before the expert: specimens, the blocks made of them, the slides cut from those."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from consortium.models import Row
from telemedicine.models.pathology import PathologyCase


class BlockKind(models.TextChoices):
    """What slides are made of."""

    PARAFFIN = "PARAFFIN", _("石蜡块")
    FROZEN = "FROZEN", _("冰冻块")
    CELL_BLOCK = "CELL_BLOCK", _("细胞块")
    SMEAR = "SMEAR", _("涂片")


class Specimen(Row):
    """What was taken from the patient (标本)."""

    case = models.ForeignKey(PathologyCase, models.PROTECT, related_name="specimens", editable=False)
    barcode = models.CharField(max_length=40, help_text="Barcode of the sending lab (标本条码).")
    site = models.CharField(max_length=200, help_text="Where it was taken from (取材部位).")
    procedure = models.CharField(max_length=200, blank=True, help_text="How it was taken (取材方式).")
    gross = models.CharField(max_length=2000, blank=True, help_text="What the eye sees (大体所见).")
    collected_at = models.DateTimeField(null=True, help_text="When it was taken (离体时间).")
    received_at = models.DateTimeField(help_text="When the lab received it (接收时间).")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["case", "barcode"], name="specimen_once_per_case")]


class Block(Row):
    """A part of a specimen from which slides are cut (蜡块)."""

    specimen = models.ForeignKey(Specimen, models.PROTECT, related_name="blocks", editable=False)
    barcode = models.CharField(max_length=40, help_text="Barcode of the block (蜡块条码).")
    kind = models.CharField(max_length=10, choices=BlockKind.choices, help_text="What it is (类型).")
    site = models.CharField(max_length=200, blank=True, help_text="Which part of the specimen (取材位置).")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["specimen", "barcode"], name="block_once_per_specimen")]


class Slide(Row):
    """One glass slide to be read on the screen (切片); its picture is an image of its own."""

    case = models.ForeignKey(PathologyCase, models.PROTECT, related_name="slides", editable=False)
    block = models.ForeignKey(Block, models.PROTECT, related_name="slides", help_text="What it was cut from (蜡块).")
    barcode = models.CharField(max_length=40, help_text="Barcode of the slide (玻片条码).")
    stain = models.CharField(max_length=20, help_text="Stain, a code of the catalogue STAIN (染色).")
    marker = models.CharField(
        max_length=40, blank=True, help_text="What an immunohistochemical or special stain shows (标记物)."
    )
    magnification = models.PositiveSmallIntegerField(help_text="Objective of the scan, such as 20 or 40 (扫描倍数).")
    verified_at = models.DateTimeField(
        null=True, help_text="When its picture had arrived whole and was verified (图像校验时间)."
    )
    withdrawn_at = models.DateTimeField(
        null=True, help_text="When it was taken out of the case, empty otherwise (撤回时间)."
    )
    withdrawn_reason = models.CharField(
        max_length=40, blank=True, help_text="Why, as a code of the catalogue WITHDRAW_SLIDE (撤回原因)."
    )
    registered_at = models.DateTimeField(help_text="When it was registered (登记时间).")
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Who registered it (登记人)."
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "barcode"], condition=models.Q(withdrawn_at__isnull=True), name="slide_once_per_case"
            ),
            models.CheckConstraint(
                condition=models.Q(magnification__gte=1, magnification__lte=100),
                name="slide_magnification_plausible",
                violation_error_message=_("扫描倍数须在 1 到 100 之间。"),
            ),
        ]

    def __str__(self) -> str:
        return self.barcode


class SlideView(Row):
    """Somebody has opened a slide (阅片记录); the first time counts."""

    slide = models.ForeignKey(Slide, models.PROTECT, related_name="views", help_text="Which slide (切片).")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Who (人员).")
    opened_at = models.DateTimeField(help_text="When it was first opened (首次打开时间).")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slide", "person"], name="slide_view_once")]
