"""What an index of two columns serves needs no index of the first alone."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

INDEXES = [
    ("referrals_referral", "performer_department_id", "referrals_referral_performer_department_id_7152271e"),
    ("referrals_referral", "performer_hospital_id", "referrals_referral_performer_hospital_id_bd7ff003"),
    ("referrals_referral", "requester_department_id", "referrals_referral_requester_department_id_3afe7cda"),
    ("referrals_referral", "requester_hospital_id", "referrals_referral_requester_hospital_id_1a7116f8"),
    ("referrals_referral", "claimed_by_id", "referrals_referral_claimed_by_id_4922e929"),
    ("referrals_offer", "performer_department_id", "referrals_offer_performer_department_id_5e2a964d"),
    ("referrals_offer", "performer_hospital_id", "referrals_offer_performer_hospital_id_b73558b8"),
    ("referrals_offer", "requester_department_id", "referrals_offer_requester_department_id_8eb5690e"),
    ("referrals_offer", "requester_hospital_id", "referrals_offer_requester_hospital_id_30c37968"),
]
DROP = [f'drop index concurrently if exists "{name}"' for _table, _column, name in INDEXES]
MAKE = [
    f'create index concurrently if not exists "{name}" on "{table}" ("{column}")' for table, column, name in INDEXES
]


class Migration(migrations.Migration):
    """Dropped while everybody works."""

    atomic = False
    dependencies = [
        ("referrals", "0007_worklist_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        RemoveIndexConcurrently(model_name="referral", name="referral_by_case"),
        # The framework would make the references anew, and with them look at every row.
        migrations.RunSQL(
            DROP,
            MAKE,
            state_operations=[
                migrations.AlterField(
                    model_name='offer',
                    name='performer_department',
                    field=models.ForeignKey(db_index=False, help_text='The department that is asked (接收科室).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.department'),
                ),
                migrations.AlterField(
                    model_name='offer',
                    name='performer_hospital',
                    field=models.ForeignKey(db_index=False, help_text='The hospital that is asked (接收医院).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.hospital'),
                ),
                migrations.AlterField(
                    model_name='offer',
                    name='requester_department',
                    field=models.ForeignKey(db_index=False, help_text='The sending department (转出科室).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.department'),
                ),
                migrations.AlterField(
                    model_name='offer',
                    name='requester_hospital',
                    field=models.ForeignKey(db_index=False, help_text='The sending hospital (转出医院).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.hospital'),
                ),
                migrations.AlterField(
                    model_name='referral',
                    name='claimed_by',
                    field=models.ForeignKey(db_index=False, help_text='Who at the performer has taken it in hand (认领人).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AlterField(
                    model_name='referral',
                    name='performer_department',
                    field=models.ForeignKey(db_index=False, help_text='The department that is asked (接收科室).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.department'),
                ),
                migrations.AlterField(
                    model_name='referral',
                    name='performer_hospital',
                    field=models.ForeignKey(db_index=False, help_text='The hospital that is asked (接收医院).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.hospital'),
                ),
                migrations.AlterField(
                    model_name='referral',
                    name='requester_department',
                    field=models.ForeignKey(db_index=False, help_text='The sending department (转出科室).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.department'),
                ),
                migrations.AlterField(
                    model_name='referral',
                    name='requester_hospital',
                    field=models.ForeignKey(db_index=False, help_text='The sending hospital (转出医院).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.hospital'),
                ),
            ],
        ),
    ]
