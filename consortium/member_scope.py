"""What a list for one alliance may say: its own members as they are to be, those of others only as they are."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from consortium.member_rows import OF_HOSPITAL, Columns, Entry
from consortium.models import Alliance, Department, Hospital, Membership
from consortium.tables import Problem

STORED = {"hospital": "name"}  # where a column and the field it fills are called differently


def check_scope(entries: list[Entry], columns: Columns, alliance: Alliance) -> list[Problem]:
    """What in the rows is not for this alliance to say: other alliances, and the data of hospitals that others lead."""
    codes = {entry.given["credit_code"] for entry in entries if "credit_code" in entry.given}
    current = Membership.objects.filter(hospital__credit_code__in=codes, left_date__isnull=True)
    members = set(current.filter(alliance=alliance).values_list("hospital__credit_code", flat=True))
    led_by_others = current.filter(~Q(alliance__lead=alliance.lead_id)).values("hospital")
    theirs = {row.credit_code: row for row in Hospital.objects.filter(pk__in=led_by_others).select_related("division")}
    rows = Department.objects.filter(hospital__in=[row.pk for row in theirs.values()])
    departments = {(row.hospital.credit_code, row.name): row for row in rows.select_related("hospital", "specialty")}
    return [
        Problem(entry.line, columns.title(key), entry.shown.get(key, ""), message)
        for entry in entries
        for key, message in _beyond(entry.given, alliance, members, theirs, departments)
    ]


def _beyond(
    given: Mapping[str, Any],
    alliance: Alliance,
    members: Iterable[str],
    theirs: Mapping[str, Hospital],
    departments: Mapping[tuple[str, str], Department],
) -> Iterator[tuple[str, str]]:
    """What is wrong with one row, by column."""
    code = given.get("credit_code", "")
    if any(row.pk != alliance.pk for row in given.get("alliance", ())):
        yield "alliance", _("这份名单只能填联盟“{code}”；其他联盟由其管理员导入。").format(code=alliance.code)
    elif code and "alliance" not in given and code not in members:
        yield "alliance", _("该医院还不是本联盟成员；请填“{code}”和加入日期。").format(code=alliance.code)
    if code in theirs:
        yield from _rewritten(given, theirs[code], departments.get((code, given.get("department", ""))))


def _rewritten(
    given: Mapping[str, Any], hospital: Hospital, department: Department | None
) -> Iterator[tuple[str, str]]:
    """Where a row would change a hospital that another alliance has as its member."""
    kept = _("该医院也是其他联盟的成员，资料不由本联盟改写；请填现值“{value}”，或请系统管理员导入。")
    for key in OF_HOSPITAL:
        stored = getattr(hospital, STORED.get(key, key))
        if key in given and given[key] != stored:
            shown = hospital.division_id if key == "division" else _words(hospital, key, stored)
            yield key, kept.format(value=shown)
    if department is None:
        if "department" in given:
            yield "department", _("该医院也是其他联盟的成员，不能由本联盟新增科室；请填已登记的科室。")
        return
    if "specialty" in given and given["specialty"].pk != department.specialty_id:
        yield "specialty", kept.format(value=department.specialty.code)
    if given.get("department_phone", department.phone) != department.phone:
        yield "department_phone", kept.format(value=department.phone)
    if given.get("capability"):
        yield "capability", _("该医院也是其他联盟的成员，能力与床位由其自行填报；请留空。")


def _words(hospital: Hospital, key: str, stored: str) -> str:
    """A value as a list writes it."""
    show = getattr(hospital, f"get_{key}_display", None)
    return str(show()) if show else stored
