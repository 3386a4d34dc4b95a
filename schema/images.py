"""Slides on the wire: uploads as the sender's lab sees them, and the images that a viewer opens."""

from typing import Any, ClassVar

import graphene
from django.conf import settings

from consortium import access
from schema import ids
from schema.base import Plain, Type, declare, listed, permission, readers
from schema.places import HospitalType
from schema.reads import plan
from telemedicine.models import PathologyCase, Slide, SlideImage, Upload, UploadState
from telemedicine.uploads.announce import held_bytes, lab_role
from telemedicine.uploads.check import SENTENCES

SEES = readers("view_sent_pathology", "view_received_pathology")
SENDS = permission("upload_slide")
UploadStateEnum = declare(UploadState, "UploadState")


class UploadType(Type):
    """One file of a slide on its way in (上传); sent to `/uploads/` by tus 1.0.0."""

    size = graphene.Float(required=True, description="Size of the whole file in bytes (大小).")
    offset = graphene.Float(required=True, description="Bytes that are safely stored (已接收字节).")
    url = graphene.String(required=True, description="Where it goes on, by tus 1.0.0 (上传地址).")
    refusal = graphene.String(description="Why it was refused, in the reader's language (拒收说明).")

    class Meta:
        """Reached through a slide of a case of one's own lab."""

        model, name, rule = Upload, "Upload", SENDS
        fields = (
            "name",
            "sha256",
            "state",
            "refusal_code",
            "created_by",
            "created_at",
            "expires_at",
            "received_at",
            "settled_at",
        )

    def resolve_url(self: Any, info: Any) -> str:
        """By its id."""
        return f"/uploads/{ids.encode('Upload', self.pk)}"

    def resolve_refusal(self: Any, info: Any) -> str | None:
        """The sentence of the code."""
        return str(SENTENCES.get(self.refusal_code, self.refusal_code)) if self.refusal_code else None


class SlideImageType(Type):
    """The whole-slide image of a slide (全切片图像); its tiles come from `url`."""

    size = graphene.Float(required=True, description="Size in bytes (大小).")
    mpp = graphene.Float(description="Micrometres per pixel, empty if the file is silent (分辨率).")
    url = graphene.String(required=True, description="Levels, pictures and a grant for the tiles, as JSON (阅片信息).")

    class Meta:
        """Reached through a case that is visible in full."""

        model, name, rule = SlideImage, "SlideImage", SEES
        fields = ("sha256", "format", "width", "height", "magnification", "added_at", "replaced_at", "removed_at")

    def resolve_url(self: Any, info: Any) -> str:
        """By its id."""
        return f"/slides/{ids.encode('SlideImage', self.pk)}/info"


class SlideSpace(Plain):
    """What a hospital's slides take of the room it was given (切片空间)."""

    hospital = graphene.Field(HospitalType, required=True, description="Whose slides (医院).")
    used = graphene.Float(required=True, description="Bytes kept, and announced at full size (已用字节).")
    limit = graphene.Float(required=True, description="Bytes it may keep (上限字节).")


class Query:
    """What is read about slides and how they come."""

    rules: ClassVar = {"uploads": SENDS, "slide_images": SEES, "slide_space": SENDS}

    uploads = listed(
        UploadType,
        "The uploads of a slide of your lab, the newest first.",
        slide=graphene.ID(required=True, description="The slide (切片)."),
    )
    slide_images = listed(
        SlideImageType,
        "The images of a slide, the newest first; the one without `replacedAt` is current.",
        slide=graphene.ID(required=True, description="The slide (切片)."),
    )
    slide_space = listed(SlideSpace, "The room of each hospital for which you send slides.")

    def resolve_uploads(self: Any, info: Any, slide: str) -> Any:
        """Only for the sender's lab."""
        case, row = slide_of(info, slide)
        if lab_role(info.context.actor, case) is None:
            raise access.not_found("slide")
        return plan(Upload.objects.filter(slide=row).order_by("-id")[:100], info)

    def resolve_slide_images(self: Any, info: Any, slide: str) -> Any:
        """For everybody who sees the case in full."""
        _case, row = slide_of(info, slide)
        return plan(SlideImage.objects.filter(slide=row).order_by("-id")[:100], info)

    def resolve_slide_space(self: Any, info: Any) -> list[SlideSpace]:
        """By the roles that run."""
        roles = info.context.actor.roles_with("upload_slide")
        hospitals = {role.hospital_id: role.hospital for role in roles if role.hospital_id}
        return [
            SlideSpace(hospital=hospital, used=held_bytes(pk), limit=settings.SLIDE_QUOTA_BYTES)
            for pk, hospital in sorted(hospitals.items())
        ]


def slide_of(info: Any, id: str) -> tuple[Any, Slide]:
    """The slide and its case, seen in full; NOT_FOUND otherwise."""
    by = info.context.actor
    row = Slide.objects.filter(pk=ids.decode(id, "Slide", field="slide")).first()
    case = row and access.visible_in_full(by, PathologyCase).filter(pk=row.case_id).first()
    if row is None or case is None:
        raise access.not_found("slide")
    return case, row
