"""The answers of a report held against its template, and settled into a content that stays readable without it."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from consortium.errors import Code, Refused
from telemedicine.reports.templates import Field, FieldKind, Option, Template

Answers = Mapping[str, Any]


def legible(template: Template, answers: Answers) -> dict[str, Any]:
    """The answers of a draft that can be read by the template; the rest is left out."""
    return {
        code: value
        for code, value in answers.items()
        if (field := template.fields.get(code))
        and given(value)
        and not any(True for _problem in CHECKS[field.kind](field, value, {}, code))
    }


def problems(template: Template, answers: Answers, *, at: str = "answers") -> Iterator[Refused]:
    """Everything that keeps the answers from being signed: INCOMPLETE or INVALID_INPUT with its path and the remedy.

    A text is a string, a number a number, a choice a code (or a list of codes), a table a list of rows by column.
    """
    for code in answers:
        if code not in template.fields:
            message = _("模板“{template}”没有字段“{code}”；请刷新模板后重填。")
            yield _invalid(f"{at}.{code[:40]}", message.format(template=template.label, code=code[:40]))
    yield from _each(template.fields, answers, at)


def settled(template: Template, answers: Answers) -> dict[str, Any]:
    """What was answered with every label, code and unit, so that it can be read when the template has changed.

    The answers must be free of problems.
    """
    sections = [
        {
            "code": section.code,
            "labelZh": section.label_zh,
            "labelEn": section.label_en,
            "answers": [
                _settled(field, answers[field.code]) for field in section.fields if given(answers.get(field.code))
            ],
        }
        for section in template.sections
    ]
    return {
        "template": {
            "code": template.code,
            "labelZh": template.label_zh,
            "labelEn": template.label_en,
            "source": template.source,
            "validFrom": template.valid_from.isoformat(),
        },
        "sections": [section for section in sections if section["answers"]],
    }


def raw(content: Mapping[str, Any]) -> dict[str, Any]:
    """The answers from which a content was settled, to start an amendment with."""
    return {answer["code"]: _raw(answer) for section in content["sections"] for answer in section["answers"]}


def given(value: Any) -> bool:
    """Whether something was answered; 0 is an answer, blanks are not."""
    return bool(value.strip()) if isinstance(value, str) else value is not None and value != []


def _each(fields: Mapping[str, Field], answers: Answers, at: str) -> Iterator[Refused]:
    """The problems of each field in order; what is not answered can only be missing."""
    for field in fields.values():
        value, path = answers.get(field.code), f"{at}.{field.code}"
        if given(value):
            yield from CHECKS[field.kind](field, value, answers, path)
        elif field.needed(answers):
            yield Refused(Code.INCOMPLETE, _("请填写“{label}”。").format(label=field.label), field=path)


def _invalid(path: str, message: str) -> Refused:
    return Refused(Code.INVALID_INPUT, message, field=path)


def _text(field: Field, value: Any, answers: Answers, path: str) -> Iterator[Refused]:
    if not isinstance(value, str) or "\x00" in value:
        yield _invalid(path, _("“{label}”须填文字。").format(label=field.label))
    elif len(value.strip()) > field.max_length:
        message = _("“{label}”最多 {limit} 字，现有 {found} 字；请精简，或写入自由文本。")
        yield _invalid(path, message.format(label=field.label, limit=field.max_length, found=len(value.strip())))
    elif field.pattern and not re.fullmatch(field.pattern, value.strip()):
        message = _("“{label}”的格式不对，应类似 {example}。")
        yield _invalid(path, message.format(label=field.label, example=field.example))


def _number(field: Field, value: Any, answers: Answers, path: str) -> Iterator[Refused]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield _invalid(path, _("“{label}”须填数字（{unit}）。").format(label=field.label, unit=field.unit))
        return
    if not (field.minimum or 0) <= value <= (field.maximum or 0):  # also refuses what is no number
        message = _("“{label}”为 {value}，应在 {low}–{high} {unit} 之间，请核对。")
        yield _invalid(
            path,
            message.format(label=field.label, value=value, low=field.minimum, high=field.maximum, unit=field.unit),
        )
    elif round(value, field.decimals) != value:
        message = _("“{label}”最多保留 {decimals} 位小数。")
        yield _invalid(path, message.format(label=field.label, decimals=field.decimals))
    other = answers.get(field.at_most) if field.at_most else None
    if isinstance(other, int | float) and value > other:
        yield _invalid(path, _("“{label}”不能大于 {other}，请核对。").format(label=field.label, other=other))


def _choice(field: Field, value: Any, answers: Answers, path: str) -> Iterator[Refused]:
    chosen = value if isinstance(value, list) else [value]
    if len(chosen) > 1 and not field.multiple:
        yield _invalid(path, _("“{label}”只能选一项。").format(label=field.label))
    elif not all(isinstance(code, str) and code in field.by_code for code in chosen) or len(set(chosen)) < len(chosen):
        shown = " ".join(option.code for option in field.options[:12]) + (" …" if len(field.options) > 12 else "")
        yield _invalid(path, _("“{label}”请从模板的选项中选择：{codes}").format(label=field.label, codes=shown))


def _table(field: Field, value: Any, answers: Answers, path: str) -> Iterator[Refused]:
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        yield _invalid(path, _("“{label}”须逐行填写。").format(label=field.label))
        return
    if len(value) > field.max_rows:
        message = _("“{label}”最多 {limit} 行；请合并，或写入自由文本。")
        yield _invalid(path, message.format(label=field.label, limit=field.max_rows))
    columns = {column.code: column for column in field.columns}
    for number, row in enumerate(value[: field.max_rows]):
        for code in row:
            if code not in columns:
                message = _("“{label}”没有“{code}”一列；请刷新模板后重填。")
                yield _invalid(f"{path}.{number}.{code[:40]}", message.format(label=field.label, code=code[:40]))
        yield from _each(columns, row, f"{path}.{number}")


CHECKS: dict[FieldKind, Callable[[Field, Any, Answers, str], Iterator[Refused]]] = {
    FieldKind.TEXT: _text,
    FieldKind.NUMBER: _number,
    FieldKind.CHOICE: _choice,
    FieldKind.TABLE: _table,
}


def _settled(field: Field, value: Any) -> dict[str, Any]:
    """One answer with what is needed to read it."""
    named = {"code": field.code, "labelZh": field.label_zh, "labelEn": field.label_en, "kind": field.kind.value}
    if field.kind is FieldKind.TEXT:
        return named | {"text": value.strip(), "system": field.system}
    if field.kind is FieldKind.NUMBER:
        return named | {"number": int(value) if value == int(value) else value, "unit": field.unit}
    if field.kind is FieldKind.CHOICE:
        chosen = value if isinstance(value, list) else [value]
        options = [_option(field.by_code[code]) for code in chosen]
        return named | {"options": options, "multiple": field.multiple, "system": field.system}
    columns = [{"code": one.code, "labelZh": one.label_zh, "labelEn": one.label_en} for one in field.columns]
    rows = [[_settled(one, row[one.code]) for one in field.columns if given(row.get(one.code))] for row in value]
    return named | {"columns": columns, "rows": rows}


def _option(option: Option) -> dict[str, str]:
    return {"code": option.code, "labelZh": option.label_zh, "labelEn": option.label_en}


def _raw(answer: Mapping[str, Any]) -> Any:
    """One answer as it was given."""
    if answer["kind"] == FieldKind.CHOICE:
        codes = [option["code"] for option in answer["options"]]
        return codes if answer["multiple"] else codes[0]
    if answer["kind"] == FieldKind.TABLE:
        return [{cell["code"]: _raw(cell) for cell in row} for row in answer["rows"]]
    return answer["text"] if answer["kind"] == FieldKind.TEXT else answer["number"]
