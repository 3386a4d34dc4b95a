"""Empty the answers kept for repeated requests, and delete their keys, when their time is over."""

from typing import Any

from django.core.management.base import BaseCommand

from consortium import idempotency, moment


class Command(BaseCommand):
    """`manage.py forget_answers`: run it every hour; running it again does no harm."""

    help = "Forget the answers kept for repeated requests when their time is over."

    def handle(self, *args: Any, **options: Any) -> None:
        """Forget, and tell in one line how many."""
        done = idempotency.forget(moment.now())
        self.stdout.write(f"answers {done.answers} · keys {done.keys}")
