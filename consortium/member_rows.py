"""What the rows of a list of members may say: the heading, each row by itself, and the rows against each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from consortium.member_cells import COLUMNS, REQUIRED, Known, Wrong, read_cell
from consortium.models import DivisionLevel, Hospital, Level, Membership
from consortium.tables import Cell, Problem, Table, shown

OF_HOSPITAL = ("hospital", "level", "division", "grade", "kind", "phone", "outgoing_review")
STANDS_IN = {
    Level.COUNTY: {DivisionLevel.COUNTY},
    Level.CITY: {DivisionLevel.PREFECTURE, DivisionLevel.COUNTY},
    Level.PROVINCE: set(DivisionLevel),
}


@dataclass
class Columns:
    """Where each column stands in the file, and what its heading calls it."""

    places: dict[str, int] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    width: int = 0

    def title(self, key: str) -> str:
        """The heading of a column as the file has it, or as it should be."""
        return self.titles.get(key, COLUMNS[key])


@dataclass
class Entry:
    """One row: the values that could be understood, by column, the texts as they stand, and the line."""

    line: int
    given: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)


def columns_of(table: Table) -> tuple[Columns, list[Problem]]:
    """The columns by their Chinese or English headings, in any order, and what is wrong with the heading."""
    names = {name.lower(): key for key, chinese in COLUMNS.items() for name in (key, chinese)}
    columns, problems = Columns(width=len(table.heading)), []
    for place, heading in enumerate(table.heading):
        key = names.get("".join(heading.split()).lower())
        if key is None:
            message = _("不认识的列；请删去这一列，或改用：{known}。").format(known="、".join(COLUMNS.values()))
            problems.append(Problem(table.line, heading or _("第 {n} 列").format(n=place + 1), heading, message))
        elif key in columns.places:
            problems.append(Problem(table.line, heading, heading, _("这一列出现了两次；请只保留一列。")))
        else:
            columns.places[key], columns.titles[key] = place, heading
    missing = [key for key in REQUIRED if key not in columns.places]
    problems += [Problem(table.line, COLUMNS[key], "", _("缺少这一列；请补上。")) for key in missing]
    return columns, problems


def check_row(line: int, cells: list[Cell], columns: Columns, known: Known) -> tuple[Entry, list[Problem]]:
    """The values of a row, and a problem for each cell that cannot be accepted."""
    entry = Entry(line)
    problems: dict[str, Problem] = {}
    for key, place in columns.places.items():
        cell = cells[place] if place < len(cells) else ""
        entry.shown[key] = shown(cell)
        try:
            value = read_cell(key, cell, known)
        except Wrong as wrong:
            problems[key] = Problem(line, columns.title(key), entry.shown[key], str(wrong))
        else:
            entry.given |= {} if value is None else {key: value}
    for key, message in _contradictions(entry.given):
        problems.setdefault(key, Problem(line, columns.title(key), entry.shown.get(key, ""), message))
    beyond = [
        Problem(line, "", shown(cell), _("列名之外多出一格；若内容含逗号，请用引号括起。"))
        for cell in cells[columns.width :]
        if cell
    ]
    return entry, [*problems.values(), *beyond]


def check_together(entries: list[Entry], columns: Columns) -> list[Problem]:
    """Rows that contradict each other or what is stored: hospitals, departments, dates of membership."""
    problems = []
    first: dict[tuple[str, ...], Entry] = {}

    def report(entry: Entry, key: str, message: str) -> None:
        problems.append(Problem(entry.line, columns.title(key), entry.shown.get(key, ""), message))

    def differing(entry: Entry, key: str, *about: str) -> Entry | None:
        """The first row about the same thing, if it gives another value in a column."""
        earlier = first.setdefault((key, *about), entry)
        return earlier if earlier.given[key] != entry.given[key] else None

    for entry in entries:
        given, code = entry.given, entry.given.get("credit_code", "")
        for key in OF_HOSPITAL:
            if code and key in given and (other := differing(entry, key, code)):
                message = _("与第 {line} 行同一医院的“{value}”不一致；请统一。")
                report(entry, key, message.format(line=other.line, value=other.shown[key]))
        if code and {"hospital", "division"} <= given.keys():
            other = differing(entry, "credit_code", given["hospital"], given["division"].code)
            if other:
                message = _("与第 {line} 行医院同名同区划，代码却不同；请核对是否同一家。")
                report(entry, "credit_code", message.format(line=other.line))
        if code and "department" in given:
            other = first.setdefault(("department", code, given["department"]), entry)
            if other is not entry:
                message = _("该医院的这个科室已在第 {line} 行出现；请合并为一行。")
                report(entry, "department", message.format(line=other.line))
        for alliance in given.get("alliance", ()) if code and "joined" in given else ():
            if other := differing(entry, "joined", code, alliance.code):
                message = _("与第 {line} 行同一医院的加入日期不一致；请统一。")
                report(entry, "joined", message.format(line=other.line))
    for entry, key, message in _stored_otherwise(entries):
        report(entry, key, message)
    return problems


def _stored_otherwise(entries: list[Entry]) -> Iterable[tuple[Entry, str, str]]:
    """What in the rows contradicts the network: another hospital of the name, a membership ended later."""
    names = [entry.given.get("hospital") for entry in entries]
    codes = [entry.given.get("credit_code") for entry in entries]
    same_name = Hospital.objects.filter(name__in={*names} - {None}).values_list("name", "division", "credit_code")
    stored = {(name, division): code for name, division, code in same_name}
    ended = Membership.objects.filter(hospital__credit_code__in={*codes} - {None}, left_date__isnull=False)
    left: dict[tuple[str, str], date] = {}
    for code, alliance, day in ended.values_list("hospital__credit_code", "alliance__code", "left_date"):
        left[code, alliance] = max(day or date.min, left.get((code, alliance), date.min))
    for entry in entries:
        given, code = entry.given, entry.given.get("credit_code", "")
        if code and {"hospital", "division"} <= given.keys():
            other = stored.get((given["hospital"], given["division"].code), code)
            if other != code:
                yield (
                    entry,
                    "credit_code",
                    _("该区划已有同名医院，代码是 {code}；请核对是否同一家。").format(code=other),
                )
        days = [left[code, row.code] for row in given.get("alliance", ()) if (code, row.code) in left]
        if days and "joined" in given and given["joined"] <= max(days):
            message = _("该医院于 {day} 退出过此联盟；重新加入的日期须在其后。").format(day=max(days))
            yield entry, "joined", message


def _contradictions(given: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """What in one row does not go together, by column."""
    level, division = given.get("level"), given.get("division")
    if level and division and division.level not in STANDS_IN[level]:
        yield (
            "division",
            _("{level}医院不能设在“{name}”（{tier}区划）；请核对级别与区划代码。").format(
                level=Level(level).label, name=division.name, tier=DivisionLevel(division.level).label
            ),
        )
    if any(total is not None for _kind, total, _free in given.get("capability", ())) and "as_of" not in given:
        yield "as_of", _("填了床位数就要填统计时间，例如 2026-03-01 08:00。")
    if given.get("alliance") and "joined" not in given:
        yield "joined", _("填了联盟就要填加入日期，例如 2024-05-01。")
