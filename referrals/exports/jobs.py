"""The life of an export: asked for, claimed by one process at a time, settled once, downloaded, deleted.

The process is begun by the request that asked; should it die, `manage.py run_exports`, which the worker runs every
minute, takes up what was left. It counts in the name of who asked, with the roles that they hold then.
"""

import subprocess
import sys
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from consortium import access, directory, moment, trail
from consortium.access import Actor
from consortium.errors import Code, Refused
from consortium.models import PractitionerRole
from referrals.exports.files import written
from referrals.exports.tables import Source, Table, tables
from referrals.figures import scope
from referrals.models import Export, ExportFormat, ExportState, ExportTable
from referrals.trend import MOST_MONTHS

MONTHS = 12  # of the trend, unless told otherwise
AT_A_TIME = 3  # unfinished exports of one person
KEPT = timedelta(days=7)
ABANDONED = timedelta(minutes=2)  # after which an export whose process gave no sign is begun again
ATTEMPTS = 3
PERMISSIONS = ("view_coverage", "view_suppressed_coverage")


def request_export(
    *,
    by: Actor,
    now: datetime,
    alliance: str,
    format: str,
    since: date,
    until: date,
    capability: str | None = None,
    tables: list[str] | None = None,
    months: int | None = None,
) -> Export:
    """Ask for the figures of an alliance as a file; begun at once, beside this request."""
    over = scope(by, alliance=alliance, capability=capability, since=since, until=until)
    directory.must_know(on=until, capability=capability, alliance=None, division=None)
    months = MONTHS if months is None else months
    if not 1 <= months <= MOST_MONTHS:
        raise Refused(Code.INVALID_INPUT, _("月数须在 1 到 {limit} 之间。").format(limit=MOST_MONTHS), field="months")
    wanted = [code for code in ExportTable.values if not tables or code in tables]
    with transaction.atomic():
        unfinished = Export.objects.select_for_update().filter(person=by.person, state__in=Export.UNFINISHED)
        if len(unfinished) >= AT_A_TIME:
            raise Refused(
                Code.LIMIT_EXCEEDED,
                _("您已有 {limit} 个导出尚未完成；请等待其完成，或先取消一个。").format(limit=AT_A_TIME),
            )
        made = Export.objects.create(
            person_id=_role(by).person_id,
            alliance=over.alliance,
            capability=capability or "",
            since=since,
            until=until,
            months=months,
            format=format,
            tables=wanted,
            total=len(wanted) + 1,
            language=get_language() or settings.LANGUAGE_CODE,
            requested_at=now,
        )
        transaction.on_commit(begin)
    return made


def begin() -> None:
    """Make what waits, in a process that outlives this request and this server."""
    if settings.RUN_EXPORTS:
        subprocess.Popen(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "run_exports"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            env=settings.JOB_ENVIRONMENT,
        )


def cancel_export(*, by: Actor, now: datetime, id: UUID, expected_version: int) -> Export:
    """Stop an own export that is not finished; the process that makes it stops before its next table."""
    with transaction.atomic():
        row = Export.objects.select_for_update().filter(pk=id, person=by.person).first()
        if row is None:
            raise access.not_found()
        if row.state not in Export.UNFINISHED:
            raise Refused(Code.INVALID_STATE, _("这个导出已经结束，不能再取消；请刷新后查看。"))
        if row.version != expected_version:
            raise Refused(Code.STALE_VERSION, _("导出的状态已变化；请刷新后再决定。"))
        row.settle(ExportState.CANCELLED, now)
        row.save()
    return row


def open_export(*, by: Actor, id: UUID, now: datetime) -> Export:
    """An own export whose file can be had, for who may still see the figures; its download is audited."""
    row = Export.objects.select_related("alliance").filter(pk=id, person=by.person).first()
    if row is None:
        raise access.not_found()
    if row.state != ExportState.READY or row.expires_at is None or row.expires_at <= now:
        raise Refused(Code.INVALID_STATE, _("文件尚未生成，或已过保留期；请查看导出状态，必要时重新导出。"))
    scope(by, alliance=row.alliance.code, capability=None, since=row.since, until=row.until)  # or NOT_FOUND
    trail.audit(by, "download_export", row, role=_role(by), purpose="STATISTICS", patient_id=None, now=now)
    return row


def run_next(*, now: datetime) -> Export | None:
    """Make the export that has waited longest; nothing if none waits."""
    free = Q(state=ExportState.WAITING) | Q(state=ExportState.RUNNING, written_at__lt=now - ABANDONED)
    with transaction.atomic():
        rows = Export.objects.select_for_update(skip_locked=True, of=("self",)).select_related("alliance", "person")
        row = rows.filter(free).order_by("requested_at").first()
        if row is None:
            return None
        if row.attempts >= ATTEMPTS:
            with override(row.language):
                row.problem = _("生成过程多次中断；请稍后重新导出，仍不成功请联系系统管理员。")
            row.settle(ExportState.FAILED, now)
        else:
            row.state, row.writer, row.written_at, row.done = ExportState.RUNNING, uuid4(), now, 0
            row.attempts += 1
        row.save()
    return row if row.state == ExportState.FAILED else _make(row, now=now)


def _make(row: Export, *, now: datetime) -> Export:
    """Count, write, keep; a refusal and a full disk are told to who asked."""
    by = access.actor(row.person, now=now)
    with override(row.language):
        try:
            found = _tables(row, Source(row, by=by, now=now), now)
            if found is None:
                return Export.objects.get(pk=row.pk)  # cancelled meanwhile
            content, ending = written(found, ExportFormat(row.format))
            return _keep(row, content, ending, now)
        except Refused as refused:
            return _failed(row, refused.message, now)
        except OSError:
            return _failed(row, _("服务器存储空间不足或不可写；请联系系统管理员后重新导出。"), now)


def _tables(row: Export, source: Source, now: datetime) -> list[Table] | None:
    """The tables, each told as progress; nothing once somebody else holds or has cancelled the export."""
    found = []
    for table in tables(source):
        found.append(table)
        mine = Export.objects.filter(pk=row.pk, writer=row.writer, state=ExportState.RUNNING)
        if not mine.update(done=len(found), written_at=moment.now()):
            return None
    return found


def _keep(row: Export, content: bytes, ending: str, now: datetime) -> Export:
    with transaction.atomic():
        kept = Export.objects.select_for_update().get(pk=row.pk)
        if kept.writer != row.writer:
            return kept
        kept.name = f"coverage-{row.alliance.code}-{row.since}-{row.until}.{ending}"
        kept.size, kept.sha256 = len(content), sha256(content).hexdigest()
        kept.expires_at = now + KEPT
        kept.settle(ExportState.READY, now)
        kept.file.save(f"exports/{row.pk.hex[-2:]}/{row.pk}.{ending}", ContentFile(content), save=False)
        kept.save()
    return kept


def _failed(row: Export, problem: str, now: datetime) -> Export:
    with transaction.atomic():
        kept = Export.objects.select_for_update().get(pk=row.pk)
        if kept.writer == row.writer:
            kept.problem = problem[:300]
            kept.settle(ExportState.FAILED, now)
            kept.save()
    return kept


def tidy(*, now: datetime) -> int:
    """Delete the files that were kept long enough; how many."""
    old = Export.objects.filter(state=ExportState.READY, expires_at__lte=now)
    number = 0
    for row in old:
        row.file.delete(save=False)
        row.file.name = ""
        row.state, row.version = ExportState.EXPIRED, row.version + 1
        row.save()
        number += 1
    return number


def _role(by: Actor) -> PractitionerRole:
    """The role by which somebody sees figures; they have one, or their scope was refused."""
    return next(role for name in PERMISSIONS for role in by.roles_with(name))
