"""Import members from a CSV or XLSX list."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from consortium import moment
from consortium.members import Rejected, Report, import_members
from consortium.progress import shown

SHOWN = 60  # characters of a value in a message


class Command(BaseCommand):
    """`manage.py import_members FILE [--dry-run]`: idempotent, one transaction; every mistake is named."""

    help = "Import hospitals, departments, capabilities and memberships from CSV or XLSX."

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE and --dry-run."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        """Import the file and print what changed, or every mistake in it."""
        try:
            report = import_members(
                path=file, now=moment.now(), dry_run=dry_run, progress=shown(self.stdout, _("检查"))
            )
        except Rejected as rejected:
            for problem in rejected.problems:
                where = _("第 {line} 行").format(line=problem.line) if problem.line else _("整个文件")
                value = f"“{legible(problem.value)}”" if problem.value else _("（空）")
                self.stdout.write(" · ".join(part for part in (where, problem.column, value, problem.message) if part))
            count = len(rejected.problems)
            raise CommandError(
                _("共 {count} 处错误，没有写入任何内容；请改正后重新导入。").format(count=count)
            ) from rejected
        self.tell(report, changes=dry_run)
        if dry_run:
            self.stdout.write(_("以上为试运行，没有写入任何内容。"))

    def tell(self, report: Report, *, changes: bool) -> None:
        """Print the counts of each kind and, if asked, every change."""
        kinds = [
            (_("医院"), report.hospitals),
            (_("科室"), report.departments),
            (_("能力"), report.capabilities),
            (_("成员资格"), report.memberships),
        ]
        for kind, tally in kinds:
            if changes:
                for words in tally.created:
                    self.stdout.write(_("将新建{kind} {words}").format(kind=kind, words=words))
                for words, fields in tally.updated:
                    self.stdout.write(
                        _("将更新{kind} {words}：{names}").format(kind=kind, words=words, names=", ".join(fields))
                    )
            counts = _("{kind}：新建 {created}，更新 {updated}，未变 {unchanged}")
            self.stdout.write(
                counts.format(
                    kind=kind, created=len(tally.created), updated=len(tally.updated), unchanged=tally.unchanged
                )
            )


def legible(text: str) -> str:
    """A value short and without characters that would move the cursor."""
    safe = "".join(char if char.isprintable() else "�" for char in text)
    return safe if len(safe) <= SHOWN else safe[:SHOWN] + "…"
