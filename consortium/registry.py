"""Looking up the catalogues: coded concepts as they were valid on a day."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from consortium import search
from consortium.errors import Code, Refused
from consortium.models import Concept


def valid_on(day: date) -> Q:
    """The condition that a dated entry holds on a day."""
    return holds(day, "")


def holds(day: date, path: str) -> Q:
    """The condition that the dated entry at the end of a path, such as `concept__`, holds on a day."""
    last = Q(**{f"{path}valid_to__isnull": True}) | Q(**{f"{path}valid_to__gte": day})
    return Q(**{f"{path}valid_from__lte": day}) & last


def matching(text: str) -> Q:
    """The condition that a concept is meant by what was typed: code, part of a term, pinyin or its initials."""
    named = Q(code__istartswith=text) | Q(label_zh__icontains=text) | Q(label_en__icontains=text)
    return named | search.heard(text)


def concepts(system: str, codes: Iterable[str], *, on: date, field: str) -> list[Concept]:
    """The concepts of a system for the codes, in their order; INVALID_INPUT names a code that is unknown on the day."""
    wanted = list(codes)
    found = {c.code: c for c in Concept.objects.filter(valid_on(on), system=system, code__in=wanted)}
    for code in wanted:
        if code not in found:
            raise Refused(
                Code.INVALID_INPUT,
                _("代码“{code}”不在目录 {system} 中，或当日已停用；请从目录中选择。").format(
                    code=code[:40], system=system
                ),
                field=field,
            )
    return [found[code] for code in wanted]


def catalogues() -> list[str]:
    """The names of the catalogues of reasons, in order."""
    systems = Concept.objects.filter(system__startswith="REASON/").values_list("system", flat=True)
    return sorted({system.removeprefix("REASON/") for system in systems.distinct()})


def reasons(catalogue: str, *, on: date) -> QuerySet[Concept]:
    """The reasons of a catalogue that are valid on a day, by code; INVALID_INPUT names the catalogues there are."""
    rows = Concept.objects.filter(system=f"REASON/{catalogue}").order_by("code")
    if not rows.exists():
        raise Refused(
            Code.INVALID_INPUT,
            _("没有这个原因目录；可用的有：{names}。").format(names=" ".join(catalogues())),
            field="catalogue",
        )
    return rows.filter(valid_on(on))


def reason(
    catalogue: str, code: str, comment: str, *, on: date, field: str = "reason", comment_field: str = "comment"
) -> Concept:
    """The reason of a catalogue; INVALID_INPUT if unknown on the day, COMMENT_REQUIRED if it needs words."""
    (concept,) = concepts(f"REASON/{catalogue}", [code], on=on, field=field)
    if concept.comment_required and not comment.strip():
        raise Refused(
            Code.COMMENT_REQUIRED,
            _("原因“{label}”需要补充说明，请写一句话。").format(label=concept.label),
            field=comment_field,
        )
    return concept
