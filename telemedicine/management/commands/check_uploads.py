"""Check the slides that have come whole, one after the other, until none waits."""

from typing import Any

from django.core.management.base import BaseCommand

from consortium import moment
from telemedicine.models import Upload
from telemedicine.uploads.check import check_next, place_to_check, waiting


class Command(BaseCommand):
    """`manage.py check_uploads`: the service begins it by itself; running it again does no harm."""

    help = "Check the slides that have come whole."

    def handle(self, *args: Any, **options: Any) -> None:
        """Check while anything waits; a few processes do so at a time, a further one goes home."""
        while Upload.objects.filter(waiting(moment.now())).exists():
            with place_to_check() as free:
                while free and (upload := check_next(now=moment.now())):
                    self.stdout.write(f"{upload.pk} {upload.state} {upload.refusal_code}".strip())
            if not free:  # those who check look once more before they go, so nothing is left behind
                return
