"""The roll-up of legs by day, month and the two hospitals."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A new, empty table."""

    dependencies = [
        ('consortium', '0018_months'),
        ('referrals', '0008_indexes_once'),
    ]

    operations = [
        migrations.CreateModel(
            name='LegCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('grain', models.CharField(choices=[('C', 'Change'), ('D', 'Day'), ('M', 'Month')], help_text='What the row sums up (粒度).', max_length=1)),
                ('day', models.DateField(help_text='Day on which they were sent; of a month its first (日期).')),
                ('sent', models.IntegerField(help_text='Legs (送达).')),
                ('answered', models.IntegerField(help_text='Of them answered (已答复).')),
                ('accepted', models.IntegerField(help_text='Of them accepted or waitlisted (接受或候床).')),
                ('advised', models.IntegerField(help_text='Of them answered with advice (附建议退回).')),
                ('arrived', models.IntegerField(help_text='Whose patient arrived (已到院).')),
                ('completed', models.IntegerField(help_text='Of these, whose outcome was acknowledged (闭环).')),
                ('served', models.IntegerField(help_text='Arrived or advised (已服务).')),
                ('judged', models.IntegerField(help_text='Arrived and ended (已结束).')),
            ],
        ),
        migrations.AddField(
            model_name='legcount',
            name='capability',
            field=models.ForeignKey(db_index=False, help_text='What the patient needed, empty if nothing was named (所需能力).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.concept'),
        ),
        migrations.AddField(
            model_name='legcount',
            name='performer_hospital',
            field=models.ForeignKey(db_index=False, help_text='To where (接收医院).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.hospital'),
        ),
        migrations.AddField(
            model_name='legcount',
            name='requester_hospital',
            field=models.ForeignKey(db_index=False, help_text='From where (转出医院).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.hospital'),
        ),
        migrations.AddIndex(
            model_name='legcount',
            index=models.Index(condition=models.Q(('grain', 'C')), fields=['day'], name='leg_count_changes'),
        ),
        migrations.AddConstraint(
            model_name='legcount',
            constraint=models.UniqueConstraint(condition=models.Q(('grain', 'C'), _negated=True), fields=('grain', 'day', 'requester_hospital', 'performer_hospital', 'capability'), name='leg_count_once', nulls_distinct=False),
        ),
    ]
