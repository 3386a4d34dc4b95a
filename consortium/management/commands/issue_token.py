"""Issue an API token on the server's own command line, for the service account of a hospital's system."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import access, moment, tokens
from consortium.errors import Refused
from consortium.models import Person


class Command(BaseCommand):
    """`manage.py issue_token`: the same rules and the same audit entry as the mutation `issueApiToken`."""

    help = "Issue an API token of an account and print its secret, once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose token, what it is for, what it may do, how long."""
        parser.add_argument("username", help="The account whose roles the token carries.")
        parser.add_argument("--name", required=True, help="What it is for, such as 'HIS interface'.")
        parser.add_argument("--scopes", default="read", help=f"Of {','.join(tokens.SCOPES)}; by default read.")
        parser.add_argument("--days", type=int, default=90, help=f"1 to {tokens.LONGEST}; by default 90.")

    def handle(self, *args: Any, username: str, name: str, scopes: str, days: int, **options: Any) -> None:
        """Print the secret alone on standard output, so that it can be piped; the rest goes to standard error."""
        person = Person.objects.filter(username=username, is_active=True).first()
        if person is None:
            raise CommandError(_("没有名为“{username}”的在用账号。").format(username=username))
        now = moment.now()
        try:
            with transaction.atomic():
                token, secret = tokens.issue_api_token(
                    by=access.actor(person, now=now),
                    name=name,
                    scopes=scopes.split(","),
                    expires_in_days=days,
                    now=now,
                    operator=True,
                )
        except Refused as refused:
            raise CommandError(refused.message) from refused
        self.stderr.write(
            _("{name}（{scopes}），有效至 {until}。令牌只显示这一次：").format(
                name=token.name, scopes=" ".join(token.scopes), until=timezone.localtime(token.expires_at).isoformat()
            )
        )
        self.stdout.write(secret)
