"""The count behind readable numbers."""

from django.db import migrations


class Migration(migrations.Migration):
    """A sequence that never repeats."""

    dependencies = [("referrals", "0001_initial")]
    operations = [migrations.RunSQL("create sequence referrals_number", "drop sequence referrals_number")]
