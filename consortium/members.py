"""Importing members: hospitals, departments, capabilities and memberships from a list, all of it or nothing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, models, transaction

from consortium import access, search, trail
from consortium.access import Actor
from consortium.member_cells import Known
from consortium.member_rows import Entry, check_row, check_together, columns_of
from consortium.member_scope import check_scope
from consortium.models import Alliance, Capability, Department, Hospital, Membership
from consortium.progress import Progress, silent
from consortium.tables import Problem, Table, Unreadable, read_table, table_of

LOCK = 0x4D454D42  # one import at a time
STEP = 500  # rows between two reports of progress
DERIVED = {"name_grams", "sounds", "version"}  # fields that follow from others, of which nobody is told


class Rejected(Exception):
    """The list has mistakes, so nothing was written; `problems` names every one, in the order of the lines."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


@dataclass
class Tally:
    """What became of the rows of one kind; each change in words, the changed fields beside it."""

    created: list[str] = field(default_factory=list)
    updated: list[tuple[str, list[str]]] = field(default_factory=list)
    unchanged: int = 0


@dataclass
class Report:
    """What an import changed, or would change."""

    hospitals: Tally = field(default_factory=Tally)
    departments: Tally = field(default_factory=Tally)
    capabilities: Tally = field(default_factory=Tally)
    memberships: Tally = field(default_factory=Tally)


def import_members(*, path: Path, now: datetime, dry_run: bool = False, progress: Progress = silent) -> Report:
    """Bring the network in line with a CSV or XLSX list in one transaction; `Rejected` if anything in it is wrong.

    A blank cell leaves what is stored; what the list does not name stays; an older count never replaces a newer one.
    """
    return _bring(lambda: read_table(path), now=now, dry_run=dry_run, progress=progress)


def import_list(*, by: Actor, alliance: str, name: str, content: bytes, confirm: bool, now: datetime) -> Report:
    """What a list for an alliance would change; once it is confirmed, the change itself. `Rejected` as above.

    For the administrators of the alliance at its lead hospital; it touches no member of another's alliance.
    """
    with transaction.atomic():
        row = Alliance.objects.select_for_update(no_key=True).filter(code=alliance).first()
        if row is None or row.lead_id not in by.reach("import_members").hospitals:
            raise access.not_found("alliance")
        role = access.require_at(by, "import_members", hospital=row.lead_id)
        report = _bring(lambda: table_of(name, content), now=now, dry_run=not confirm, alliance=row)
        if confirm:
            trail.audit(by, "import_members", row, role=role, purpose="ADMINISTRATION", patient_id=None, now=now)
    return report


def _bring(
    read: Callable[[], Table],
    *,
    now: datetime,
    dry_run: bool,
    progress: Progress = silent,
    alliance: Alliance | None = None,
) -> Report:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        report = _store(_entries(read, now, progress, alliance))
        if dry_run:
            transaction.set_rollback(True)
    return report


def _entries(read: Callable[[], Table], now: datetime, progress: Progress, alliance: Alliance | None) -> list[Entry]:
    """The rows of a list, every one of them right; `Rejected` otherwise."""
    try:
        table = read()
    except Unreadable as unreadable:
        raise Rejected([unreadable.problem]) from unreadable
    columns, problems = columns_of(table)
    if problems:
        raise Rejected(problems)
    known, entries = Known.read(now), []
    for done, (line, cells) in enumerate(table.rows, start=1):
        entry, found = check_row(line, cells, columns, known)
        entries.append(entry)
        problems += found
        if done % STEP == 0 or done == len(table.rows):
            progress(done, len(table.rows))
    problems += check_together(entries, columns)
    problems += check_scope(entries, columns, alliance) if alliance else []
    if problems:
        raise Rejected(sorted(problems, key=lambda problem: problem.line))
    return entries


def _store(entries: list[Entry]) -> Report:
    report = Report()
    hospitals = _hospitals(entries, report.hospitals)
    departments = _departments(entries, hospitals, report.departments)
    _capabilities(entries, departments, report.capabilities)
    _memberships(entries, hospitals, report.memberships)
    return report


def _hospitals(entries: list[Entry], tally: Tally) -> dict[str, Hospital]:
    wanted: dict[str, dict[str, Any]] = {}
    for entry in entries:
        values = wanted.setdefault(entry.given["credit_code"], {})
        values |= _named(entry, ("level", "grade", "kind", "division", "phone", "outgoing_review"))
        values["name"] = entry.given["hospital"]
    rows = Hospital.objects.select_for_update(of=("self",)).select_related("division").filter(credit_code__in=wanted)
    stored = {row.credit_code: row for row in rows}
    for code, values in wanted.items():
        row = stored.setdefault(code, Hospital(credit_code=code))
        wanted[code] = values | (search.found_by(values["name"]) if row.name != values["name"] else {})
    _write(Hospital, stored, wanted, tally, str)
    return stored


def _departments(
    entries: list[Entry], hospitals: Mapping[str, Hospital], tally: Tally
) -> dict[tuple[str, str], Department]:
    rows = Department.objects.select_for_update(of=("self",)).select_related("hospital", "specialty")
    stored = {
        (row.hospital.credit_code, row.name): row
        for row in rows.filter(hospital__in=[h.pk for h in hospitals.values()])
    }
    wanted: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in entries:
        code, name = entry.given["credit_code"], entry.given["department"]
        values = {"specialty": entry.given["specialty"]}
        if "department_phone" in entry.given:
            values["phone"] = entry.given["department_phone"]
        wanted[code, name] = values
        if (code, name) not in stored:
            stored[code, name] = Department(hospital=hospitals[code], name=name, **search.found_by(name))
    _write(Department, stored, wanted, tally, lambda row: f"{row.hospital} {row}")
    return stored


def _capabilities(entries: list[Entry], departments: Mapping[tuple[str, str], Department], tally: Tally) -> None:
    rows = Capability.objects.select_for_update(of=("self",)).select_related("kind", "department__hospital")
    places = {department.pk: key for key, department in departments.items()}
    stored = {(*places[row.department_id], row.kind.code): row for row in rows.filter(department__in=list(places))}
    wanted: dict[tuple[str, str, str], dict[str, Any]] = {}
    for entry in entries:
        place = entry.given["credit_code"], entry.given["department"]
        for kind, total, free in entry.given.get("capability", ()):
            key = (*place, kind.code)
            row = stored.setdefault(key, Capability(department=departments[place], kind=kind))
            counted = {"beds_total": total, "beds_free": free, "as_of": entry.given.get("as_of")}
            newer = total is not None and (row.as_of is None or row.as_of <= counted["as_of"])
            wanted[key] = counted if newer else {}
            if newer and not row._state.adding and _changed(row, counted):
                wanted[key]["version"] = row.version + 1
    _write(Capability, stored, wanted, tally, lambda row: f"{row.department.hospital} {row.department} {row.kind.code}")


def _memberships(entries: list[Entry], hospitals: Mapping[str, Hospital], tally: Tally) -> None:
    rows = Membership.objects.select_for_update(of=("self",)).select_related("alliance", "hospital")
    current = rows.filter(hospital__in=[h.pk for h in hospitals.values()], left_date__isnull=True)
    stored = {(row.hospital.credit_code, row.alliance.code): row for row in current}
    wanted: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in entries:
        code = entry.given["credit_code"]
        for alliance in entry.given.get("alliance", ()):
            stored.setdefault((code, alliance.code), Membership(alliance=alliance, hospital=hospitals[code]))
            wanted[code, alliance.code] = {"joined_date": entry.given["joined"]}
    _write(Membership, stored, wanted, tally, lambda row: f"{row.hospital} {row.alliance}")


def _named(entry: Entry, columns: Iterable[str]) -> dict[str, Any]:
    return {name: entry.given[name] for name in columns if name in entry.given}


def _changed(row: models.Model, values: Mapping[str, Any]) -> list[str]:
    """The fields in which a row differs from the values."""
    return [name for name, value in values.items() if getattr(row, name) != value]


def _write(
    model: Any,
    stored: Mapping[Any, Any],
    wanted: Mapping[Any, Mapping[str, Any]],
    tally: Tally,
    words: Callable[[Any], str],
) -> None:
    """Give the rows their wanted values, insert the new and update the changed, and tell the tally."""
    new, old, touched = [], [], set()
    for key, values in wanted.items():
        row = stored[key]
        adding = row._state.adding
        differing = [] if adding else _changed(row, values)
        for name, value in values.items():
            setattr(row, name, value)
        if adding:
            new.append(row)
            tally.created.append(words(row))
        elif differing:
            old.append(row)
            touched.update(differing)
            tally.updated.append((words(row), [name for name in differing if name not in DERIVED]))
        else:
            tally.unchanged += 1
    model.objects.bulk_create(new, batch_size=2000)
    if old:
        model.objects.bulk_update(old, sorted(touched), batch_size=500)
