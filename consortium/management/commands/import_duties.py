"""Import duty rosters from a CSV or XLSX list."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from consortium.duty_import import import_duties
from consortium.management.commands.import_members import legible
from consortium.members import Rejected


class Command(BaseCommand):
    """`manage.py import_duties FILE [--dry-run]`: idempotent, one transaction; every mistake is named."""

    help = "Import duties from CSV or XLSX: credit_code, department, username, starts_at, ends_at, post."

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE and --dry-run."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        """Import the file and print the counts, or every mistake in it."""
        try:
            report = import_duties(path=file, dry_run=dry_run)
        except Rejected as rejected:
            for problem in rejected.problems:
                where = _("第 {line} 行").format(line=problem.line) if problem.line else _("整个文件")
                said = (where, problem.column, legible(problem.value), problem.message)
                self.stdout.write(" · ".join(part for part in said if part))
            count = len(rejected.problems)
            raise CommandError(
                _("共 {count} 处错误，没有写入任何内容；请改正后重新导入。").format(count=count)
            ) from rejected
        self.stdout.write(
            _("班次：新建 {created}，未变 {unchanged}").format(created=report.created, unchanged=report.unchanged)
        )
        if dry_run:
            self.stdout.write(_("以上为试运行，没有写入任何内容。"))
