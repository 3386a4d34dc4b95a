"""Write the schema's snapshot, or check that the committed one is the schema as it is."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from graphql import print_schema

from schema.schema import schema

SNAPSHOT = settings.BASE_DIR / "schema" / "schema.graphql"


class Command(BaseCommand):
    """`manage.py export_schema`: writes `schema/schema.graphql`; `--check` fails if it differs."""

    help = "Write the GraphQL schema's snapshot, or check it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--check`."""
        parser.add_argument("--check", action="store_true", help="Only compare with the committed snapshot.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write or compare."""
        printed = print_schema(schema.graphql_schema) + "\n"
        if not options["check"]:
            SNAPSHOT.write_text(printed, encoding="utf-8")
            self.stdout.write(f"{SNAPSHOT.name}: {len(printed.splitlines())} lines")
        elif not SNAPSHOT.is_file() or SNAPSHOT.read_text(encoding="utf-8") != printed:
            raise CommandError("schema.graphql is not the schema as it is: run manage.py export_schema, read the diff.")
        else:
            self.stdout.write("schema.graphql is up to date")
