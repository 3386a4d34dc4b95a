"""Import travel times between divisions, instead of the estimate by distance."""

import csv
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from consortium.models import Division, TravelTime

COLUMNS = ("origin", "destination", "minutes", "source")
LONGEST, WITHIN = 24 * 60, 120  # minutes: anywhere, and within one division


class Command(BaseCommand):
    """`manage.py import_travel FILE`: CSV with the columns origin, destination (GB/T 2260), minutes, source."""

    help = "Import minutes by road between divisions; a row replaces the one for the same pair."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, and whether it replaces the whole table."""
        parser.add_argument("file", type=Path, help="CSV, UTF-8: origin, destination, minutes, source")
        parser.add_argument("--replace", action="store_true", help="Delete every travel time that is not in the file.")

    def handle(self, *args: Any, file: Path, replace: bool, **options: Any) -> None:
        """Check every row, then store all or nothing."""
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise CommandError(f"{file.name}: the header must be {','.join(COLUMNS)}")
            lines = list(reader)
        known = set(Division.objects.values_list("code", flat=True))
        faults = [f"line {n}: {fault}" for n, line in enumerate(lines, start=2) if (fault := wrong(line, known))]
        if faults:
            raise CommandError("\n".join(faults[:20]))
        rows = {
            (line["origin"], line["destination"]): TravelTime(
                origin_id=line["origin"],
                destination_id=line["destination"],
                minutes=int(line["minutes"]),
                source=line["source"].strip(),
            )
            for line in lines
        }
        with transaction.atomic():
            if replace:
                TravelTime.objects.all().delete()
            TravelTime.objects.bulk_create(
                rows.values(),
                update_conflicts=True,
                unique_fields=["origin", "destination"],
                update_fields=["minutes", "source"],
            )
        self.stdout.write(f"travel times {len(rows)}")


def wrong(line: dict[str, Any], known: set[str]) -> str:
    """What is wrong with a line, or nothing."""
    if None in line or None in line.values():
        return f"there must be {len(COLUMNS)} values"
    for column in ("origin", "destination"):
        if line[column] not in known:
            return f"{column} {line[column]!r} is not a division"
    if not line["minutes"].isdecimal() or not 1 <= int(line["minutes"]) <= LONGEST:
        return f"minutes {line['minutes']!r} is not a whole number from 1 to {LONGEST}"
    if line["origin"] == line["destination"] and int(line["minutes"]) > WITHIN:
        return f"minutes {line['minutes']!r} is more than {WITHIN} within one division"
    return "" if line["source"].strip() else "source is empty"
