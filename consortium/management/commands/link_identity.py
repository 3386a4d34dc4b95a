"""Tell who somebody is to a hospital's own sign-in."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from consortium.models import HospitalIdentity, Person


class Command(BaseCommand):
    """`manage.py link_identity USERNAME --provider ID --subject VALUE`."""

    help = "Tell who somebody is to a hospital's own sign-in: the value of the provider's claim."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, at which provider, as whom."""
        parser.add_argument("username")
        parser.add_argument("--provider", required=True)
        parser.add_argument("--subject", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Once for each value; the same again changes nothing."""
        person = Person.objects.filter(username=options["username"], is_active=True).first()
        if person is None:
            raise CommandError(f"没有启用的账号“{options['username']}”。")
        if options["provider"] not in settings.OIDC:
            raise CommandError("REFNET_OIDC 中没有这个 provider。")
        row, _made = HospitalIdentity.objects.get_or_create(
            provider=options["provider"], subject=options["subject"].strip(), defaults={"person": person}
        )
        if row.person_id != person.pk:
            raise CommandError("该工号已登记给另一账号。")
        self.stderr.write(f"{person.username}: {row.provider} · {row.subject}")
