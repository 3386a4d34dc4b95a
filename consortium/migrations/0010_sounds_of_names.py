"""What the names that are stored already sound like; those of the catalogues too, which `load_registry` renews."""

from typing import Any

from django.db import migrations

from consortium import search

NAMED = {"Hospital": "name", "Department": "name", "Concept": "label_zh"}


def fill(apps: Any, schema_editor: Any) -> None:
    """Fill what is empty, some hundreds of rows at a time; begun again, it goes on where it stopped."""
    for model, column in NAMED.items():
        rows = apps.get_model("consortium", model).objects
        while found := list(rows.filter(sounds__isnull=True).only("pk", column)[:500]):
            for row in found:
                row.sounds = search.sounds(getattr(row, column))
            rows.bulk_update(found, ["sounds"])


class Migration(migrations.Migration):
    """Data alone; back again there is nothing to undo, for the column goes with it."""

    dependencies = [
        ("consortium", "0009_sounds"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
