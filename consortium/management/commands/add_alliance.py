"""Found an alliance, which `import_members` then fills."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consortium.models import Alliance, Hospital


class Command(BaseCommand):
    """`manage.py add_alliance CODE NAME --lead CREDIT_CODE`: its administrator is an ALLIANCE_ADMIN at the lead."""

    help = "Found an alliance with its lead hospital."

    def add_arguments(self, parser: CommandParser) -> None:
        """Code, name, and the lead's unified social credit code."""
        parser.add_argument("code")
        parser.add_argument("name")
        parser.add_argument("--lead", required=True, help="统一社会信用代码 of the lead hospital.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Store it."""
        lead = Hospital.objects.filter(credit_code=options["lead"]).first()
        if lead is None:
            raise CommandError("The lead hospital is not a member yet: import it first (manage.py import_members).")
        if Alliance.objects.filter(code=options["code"]).exists():
            raise CommandError(f"There is an alliance with the code {options['code']} already.")
        Alliance.objects.create(code=options["code"], name=options["name"], lead=lead)
        self.stdout.write(f"{options['code']} · {options['name']} · {lead}")
