"""Programs that break something on purpose and count what was lost: `./refnet drill NAME`."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consortium.settings")
django.setup()
