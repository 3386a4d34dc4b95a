"""Make an account and give it its first role: how a real network gets its first administrators."""

import secrets
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from consortium import grants, moment
from consortium.models import Department, Division, Hospital, Person
from consortium.roles import HELD_AT, Place, Role


class Command(BaseCommand):
    """`manage.py add_person USERNAME --name N --role R --hospital CODE [--department NAME] | --division CODE`."""

    help = "Make an account (or take the existing one) and give it a role from now."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, which role, and where."""
        parser.add_argument("username")
        parser.add_argument("--name", default="", help="姓名; needed for a new account.")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--hospital", help="统一社会信用代码 of the hospital.")
        parser.add_argument("--department", help="Name of a department of that hospital.")
        parser.add_argument("--division", help="GB/T 2260 code, for roles of a division.")
        parser.add_argument("--password", default="", help="If none is given, one is made and shown once.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it in one transaction."""
        role, where = Role(options["role"]), place(options)
        if Place(where._meta.model_name) not in HELD_AT[role]:
            raise CommandError(f"{role.value} cannot be held there: {', '.join(p.value for p in HELD_AT[role])}.")
        with transaction.atomic():
            person = Person.objects.filter(username=options["username"]).first()
            if person is None:
                person = self.made(options, where)
            if Group.objects.filter(
                name=grants.group_name(role, Place(where._meta.model_name), where.pk),
                practitioner_roles__person=person,
                practitioner_roles__ends_at__isnull=True,
            ).exists():
                raise CommandError(f"{person.username} already holds {role.value} there.")
            grants.enrol([(person, role, where)], starts_at=moment.now())
            grants.sync()
        self.stderr.write(f"{person.username}: {role.value} · {where}")

    def made(self, options: dict[str, Any], where: Hospital | Department | Division) -> Person:
        """A new account; its password goes alone to standard output if it was not given."""
        if not options["name"].strip():
            raise CommandError("A new account needs --name.")
        home = where.hospital if isinstance(where, Department) else where if isinstance(where, Hospital) else None
        person = Person(username=options["username"], name=options["name"].strip(), home=home)
        password = options["password"] or secrets.token_urlsafe(12)
        try:
            validate_password(password, person)
            person.set_password(password)
            person.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        person.save()
        if not options["password"]:
            self.stdout.write(password)
        return person


def place(options: dict[str, Any]) -> Hospital | Department | Division:
    """The one place that the options name; CommandError if it is none, two or unknown."""
    if bool(options["hospital"]) == bool(options["division"]):
        raise CommandError("Give either --hospital (and perhaps --department) or --division.")
    found: Hospital | Department | Division | None
    if options["division"]:
        found = Division.objects.filter(pk=options["division"]).first()
    elif options["department"]:
        found = Department.objects.filter(hospital__credit_code=options["hospital"], name=options["department"]).first()
    else:
        found = Hospital.objects.filter(credit_code=options["hospital"]).first()
    if found is None:
        raise CommandError("There is no such place: import the members first (manage.py import_members).")
    return found
