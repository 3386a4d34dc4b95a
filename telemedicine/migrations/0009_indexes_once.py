"""What an index of two columns serves needs no index of the first alone."""

import django.db.models.deletion
from django.db import migrations, models

INDEXES = [
    ("telemedicine_pathologycase", "performer_department_id", "telemedicine_pathologycase_performer_department_id_475dd0db"),
    ("telemedicine_pathologycase", "performer_hospital_id", "telemedicine_pathologycase_performer_hospital_id_126a6f6d"),
    ("telemedicine_pathologycase", "requester_department_id", "telemedicine_pathologycase_requester_department_id_b6dac377"),
    ("telemedicine_pathologycase", "requester_hospital_id", "telemedicine_pathologycase_requester_hospital_id_dd86e9be"),
]
DROP = [f'drop index concurrently if exists "{name}"' for _table, _column, name in INDEXES]
MAKE = [
    f'create index concurrently if not exists "{name}" on "{table}" ("{column}")' for table, column, name in INDEXES
]


class Migration(migrations.Migration):
    """Dropped while everybody works."""

    atomic = False
    dependencies = [
        ('consortium', '0017_no_clear_numbers'),
        ('telemedicine', '0008_roles'),
    ]

    operations = [
        # The framework would make the references anew, and with them look at every row.
        migrations.RunSQL(
            DROP,
            MAKE,
            state_operations=[
                migrations.AlterField(
                    model_name='pathologycase',
                    name='performer_department',
                    field=models.ForeignKey(db_index=False, help_text='The department that is asked (接收科室).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.department'),
                ),
                migrations.AlterField(
                    model_name='pathologycase',
                    name='performer_hospital',
                    field=models.ForeignKey(db_index=False, help_text='The hospital that is asked (接收医院).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.hospital'),
                ),
                migrations.AlterField(
                    model_name='pathologycase',
                    name='requester_department',
                    field=models.ForeignKey(db_index=False, help_text='The sending department (转出科室).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.department'),
                ),
                migrations.AlterField(
                    model_name='pathologycase',
                    name='requester_hospital',
                    field=models.ForeignKey(db_index=False, help_text='The sending hospital (转出医院).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.hospital'),
                ),
            ],
        ),
    ]
