"""A slide before a viewer: what was drawn, kept and seen, and what may be done; the tiles come from `/slides/`."""

import base64
import json
from typing import Any, ClassVar
from uuid import UUID

import graphene
from django.utils.translation import gettext as _
from graphql import GraphQLError
from graphql.utilities import value_from_ast_untyped

from schema import ids
from schema.action import VERSION, Action
from schema.base import PART, Plain, Type, declare, listed, readers
from schema.reads import Through
from schema.steps import place, text
from telemedicine import annotations, key_images, viewing
from telemedicine.models import Annotation, AnnotationKind, KeyImage, SlideTrace, Visibility
from telemedicine.screens import Glass, Screen, screen

AnnotationKindEnum = declare(AnnotationKind, "AnnotationKind")
VisibilityEnum = declare(Visibility, "AnnotationVisibility")
READERS = readers("view_sent_pathology", "view_received_pathology")
SLIDE = graphene.ID(required=True, description="The slide (切片).")


class GeoJson(graphene.Scalar):
    """A geometry of GeoJSON (RFC 7946): Point, LineString or Polygon, in pixels of the image at full size."""

    @staticmethod
    def serialize(value: Any) -> Any:
        """As it is stored."""
        return value

    @staticmethod
    def parse_value(value: Any) -> Any:
        """An object; what lies in it is judged by the action."""
        if not isinstance(value, dict):
            raise GraphQLError(_("几何须为 GeoJSON 对象。"))
        try:
            json.dumps(value, allow_nan=False).encode()
        except ValueError as error:  # no lone surrogate, no NaN
            raise GraphQLError(_("几何须为 GeoJSON 对象。")) from error
        return value

    @classmethod
    def parse_literal(cls, node: Any, variables: Any = None) -> Any:
        """An object in a document."""
        return cls.parse_value(value_from_ast_untyped(node, variables))


class OfSlide(Type):
    """What belongs to an image of a slide."""

    slide_id = graphene.ID(required=True, description="The slide (切片).")
    image_id = graphene.ID(required=True, description="The image of it, as `/slides/` names it (图像).")

    class Meta:
        """Not a type itself."""

        abstract = True

    def resolve_slide_id(self: Any, info: Any) -> str:
        """The slide of the image."""
        return ids.encode("Slide", self.image.slide_id)

    def resolve_image_id(self: Any, info: Any) -> str:
        """Its own."""
        return ids.encode("SlideImage", self.image_id)


class AnnotationType(OfSlide):
    """What somebody drew on a slide (标注)."""

    geometry = GeoJson(required=True, description="Where, in pixels of the image at full size (几何).")
    mine = graphene.Boolean(required=True, description="Whether it is one's own (是否本人).")

    class Meta:
        """Reached through a slide that one sees."""

        model, name, rule = Annotation, "Annotation", PART
        fields = ("person", "kind", "label", "visibility", "version", "created_at", "changed_at", "deleted_at")
        needs = {"slide_id": Through(joins=("image",))}

    def resolve_mine(self: Any, info: Any) -> bool:
        """By the person who drew it."""
        return bool(self.person_id == info.context.actor.person.pk)


class KeyImageType(OfSlide):
    """A region of a slide that shows why (关键图像)."""

    url = graphene.String(required=True, description="Where its picture is; each request is checked (图片地址).")
    slide_sha256 = graphene.String(
        name="slideSha256", required=True, description="SHA-256 of the slide's file (切片文件校验和)."
    )
    sha256 = graphene.String(name="sha256", required=True, description="SHA-256 of the picture (图片校验和).")
    mine = graphene.Boolean(required=True, description="Whether it is one's own (是否本人).")

    class Meta:
        """Reached through a slide that one sees."""

        model, name, rule = KeyImage, "KeyImage", PART
        fields = (
            "person", "x", "y", "width", "height", "caption", "picture_width", "picture_height", "kept_at",
            "discarded_at",
        )  # fmt: skip
        needs = {"slide_id": Through(joins=("image",)), "slide_sha256": Through(joins=("image",))}

    def resolve_url(self: Any, info: Any) -> str:
        """By its id."""
        return f"/key-images/{ids.encode('KeyImage', self.pk)}"

    def resolve_slide_sha256(self: Any, info: Any) -> str:
        """Of the image that it was taken from."""
        return str(self.image.sha256)

    def resolve_mine(self: Any, info: Any) -> bool:
        """By the person who chose it."""
        return bool(self.person_id == info.context.actor.person.pk)


class SlideTraceType(Type):
    """Which parts of a slide one has seen, and how near (阅片轨迹); it only grows."""

    cells = graphene.String(
        required=True,
        description="Base64; a byte for each cell, row by row: the nearest it was seen at, per cent of full size.",
    )
    share = graphene.Float(required=True, description="The part of the picture that was seen, 0 to 1 (已阅比例).")

    class Meta:
        """One's own."""

        model, name, rule = SlideTrace, "SlideTrace", PART
        fields = ("columns", "rows", "changed_at")

    def resolve_cells(self: Any, info: Any) -> str:
        """As text."""
        return base64.b64encode(bytes(self.cells)).decode()


class ViewedSlide(Plain):
    """One slide as a viewer lists it, and how far one has read it (切片)."""

    slide_id = graphene.ID(required=True, description="The slide (切片).")
    image_id = graphene.ID(description="Its image, as `/slides/` names it; empty while there is none (图像).")
    barcode = graphene.String(required=True, description="Barcode of the slide (玻片条码).")
    stain = graphene.String(required=True, description="Stain, catalogue STAIN (染色).")
    marker = graphene.String(required=True, description="What an immunohistochemical stain shows (标记物).")
    block = graphene.String(required=True, description="Barcode of the block (蜡块条码).")
    site = graphene.String(required=True, description="Where the specimen was taken from (取材部位).")
    opened = graphene.Boolean(required=True, description="Whether one has opened the image it has now (已打开).")
    share = graphene.Float(required=True, description="The part of the image that one has seen, 0 to 1 (已阅比例).")

    def resolve_slide_id(self: Any, info: Any) -> str:
        """By its key."""
        return ids.encode("Slide", self.slide.pk)

    def resolve_image_id(self: Any, info: Any) -> str | None:
        """By its key."""
        return ids.encode("SlideImage", self.image.pk) if self.image else None

    def resolve_barcode(self: Glass, info: Any) -> str:
        """Of the glass."""
        return self.slide.barcode

    def resolve_stain(self: Glass, info: Any) -> str:
        """Of the glass."""
        return self.slide.stain

    def resolve_marker(self: Glass, info: Any) -> str:
        """Of the glass."""
        return self.slide.marker

    def resolve_block(self: Glass, info: Any) -> str:
        """Of the block."""
        return self.slide.block.barcode

    def resolve_site(self: Glass, info: Any) -> str:
        """Of the specimen."""
        return self.slide.block.specimen.site


class SlideScreen(Plain):
    """Everything that a viewer shows of one slide beside its tiles (阅片界面)."""

    case_id = graphene.ID(required=True, description="The case (会诊单).")
    case_number = graphene.String(required=True, description="Its number (单号).")
    shown = graphene.Field(ViewedSlide, required=True, description="The slide that was asked for (当前切片).")
    slides = listed(ViewedSlide, "The slides of the case in their order, those withdrawn left out (全部切片).")
    annotations = listed(AnnotationType, "On the image that the slide has now: one's own, and what others show (标注).")
    key_images = listed(KeyImageType, "Of the case (关键图像).")
    trace = graphene.Field(SlideTraceType, description="One's own on this image, empty before the first (阅片轨迹).")
    may_annotate = graphene.Boolean(required=True, description="Whether one may draw on it now (可否标注).")
    may_keep = graphene.Boolean(required=True, description="Whether one may choose key images now (可否选图).")

    def resolve_case_id(self: Screen, info: Any) -> str:
        """By its key."""
        return ids.encode("PathologyCase", self.case.pk)

    def resolve_case_number(self: Screen, info: Any) -> str:
        """Of the case."""
        return str(self.case.number)


class Query:
    """What is read of slides."""

    rules: ClassVar = {"slide_screen": READERS}

    slide_screen = graphene.Field(
        SlideScreen,
        required=True,
        description="What a viewer shows of a slide; NOT_FOUND for a slide that one may not see (阅片界面).",
        slide=SLIDE,
    )

    def resolve_slide_screen(self: Any, info: Any, slide: str) -> Screen:
        """Through the gate; fetching its tiles is on the audit trail."""
        return screen(by=info.context.actor, slide=UUID(ids.decode(slide, "Slide", field="slide")))


class LookInput(graphene.InputObjectType):
    """A region that was before the eyes, and the scale at which it was shown (视野)."""

    x = graphene.Float(required=True, description="Left edge, in pixels of the image at full size (左).")
    y = graphene.Float(required=True, description="Upper edge (上).")
    width = graphene.Float(required=True, description="Width (宽).")
    height = graphene.Float(required=True, description="Height (高).")
    scale = graphene.Float(
        required=True, description="Pixels of the screen for one of the image; 1 is full size (比例)."
    )


class ReportViewing(Action):
    """Add what you have had before your eyes on a slide to your trace; it only grows."""

    perform = staticmethod(viewing.report_viewing)
    returns = ("trace", SlideTraceType, SlideTrace)
    gated = True
    objects: ClassVar = {"slide": ("Slide",)}

    class Input:
        """Where and how near."""

        slide = SLIDE
        looks = graphene.List(
            graphene.NonNull(LookInput), required=True, description=f"At most {viewing.MOST_LOOKS} at once (视野)."
        )


class AnnotateSlide(Action):
    """Draw on a slide: a point, a box, a polygon, a line, or words at a place."""

    perform = staticmethod(annotations.annotate_slide)
    returns = ("annotation", AnnotationType, Annotation)
    gated = True
    objects: ClassVar = {"slide": ("Slide",)}

    class Input:
        """What and where."""

        slide = SLIDE
        kind = AnnotationKindEnum(required=True, description="What it is (类型).")
        geometry = GeoJson(required=True, description="Where, in pixels of the image at full size (几何).")
        label = text("What is said of it; needed for a TEXT (标签).")
        visibility = VisibilityEnum(description="Who sees it; shown if empty (可见范围).")


class ChangeAnnotation(Action):
    """Move, relabel, show or hide an annotation of your own; what is left out stays."""

    perform = staticmethod(annotations.change_annotation)
    returns = ("annotation", AnnotationType, Annotation)
    gated = True
    objects: ClassVar = {"id": ("Annotation",)}

    class Input:
        """Which, and what becomes of it."""

        id = place("The annotation (标注).", required=True)
        expected_version = VERSION
        geometry = GeoJson(description="Where it is now; its kind stays (几何).")
        label = text("What is said of it (标签).")
        visibility = VisibilityEnum(description="Who sees it (可见范围).")


class DeleteAnnotation(Action):
    """Take an annotation of your own away; the trail keeps it."""

    perform = staticmethod(annotations.delete_annotation)
    returns = ("annotation", AnnotationType, Annotation)
    gated = True
    objects: ClassVar = {"id": ("Annotation",)}

    class Input:
        """Which."""

        id = place("The annotation (标注).", required=True)
        expected_version = VERSION


class KeepKeyImage(Action):
    """Keep a region of a slide as a key image, with its picture."""

    perform = staticmethod(key_images.keep_key_image)
    returns = ("key_image", KeyImageType, KeyImage)
    gated = True
    objects: ClassVar = {"slide": ("Slide",)}

    class Input:
        """Where, and what it shows."""

        slide = SLIDE
        x = graphene.Int(required=True, description="Left edge, in pixels of the image at full size (左).")
        y = graphene.Int(required=True, description="Upper edge (上).")
        width = graphene.Int(required=True, description="Width (宽).")
        height = graphene.Int(required=True, description="Height (高).")
        caption = text("What it shows (说明).")


class DiscardKeyImage(Action):
    """Put a key image of your own aside; a signed report that shows it still does."""

    perform = staticmethod(key_images.discard_key_image)
    returns = ("key_image", KeyImageType, KeyImage)
    gated = True
    objects: ClassVar = {"id": ("KeyImage",)}

    class Input:
        """Which."""

        id = place("The key image (关键图像).", required=True)


class Mutation:
    """What is done with a slide before a viewer."""

    report_viewing = ReportViewing.Field(description=ReportViewing.__doc__)
    annotate_slide = AnnotateSlide.Field(description=AnnotateSlide.__doc__)
    change_annotation = ChangeAnnotation.Field(description=ChangeAnnotation.__doc__)
    delete_annotation = DeleteAnnotation.Field(description=DeleteAnnotation.__doc__)
    keep_key_image = KeepKeyImage.Field(description=KeepKeyImage.__doc__)
    discard_key_image = DiscardKeyImage.Field(description=DiscardKeyImage.__doc__)
