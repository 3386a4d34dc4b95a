"""Names are found by how they sound as well."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations


class Migration(migrations.Migration):
    """A column and its index beside each name; empty until the next migration or the next load."""

    dependencies = [
        ("consortium", "0008_cases"),
    ]

    operations = [
        migrations.AddField(
            model_name='concept',
            name='sounds',
            field=django.contrib.postgres.search.SearchVectorField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='department',
            name='sounds',
            field=django.contrib.postgres.search.SearchVectorField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='hospital',
            name='sounds',
            field=django.contrib.postgres.search.SearchVectorField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name='concept',
            index=django.contrib.postgres.indexes.GinIndex(fields=['sounds'], name='concept_sounds'),
        ),
        migrations.AddIndex(
            model_name='department',
            index=django.contrib.postgres.indexes.GinIndex(fields=['sounds'], name='department_sounds'),
        ),
        migrations.AddIndex(
            model_name='hospital',
            index=django.contrib.postgres.indexes.GinIndex(fields=['sounds'], name='hospital_sounds'),
        ),
    ]
