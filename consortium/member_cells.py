"""What one cell of a list of members may say: the columns, and how the text of each is understood."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from consortium.identity import is_credit_code
from consortium.lifecycle import CLOCK_SKEW
from consortium.models import Alliance, Concept, Department, Division, Hospital, Level
from consortium.registry import valid_on
from consortium.tables import Cell, Formula

COLUMNS = {
    "credit_code": "统一社会信用代码",
    "hospital": "医院名称",
    "level": "级别",
    "division": "区划代码",
    "department": "科室名称",
    "specialty": "诊疗科目代码",
    "grade": "等级",
    "kind": "类别",
    "phone": "电话",
    "outgoing_review": "转出审核",
    "department_phone": "科室电话",
    "capability": "能力代码",
    "as_of": "床位统计时间",
    "alliance": "联盟代码",
    "joined": "加入日期",
}
REQUIRED = ("credit_code", "hospital", "level", "division", "department", "specialty")
CHOICES: dict[str, type[models.TextChoices]] = {
    "level": Level,
    "grade": Hospital.Grade,
    "kind": Hospital.Kind,
    "outgoing_review": Hospital.OutgoingReview,
}
ABILITY = re.compile(r"([A-Za-z0-9_]+)(?:\s*[:：]\s*(\d{1,4})\s*/\s*(\d{1,4}))?", re.ASCII)
TELEPHONE = re.compile(r"\+?[\d() （）转-]{3,20}", re.ASCII)
CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
LOCAL = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)
SEPARATORS = re.compile(r"[;；]")


class Wrong(Exception):
    """A value that cannot be accepted; the words say the remedy."""


@dataclass
class Known:
    """What the network knows already, read once."""

    now: datetime
    divisions: dict[str, Division] = field(default_factory=dict)
    concepts: dict[str, dict[str, Concept]] = field(default_factory=dict)
    alliances: dict[str, Alliance] = field(default_factory=dict)

    @classmethod
    def read(cls, now: datetime) -> "Known":
        """Divisions, alliances, and the codes that are valid on the day."""
        day = timezone.localdate(now)
        concepts: dict[str, dict[str, Concept]] = {"SPECIALTY": {}, "CAPABILITY": {}}
        for row in Concept.objects.filter(valid_on(day), system__in=concepts):
            concepts[row.system][row.code] = row
        return cls(now, Division.objects.in_bulk(), concepts, {row.code: row for row in Alliance.objects.all()})


def read_cell(key: str, cell: Cell, known: Known) -> Any:
    """What a cell means in its column, nothing for a blank one; `Wrong` if it cannot be accepted."""
    if isinstance(cell, Formula):
        raise Wrong(_("单元格是公式、错误值，或以 = + - @ 开头；请改为普通文本。"))
    if not cell:
        if key in REQUIRED:
            raise Wrong(_("此列必填；若是合并单元格，请取消合并并逐行填写。"))
        return None
    if not cell.isprintable():
        raise Wrong(_("含有换行或不可见字符；请重新输入。"))
    if key in CHOICES:
        return _choice(CHOICES[key], cell)
    return READERS[key](cell, known)


@cache
def _accepted(choices: type[models.TextChoices]) -> dict[str, str]:
    """Every way to write a choice: its value, and its label in each language."""
    accepted = {value.upper(): value for value in choices.values}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            accepted |= {str(label).upper(): value for value, label in choices.choices}
    return accepted


def _choice(choices: type[models.TextChoices], text: str) -> str:
    if text.upper() not in _accepted(choices):
        raise Wrong(_("应为以下之一：{labels}。").format(labels="、".join(str(label) for label in choices.labels)))
    return _accepted(choices)[text.upper()]


def _credit_code(text: str, known: Known) -> str:
    code = text.upper()
    if not CREDIT_CODE.fullmatch(code):
        raise Wrong(_("应为 18 位数字与字母（无 I、O、S、V、Z）；若被改成科学计数，请设为文本格式重填。"))
    if not is_credit_code(code):
        raise Wrong(_("校验位不符，可能有一位输错；请对照登记证书逐位核对。"))
    return code


def _name(column: Any) -> Any:
    def read(text: str, known: Known) -> str:
        if len(text) > column.max_length:
            raise Wrong(_("超过 {limit} 个字；请缩短。").format(limit=column.max_length))
        return text

    return read


def _telephone(text: str, known: Known) -> str:
    if not TELEPHONE.fullmatch(text):
        raise Wrong(_("电话应为 3 至 20 位数字、空格、括号或短横，例如 0731-85600000。"))
    return text


def _division(text: str, known: Known) -> Division:
    if text not in known.divisions:
        raise Wrong(_("不在行政区划表中；请填 6 位区划代码（开发区、管理区不是行政区划）。"))
    return known.divisions[text]


def _specialty(text: str, known: Known) -> Concept:
    codes = known.concepts["SPECIALTY"]
    if text in codes:
        return codes[text]
    if (padded := text.zfill(2)) in codes:
        raise Wrong(_("不在诊疗科目目录中；是否为“{code}”？请把该列设为文本格式，保留前面的 0。").format(code=padded))
    raise Wrong(_("不在诊疗科目目录中，或当日已停用；请填目录代码，例如 07 儿科。"))


def _abilities(text: str, known: Known) -> list[tuple[Concept, int | None, int | None]]:
    found: dict[str, tuple[Concept, int | None, int | None]] = {}
    for part in filter(None, (part.strip() for part in SEPARATORS.split(text))):
        match = ABILITY.fullmatch(part)
        if match is None:
            raise Wrong(_("“{part}”应写成 代码 或 代码:总床位/空床数，例如 PICU:8/3。").format(part=part))
        code, figures = match[1].upper(), (match[2], match[3])
        kind = known.concepts["CAPABILITY"].get(code)
        if kind is None:
            raise Wrong(_("能力代码“{code}”不在目录中，或当日已停用；请从目录中选择。").format(code=code))
        if code in found:
            raise Wrong(_("能力代码“{code}”写了两次；请只留一个。").format(code=code))
        total, free = (int(figure) if figure else None for figure in figures)
        if total is not None and not kind.counts_beds:
            raise Wrong(_("“{code}”不计床位；请去掉冒号后的数字。").format(code=code))
        if total is not None and free is not None and free > total:
            raise Wrong(_("“{part}”的空床数大于总床位；请核对。").format(part=part))
        found[code] = (kind, total, free)
    return list(found.values())


def _alliances(text: str, known: Known) -> list[Alliance]:
    codes = dict.fromkeys(filter(None, (part.strip() for part in SEPARATORS.split(text))))
    for code in codes:
        if code not in known.alliances:
            available = "、".join(known.alliances) or _("（尚无）")
            raise Wrong(_("没有代码为“{code}”的联盟；现有：{codes}。").format(code=code, codes=available))
    return [known.alliances[code] for code in codes]


def _moment(text: str, known: Known) -> datetime:
    """A time with its zone, or as a spreadsheet writes it, in Beijing time."""
    written = LOCAL.fullmatch(text)
    if (written and not written[4]) or (not written and len(text) <= len("2026-03-01")):
        raise Wrong(_("应为北京时间 年-月-日 时:分，例如 2026-03-01 08:00，或带时区的 ISO 时间。"))
    try:
        if written:
            year, month, day, hour, minute, second = (int(part) for part in written.groups(default="0"))
            moment = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 (Beijing time, given below)
        else:
            moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Wrong(_("没有这个时间；请写成 年-月-日 时:分，例如 2026-03-01 08:00。")) from error
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment)
    if moment > known.now + CLOCK_SKEW:
        raise Wrong(_("统计时间晚于现在；请核对。"))
    return moment


def _day(text: str, known: Known) -> date:
    """A day, with or without the midnight that a spreadsheet puts behind it."""
    written = LOCAL.fullmatch(text)
    if written is None or any(int(part) for part in written.groups(default="0")[3:]):
        raise Wrong(_("应为 年-月-日，例如 2024-05-01。"))
    try:
        day = date(int(written[1]), int(written[2]), int(written[3]))
    except ValueError as error:
        raise Wrong(_("没有这一天；请写成 年-月-日，例如 2024-05-01。")) from error
    if day > timezone.localdate(known.now):
        raise Wrong(_("加入日期晚于今天；请核对。"))
    return day


READERS: dict[str, Any] = {
    "credit_code": _credit_code,
    "hospital": _name(Hospital._meta.get_field("name")),
    "division": _division,
    "phone": _telephone,
    "department": _name(Department._meta.get_field("name")),
    "specialty": _specialty,
    "department_phone": _telephone,
    "capability": _abilities,
    "as_of": _moment,
    "alliance": _alliances,
    "joined": _day,
}
