"""Importing duties from a CSV or XLSX list, all of it or nothing: one line, one duty."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium.duty import staff_member
from consortium.errors import Refused
from consortium.members import Rejected
from consortium.models import Department, Duty, Person, Post
from consortium.tables import Problem, Unreadable, read_table, shown

COLUMNS = {
    "credit_code": "统一社会信用代码",
    "department": "科室",
    "username": "账号",
    "starts_at": "开始时间",
    "ends_at": "结束时间",
    "post": "班次",
}
OPTIONAL = {"post"}


class Wrong(Exception):
    """A cell says something that cannot be; its column and the remedy."""


@dataclass
class Imported:
    """What became of the lines."""

    created: int = 0
    unchanged: int = 0


def import_duties(*, path: Path, dry_run: bool = False) -> Imported:
    """Add the duties of a list to the rosters in one transaction; `Rejected`, naming every mistake, if one is wrong.

    Times are `2026-03-02 08:00` in the network's zone. A duty that is there already stays; nothing is removed.
    """
    try:
        table = read_table(path)
    except Unreadable as unreadable:
        raise Rejected([unreadable.problem]) from unreadable
    names = {name: key for key, chinese in COLUMNS.items() for name in (key, chinese)}
    places = {names[heading.strip()]: n for n, heading in enumerate(table.heading) if heading.strip() in names}
    if missing := COLUMNS.keys() - OPTIONAL - places.keys():
        raise Rejected([Problem(table.line, COLUMNS[key], "", _("缺少这一列；请补上。")) for key in sorted(missing)])
    report, problems = Imported(), []
    with transaction.atomic():
        for line, cells in table.rows:
            given = {key: shown(cells[n]).strip() if n < len(cells) else "" for key, n in places.items()}
            try:
                _store(_duty(given), report)
            except Wrong as wrong:
                key, message = wrong.args
                problems.append(Problem(line, COLUMNS[key], given.get(key, ""), message))
        if problems:
            raise Rejected(problems)
        if dry_run:
            transaction.set_rollback(True)
    return report


def _duty(given: dict[str, str]) -> Duty:
    """The duty of a line, not yet stored."""
    departments = Department.objects.filter(hospital__credit_code=given["credit_code"], name=given["department"])
    place = _one(departments, "department", _("没有这个医院的这个科室；请核对代码与科室名称。"))
    person = _one(Person.objects.filter(username=given["username"]), "username", _("没有这个账号。"))
    starts_at, ends_at = _moment(given, "starts_at"), _moment(given, "ends_at")
    if ends_at <= starts_at:
        raise Wrong("ends_at", _("班次的结束时间必须晚于开始时间。"))
    posts = {name: post for post in Post for name in (post.value, str(post.label))} | {"": Post.DUTY}
    if given.get("post", "") not in posts:
        raise Wrong("post", _("班次只能是：{known}。").format(known="、".join(str(post.label) for post in Post)))
    try:
        staff_member(place, person.pk, starts_at)
    except Refused as refused:
        raise Wrong("username", refused.message) from refused
    post = posts[given.get("post", "")]
    return Duty(department=place, person=person, post=post, starts_at=starts_at, ends_at=ends_at)


def _one(rows: Any, key: str, message: str) -> Any:
    found: Model | None = rows.first()
    if found is None:
        raise Wrong(key, message)
    return found


def _moment(given: dict[str, str], key: str) -> datetime:
    try:
        moment = datetime.fromisoformat(given[key])
    except ValueError as error:
        raise Wrong(key, _("时间须写作 2026-03-02 08:00。")) from error
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _store(duty: Duty, report: Imported) -> None:
    same = {name: getattr(duty, name) for name in ("department", "person", "post", "starts_at", "ends_at")}
    if Duty.objects.filter(**same).exists():
        report.unchanged += 1
        return
    try:
        with transaction.atomic():
            duty.save()
    except IntegrityError as error:
        raise Wrong("starts_at", _("此人在该时段已有这个班次。")) from error
    report.created += 1
