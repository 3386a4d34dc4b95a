"""Key images: regions that show why, chosen by the pathologist; each with its picture and the picture's checksum."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from consortium import access, trail
from consortium.access import Actor
from consortium.errors import Code, Refused, checked
from consortium.models import PractitionerRole, Side, uuid7
from telemedicine import store, tiles
from telemedicine.models import KeyImage, PathologyCase, SlideImage
from telemedicine.viewing import current_image
from telemedicine.wsi import BadSlide
from telemedicine.wsi.mosaic import region

LEAST_SIDE = 16
MOST_OF_A_CASE = 60


def kept(by: Actor) -> QuerySet[KeyImage]:
    """The key images of the cases that the actor sees, those put aside left out."""
    return access.visible(by, KeyImage).filter(discarded_at=None)


def keep_key_image(
    *, by: Actor, slide: UUID, x: int, y: int, width: int, height: int, now: datetime, caption: str = ""
) -> KeyImage:
    """Keep a region of a slide's image with its picture; INVALID_INPUT if it does not lie within the image."""
    with transaction.atomic(savepoint=False):
        image = current_image(by, slide)
        role = may_keep(by, image)
        within(image, x, y, width, height)
        if KeyImage.objects.filter(case=image.case_id, discarded_at=None).count() >= MOST_OF_A_CASE:
            message = _("一个病例最多 {limit} 幅关键图像；请先弃用不需要的。").format(limit=MOST_OF_A_CASE)
            raise Refused(Code.LIMIT_EXCEEDED, message)
        row = KeyImage(
            id=uuid7(), case=image.case, image=image, person=by.person, caption=caption.strip(), kept_at=now,
            x=x, y=y, width=width, height=height,
        )  # fmt: skip
        data = drawn(row)
        row.sha256 = sha256(data).hexdigest()
        checked(row)
        row.picture = store.put(f"key-images/{row.pk.hex[-2:]}/{row.pk}.jpg", data)
        row.save(force_insert=True)
        trail.audit(
            by, "keep_key_image", row, role=role, purpose="TREATMENT", patient_id=image.case.patient_id, now=now
        )
    return row


def discard_key_image(*, by: Actor, id: UUID, now: datetime) -> KeyImage:
    """Put a key image of one's own aside; its picture stays, since a signed report may show it."""
    with transaction.atomic(savepoint=False):
        rows = KeyImage.objects.select_for_update(of=("self",)).select_related("image", "case")
        row = access.find(by, rows.filter(person=by.person, discarded_at=None), id)
        row.image.case = row.case
        role = may_keep(by, row.image)
        row.discarded_at = now
        row.save(update_fields=["discarded_at"])
        trail.audit(
            by, "discard_key_image", row, role=role, purpose="TREATMENT", patient_id=row.case.patient_id, now=now
        )
    return row


def picture(row: KeyImage) -> bytes:
    """The picture as it was kept; a fault of ours, told as INTERNAL, if it is not what its checksum says."""
    data = store.get(row.picture)
    if sha256(data).hexdigest() != row.sha256:
        raise altered()
    return data


def altered() -> Refused:
    """The answer when a stored picture is not the one that was kept."""
    return Refused(Code.INTERNAL, _("关键图像与其校验和不符；请联系管理员。"))


def chosen(case: PathologyCase, regions: Sequence[Mapping[str, Any]]) -> list[KeyImage | None]:
    """The key image of each region that a report shows: of that slide, file and place; None where none is kept."""
    rows = KeyImage.objects.filter(case=case, discarded_at=None).select_related("image") if regions else []
    known = {(str(row.image.slide_id), row.image.sha256, row.x, row.y, row.width, row.height): row for row in rows}
    return [
        known.get((str(one["slide"]), one["sha256"].lower(), one["x"], one["y"], one["width"], one["height"]))
        for one in regions
    ]


def pinned(row: KeyImage) -> dict[str, str]:
    """What a signed report keeps of a key image: which it is, and the checksum of its picture, which is there."""
    return {"keyImage": str(row.pk), "picture": sha256(picture(row)).hexdigest()}


def pictures(shown: Sequence[Mapping[str, Any]]) -> dict[int, bytes]:
    """The pictures of a signed report's key images by their place; INTERNAL if one is not what was signed."""
    rows = KeyImage.objects.in_bulk([one["keyImage"] for one in shown if "keyImage" in one])
    by_key = {str(key): row for key, row in rows.items()}
    found = {n: picture(by_key[one["keyImage"]]) for n, one in enumerate(shown) if "keyImage" in one}
    if any(sha256(data).hexdigest() != shown[n]["picture"] for n, data in found.items()):
        raise altered()
    return found


def find_key_image(*, by: Actor, id: UUID) -> KeyImage:
    """A key image for somebody who sees its case, also one put aside; NOT_FOUND otherwise."""
    return access.find(by, KeyImage, id)


def may_keep(by: Actor, image: SlideImage) -> PractitionerRole:
    """The role by which the actor chooses key images; FORBIDDEN without one, INVALID_STATE once the case has ended."""
    role = access.role_for(by, "keep_key_image", image.case, Side.PERFORMER)
    if role is None:
        raise access.forbidden()
    if not image.case.open:
        raise Refused(Code.INVALID_STATE, _("该病例已结束，不能再选取关键图像。"))
    return role


def within(image: SlideImage, x: int, y: int, width: int, height: int) -> None:
    """INVALID_INPUT unless the region lies within the image and shows something."""
    inside = x >= 0 and y >= 0 and x + width <= image.width and y + height <= image.height
    if not inside or min(width, height) < LEAST_SIDE:
        raise Refused(
            Code.INVALID_INPUT,
            _("区域须在图像之内（宽 {width}，高 {height} 像素），且边长不小于 {least} 像素。").format(
                width=image.width, height=image.height, least=LEAST_SIDE
            ),
            field="width",
        )


def drawn(row: KeyImage) -> bytes:
    """The picture of a region; the row learns its size."""
    try:
        data, size = region(tiles.opened.get(row.image_id), x=row.x, y=row.y, width=row.width, height=row.height)
    except BadSlide as error:
        raise Refused(Code.INTERNAL, _("该区域的图块无法读取；请重试，若仍失败请联系管理员。")) from error
    row.picture_width, row.picture_height = size
    return data
