"""Catalogues on the wire: coded concepts, reasons, time limits; each with its source and dates."""

from typing import Any, ClassVar

import graphene
from django.utils import timezone
from django.utils.translation import get_language

from consortium import registry
from consortium.models import Calendar, ClockRule, Concept
from schema import reads
from schema.base import SIGNED_IN, Type, declare, listed
from schema.keyset import Order
from schema.reads import connection, paged

CalendarEnum = declare(Calendar, "ClockCalendar")


def registry_label() -> str:
    """The column of an entry's term in the reader's language, as `Dated.label`."""
    return "label_en" if (get_language() or "").startswith("en") else "label_zh"


class ConceptType(Type):
    """A coded concept of a catalogue (FHIR Coding)."""

    label = graphene.String(required=True, description="The term in the reader's language (名称).")

    class Meta:
        """Catalogues are open to all who are signed in."""

        model, name, rule = Concept, "Concept", SIGNED_IN
        fields = ("system", "code", "label_zh", "label_en", "comment_required", "source", "valid_from", "valid_to")
        sql = {"label": lambda row: row(registry_label())}


class ClockRuleType(Type):
    """A time limit of the registry (时限)."""

    label = graphene.String(required=True, description="The term in the reader's language (名称).")

    class Meta:
        """Catalogues are open to all who are signed in."""

        model, name, rule = ClockRule, "ClockRule", SIGNED_IN
        fields = (
            "kind",
            "priority",
            "alliance",
            "emergency",
            "start_step",
            "stop_step",
            "paused_in",
            "calendar",
            "target_minutes",
            "holder",
            "label_zh",
            "label_en",
            "source",
            "valid_from",
            "valid_to",
        )
        sql = {"label": lambda row: row(registry_label())}


class ConceptSystem(graphene.Enum):
    """Catalogues that one searches in."""

    ICD10 = "ICD10"
    SPECIALTY = "SPECIALTY"
    CAPABILITY = "CAPABILITY"
    GREEN_KIND = "GREEN_KIND"
    GREEN_MILESTONE = "GREEN_MILESTONE"
    ORGAN = "ORGAN"
    SUBSPECIALTY = "SUBSPECIALTY"
    STAIN = "STAIN"
    DIAGNOSTIC_CLASS = "DIAGNOSTIC_CLASS"

    @property
    def description(self) -> str:
        """The catalogue's name."""
        return {
            "ICD10": "诊断 (ICD-10 国临版).",
            "SPECIALTY": "诊疗科目.",
            "CAPABILITY": "能力.",
            "GREEN_KIND": "绿色通道病种.",
            "GREEN_MILESTONE": "绿色通道时间节点.",
            "ORGAN": "病理器官.",
            "SUBSPECIALTY": "病理亚专科.",
            "STAIN": "染色.",
            "DIAGNOSTIC_CLASS": "病理诊断分类.",
        }[self.name]


ConceptConnection = connection(ConceptType)


class Query:
    """What anyone who is signed in may look up in the catalogues."""

    rules: ClassVar = {
        "concepts": SIGNED_IN,
        "reasons": SIGNED_IN,
        "reason_catalogues": SIGNED_IN,
        "clocks": SIGNED_IN,
    }

    concepts = paged(
        ConceptConnection,
        "Entries of a catalogue that are valid today, by code.",
        system=ConceptSystem(required=True, description="The catalogue."),
        text=graphene.String(description="Part of the code or a term, or of its pinyin (拼音或首字母)."),
    )
    reasons = listed(
        ConceptType,
        "Reasons of a catalogue that are valid today, by code.",
        catalogue=graphene.String(required=True, description="Its name, such as REJECT or CANCEL."),
    )
    reason_catalogues = listed(graphene.String, "Names of the catalogues of reasons (原因目录).")
    clocks = listed(
        ClockRuleType, "Time limits that hold today.", kind=graphene.String(description="Only of this kind.")
    )

    def resolve_concepts(
        self: Any, info: Any, system: Any, first: int, after: str | None = None, text: str | None = None
    ) -> reads.Page:
        """Filtered, by code."""
        rows = Concept.objects.filter(registry.valid_on(timezone.localdate(info.context.now)), system=system.value)
        if text:
            rows = rows.filter(registry.matching(text))
        return reads.page(rows, info, order=Order("CODE", ("code", "id")), first=first, after=after)

    @reads.compiled
    def resolve_reasons(self: Any, info: Any, catalogue: str) -> Any:
        """By code."""
        return reads.every(registry.reasons(catalogue, on=timezone.localdate(info.context.now)), info)

    def resolve_reason_catalogues(self: Any, info: Any) -> list[str]:
        """By name."""
        return registry.catalogues()

    @reads.compiled
    def resolve_clocks(self: Any, info: Any, kind: str | None = None) -> Any:
        """By kind and priority."""
        rows = ClockRule.objects.filter(registry.valid_on(timezone.localdate(info.context.now)))
        return reads.every((rows.filter(kind=kind) if kind else rows).order_by("kind", "priority", "id"), info)
