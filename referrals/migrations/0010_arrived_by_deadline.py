"""What has arrived and is late is found by an index of its own."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Built while everybody works."""

    atomic = False
    dependencies = [("referrals", "0009_leg_counts")]
    operations = [
        AddIndexConcurrently(
            model_name="referral",
            index=models.Index(
                condition=models.Q(("arrived_at__isnull", False), ("closed_at__isnull", True)),
                fields=["due_at"],
                name="referral_arrived_by_deadline",
            ),
        ),
    ]
