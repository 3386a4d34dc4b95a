"""What a limit set aside follows from the events now."""

from django.db import migrations


class Migration(migrations.Migration):
    """What a limit set aside follows from the events now."""

    dependencies = [
        ('referrals', '0002_numbers'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='referral',
            name='suspended_clock',
        ),
        migrations.RemoveField(
            model_name='referral',
            name='suspended_holder',
        ),
        migrations.RemoveField(
            model_name='referral',
            name='suspended_remaining',
        ),
    ]
