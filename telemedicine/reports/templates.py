"""Report templates: what a report on one organ must say, as data with a source and the dates between which it holds.

One file of `telemedicine/data/report_templates` is one template; `shared.json` holds what several say alike. A file
that contradicts itself stops the start (system check), so whoever reads a template need not doubt it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consortium.errors import Code, Refused

FOLDER: Path = settings.BASE_DIR / "telemedicine" / "data" / "report_templates"
SHARED = "shared.json"


class FieldKind(StrEnum):
    """How a field of a report is answered."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    CHOICE = "CHOICE"
    TABLE = "TABLE"


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """What has a stable code and a name in two languages."""

    code: str
    label_zh: str
    label_en: str

    @property
    def label(self) -> str:
        """The name in the language of the reader."""
        return self.label_en if (get_language() or "").startswith("en") else self.label_zh


@dataclass(frozen=True, kw_only=True)
class Option(Labelled):
    """One answer of a choice."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A choice that was answered by one of these codes; or, with `negated`, by none of them."""

    field: str
    codes: tuple[str, ...]
    negated: bool = False

    def holds(self, answers: Mapping[str, Any]) -> bool:
        """Whether it holds of the answers; not while that choice is unanswered."""
        given = answers.get(self.field)
        chosen = given if isinstance(given, list) else [given] if given else []
        return bool(chosen) and self.negated != any(code in self.codes for code in chosen)


@dataclass(frozen=True, kw_only=True)
class Field(Labelled):
    """One thing that a report says, and within which limits."""

    kind: FieldKind
    required: bool = False
    required_if: tuple[Condition, ...] = ()  # required when all hold
    options: tuple[Option, ...] = ()
    multiple: bool = False
    system: str = ""
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    decimals: int = 0
    at_most: str = ""  # another number that it may not exceed
    max_length: int = 0
    pattern: str = ""
    example: str = ""
    columns: tuple["Field", ...] = ()
    max_rows: int = 0

    @cached_property
    def by_code(self) -> Mapping[str, Option]:
        """Its options by their codes."""
        return {option.code: option for option in self.options}

    def needed(self, answers: Mapping[str, Any]) -> bool:
        """Whether it must be answered, given the other answers."""
        return self.required or bool(self.required_if and all(one.holds(answers) for one in self.required_if))


@dataclass(frozen=True, kw_only=True)
class Section(Labelled):
    """A part of a report under a heading."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, kw_only=True)
class Template(Labelled):
    """What a report on these organs (on any, if none is named) must say in these kinds of cases."""

    organs: tuple[str, ...]
    kinds: tuple[str, ...]
    source: str
    valid_from: date
    valid_to: date | None
    key_images: int
    sections: tuple[Section, ...]

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Every field by its code, in order."""
        return {field.code: field for section in self.sections for field in section.fields}

    def holds_on(self, day: date) -> bool:
        """Whether it may be used on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def templates(*, on: date, organ: str = "", kind: str = "") -> list[Template]:
    """The templates that hold on a day, for an organ and a kind if given, those made for the organ first."""
    fit = [
        template
        for template in every()
        if template.holds_on(on)
        and (not kind or kind in template.kinds)
        and (not organ or organ in template.organs or not template.organs)
    ]
    return sorted(fit, key=lambda template: (not template.organs, template.code))


def template(code: str, *, on: date, kind: str, field: str = "template") -> Template:
    """The template of a code on a day; INVALID_INPUT if there is none for this kind of case, naming those there are."""
    fit = templates(on=on, kind=kind)
    for found in fit:
        if found.code == code:
            return found
    raise Refused(
        Code.INVALID_INPUT,
        _("此类会诊没有报告模板“{code}”；可用：{codes}。").format(
            code=code[:40], codes=" ".join(sorted(one.code for one in fit))
        ),
        field=field,
    )


@cache
def every() -> tuple[Template, ...]:
    """Every template of every time; ImproperlyConfigured names the file and what is wrong in it."""
    shared = json.loads((FOLDER / SHARED).read_text(encoding="utf-8"))
    found = tuple(
        _template(json.loads(path.read_text(encoding="utf-8")), shared, path.name)
        for path in sorted(FOLDER.glob("*.json"))
        if path.name != SHARED
    )
    for one in found:
        for fault in faults(one):
            raise ImproperlyConfigured(f"{one.code}: {fault}")
        if any(one is not other and one.code == other.code and one.holds_on(other.valid_from) for other in found):
            raise ImproperlyConfigured(f"{one.code}: two versions hold on the same day")
    return found


def faults(template: Template) -> Iterator[str]:
    """What a template contradicts itself in: one line for each."""
    codes = [field.code for section in template.sections for field in section.fields]
    yield from (f"{code}: twice" for code in sorted({code for code in codes if codes.count(code) > 1}))
    if template.valid_to and template.valid_to < template.valid_from:
        yield "it ends before it begins"
    for field in template.fields.values():
        yield from _faults(field, template.fields)
        for column in field.columns:
            yield from _faults(column, {one.code: one for one in field.columns})


def _faults(field: Field, among: Mapping[str, Field]) -> Iterator[str]:
    """What is wrong with one field, seen beside the others."""
    name = field.code
    if not re.fullmatch(r"[a-z][A-Za-z0-9]*", name):
        yield f"{name}: a code is written in camelCase"
    if (field.kind is FieldKind.CHOICE) != bool(field.options) or len(field.by_code) != len(field.options):
        yield f"{name}: a choice, and nothing else, has options, each once"
    if (field.kind is FieldKind.NUMBER) != (field.minimum is not None and field.maximum is not None):
        yield f"{name}: a number, and nothing else, has limits"
    elif field.kind is FieldKind.NUMBER and not (field.unit and field.minimum < field.maximum):  # type: ignore[operator]
        yield f"{name}: a number has a unit, and its limits are in order"
    if (field.kind is FieldKind.TEXT) != bool(field.max_length):
        yield f"{name}: a text, and nothing else, has a greatest length"
    if (field.kind is FieldKind.TABLE) != bool(field.columns and field.max_rows):
        yield f"{name}: a table, and nothing else, has columns and a greatest number of rows"
    if field.at_most and getattr(among.get(field.at_most), "kind", None) is not FieldKind.NUMBER:
        yield f"{name}: at_most names no number"
    if field.pattern and not re.fullmatch(field.pattern, field.example):
        yield f"{name}: the example does not fit the pattern"
    for condition in field.required_if:
        other = among.get(condition.field)
        if other is None or not set(condition.codes) <= set(other.by_code):
            yield f"{name}: required_if names a choice or an option that is not there"


def _template(raw: dict[str, Any], shared: dict[str, Any], name: str) -> Template:
    """The template of a file; ImproperlyConfigured if it is not written as one."""
    try:
        headings = {code: (zh, en) for code, zh, en in shared["sections"]}
        if unknown := [code for code in raw["sections"] if code not in headings]:
            raise KeyError(unknown[0])
        return Template(
            **_labels(raw),
            organs=tuple(raw["organs"]),
            kinds=tuple(raw["kinds"]),
            source=raw["source"],
            valid_from=date.fromisoformat(raw["valid_from"]),
            valid_to=date.fromisoformat(raw["valid_to"]) if raw["valid_to"] else None,
            key_images=raw["key_images"],
            sections=tuple(
                Section(
                    code=code,
                    label_zh=zh,
                    label_en=en,
                    fields=tuple(_field(one, shared) for one in raw["sections"][code]),
                )
                for code, (zh, en) in headings.items()
                if code in raw["sections"]
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"{name}: {type(error).__name__}: {error}") from error


def _field(raw: dict[str, Any], shared: dict[str, Any]) -> Field:
    """A field as it is written, or one that templates share with what is written beside its name."""
    if shared_code := raw.get("use"):
        raw = {"code": shared_code} | shared["fields"][shared_code] | {k: v for k, v in raw.items() if k != "use"}
    given = {key: value for key, value in raw.items() if key not in ("zh", "en")} | _labels(raw)
    given["kind"] = FieldKind(raw["kind"].upper())
    options = raw.get("options", [])
    given["options"] = tuple(
        Option(code=code, label_zh=zh, label_en=en)
        for code, zh, en in (shared["options"][options] if isinstance(options, str) else options)
    )
    given["required_if"] = tuple(
        Condition(field=one["field"], codes=tuple(one.get("in") or one["not_in"]), negated="in" not in one)
        for one in raw.get("required_if", [])
    )
    given["columns"] = tuple(_field(column, shared) for column in raw.get("columns", []))
    for short, long in (("min", "minimum"), ("max", "maximum")):
        if short in given:
            given[long] = given.pop(short)
    if unknown := set(given) - {field.name for field in fields(Field)}:
        raise KeyError(f"{raw['code']}: {min(unknown)}")
    return Field(**given)


def _labels(raw: dict[str, Any]) -> dict[str, str]:
    """The code and the names that everything in a file has."""
    return {"code": raw["code"], "label_zh": raw["zh"], "label_en": raw["en"]}
