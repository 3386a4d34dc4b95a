"""Draw the generated parts of `docs/` from the tables of the code, or check that the committed pages agree with them.

A part stands in its page between `<!-- generated: NAME -->` and `<!-- end -->`; what is between is replaced. The rooms
say what their parts are (`drawing.py` of each); here, above all of them, they come together.
"""

import re
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import override

from consortium import drawing as network
from consortium.drawing import Drawing, Part
from referrals import drawing as referrals
from telemedicine import drawing as pathology

DOCS = settings.BASE_DIR / "docs"
PARTS: dict[str, Part] = {**network.PARTS, **referrals.PARTS, **pathology.PARTS}
DRAWINGS: list[Drawing] = [referrals.REFERRALS, referrals.OFFERS, pathology.CASES]


class Command(BaseCommand):
    """`manage.py draw_docs`: rewrites the generated parts; `--check` fails, naming each page that differs."""

    help = "Draw diagrams and tables into docs/ from the code, or check that they are current."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--check`."""
        parser.add_argument("--check", action="store_true", help="Only compare with the committed pages.")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """Write or compare every page that has generated parts."""
        stale = []
        for page in sorted(DOCS.glob("*.md")):
            found = page.read_text(encoding="utf-8")
            wanted = drawn(found)
            if found != wanted:
                stale.append(page.name)
                if not check:
                    page.write_text(wanted, encoding="utf-8")
        if check and stale:
            raise CommandError(f"{', '.join(stale)}: not as the code is; run manage.py draw_docs and read the diff.")
        self.stdout.write(f"drawn anew: {', '.join(stale)}" if stale else "the generated parts of docs/ are current")


def drawn(page: str) -> str:
    """The text of a page with every generated part as the code says now, the Chinese terms in Chinese."""

    def part(marks: re.Match[str]) -> str:
        return f"{marks[1]}\n" + "\n".join(PARTS[marks[2]]()) + f"\n{marks[3]}"

    with override("zh-hans"):
        return re.sub(r"(?s)(<!-- generated: (\w+) -->)\n.*?(<!-- end -->)", part, page)
