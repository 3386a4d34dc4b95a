"""Sessions of their own model, what was tried at the door, the three administrators."""

import consortium.models.base
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ("consortium", "0010_sounds_of_names"),
    ]

    operations = [
        migrations.CreateModel(
            name='HospitalIdentity',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('provider', models.CharField(help_text='The id of the provider in REFNET_OIDC (认证源).', max_length=40)),
                ('subject', models.CharField(help_text="The value of the provider's claim (工号或主体).", max_length=255)),
            ],
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='session key')),
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('began_at', models.DateTimeField(help_text='When somebody signed in with it (登录时间).')),
            ],
        ),
        migrations.CreateModel(
            name='SignIn',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(help_text='When (时间).')),
                ('way', models.CharField(choices=[('PASSWORD', '密码'), ('TOTP', '动态验证码'), ('SECURITY_KEY', '安全密钥'), ('RECOVERY_CODE', '恢复码'), ('HOSPITAL', '医院统一认证')], help_text='With what (方式).', max_length=20)),
                ('outcome', models.CharField(choices=[('DONE', '成功'), ('WRONG', '不正确'), ('LOCKED', '已锁定'), ('UNLOCKED', '已解锁')], help_text='What came of it (结果).', max_length=10)),
                ('address', models.GenericIPAddressField(help_text='From where (地址).', null=True)),
                ('agent', models.CharField(blank=True, help_text='The browser, as it names itself (浏览器).', max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
            ],
            options={
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('consortium.person',),
        ),
        migrations.AddField(
            model_name='person',
            name='home',
            field=models.ForeignKey(blank=True, help_text="Whose administrators keep the account; empty: the province's (所属医院).", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='people', to='consortium.hospital'),
        ),
        migrations.AddField(
            model_name='person',
            name='rights_changed_at',
            field=models.DateTimeField(blank=True, editable=False, help_text='Sessions from before go on under another key (权限变更时间).', null=True),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='actor_role',
            field=models.CharField(blank=True, choices=[('REFERRING_DOCTOR', '转诊医生'), ('REFERRAL_OFFICE', '转诊办'), ('EXPERT', '接诊专家'), ('PATHOLOGIST', '病理专家'), ('PATHOLOGY_LEAD', '病理会诊负责人'), ('PATHOLOGY_LAB', '病理科（申请方）'), ('HOSPITAL_ADMIN', '医院管理员'), ('ALLIANCE_ADMIN', '联盟管理员'), ('COMMISSION_OBSERVER', '卫健委观察员'), ('HOTLINE_AGENT', '12320 坐席'), ('AUDITOR', '审计员'), ('SYSTEM_ADMIN', '系统管理员'), ('SECURITY_ADMIN', '安全管理员')], max_length=20),
        ),
        migrations.AlterField(
            model_name='event',
            name='actor_role',
            field=models.CharField(blank=True, choices=[('REFERRING_DOCTOR', '转诊医生'), ('REFERRAL_OFFICE', '转诊办'), ('EXPERT', '接诊专家'), ('PATHOLOGIST', '病理专家'), ('PATHOLOGY_LEAD', '病理会诊负责人'), ('PATHOLOGY_LAB', '病理科（申请方）'), ('HOSPITAL_ADMIN', '医院管理员'), ('ALLIANCE_ADMIN', '联盟管理员'), ('COMMISSION_OBSERVER', '卫健委观察员'), ('HOTLINE_AGENT', '12320 坐席'), ('AUDITOR', '审计员'), ('SYSTEM_ADMIN', '系统管理员'), ('SECURITY_ADMIN', '安全管理员')], help_text='In which role (以何角色).', max_length=20),
        ),
        migrations.AlterField(
            model_name='practitionerrole',
            name='role',
            field=models.CharField(choices=[('REFERRING_DOCTOR', '转诊医生'), ('REFERRAL_OFFICE', '转诊办'), ('EXPERT', '接诊专家'), ('PATHOLOGIST', '病理专家'), ('PATHOLOGY_LEAD', '病理会诊负责人'), ('PATHOLOGY_LAB', '病理科（申请方）'), ('HOSPITAL_ADMIN', '医院管理员'), ('ALLIANCE_ADMIN', '联盟管理员'), ('COMMISSION_OBSERVER', '卫健委观察员'), ('HOTLINE_AGENT', '12320 坐席'), ('AUDITOR', '审计员'), ('SYSTEM_ADMIN', '系统管理员'), ('SECURITY_ADMIN', '安全管理员')], help_text='The role (角色).', max_length=20),
        ),
        migrations.AddConstraint(
            model_name='practitionerrole',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('role__in', ['AUDITOR', 'SECURITY_ADMIN', 'SYSTEM_ADMIN'])), expressions=[('person', '='), ('role', '<>'), (models.Func('starts_at', 'ends_at', function='tstzrange', output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField()), '&&')], name='administrators_separated', violation_error_message='系统管理员、安全管理员、审计员须由不同的人担任（三员分立）。'),
        ),
        migrations.AddField(
            model_name='hospitalidentity',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identities', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='session',
            name='person',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='signin',
            name='person',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sign_ins', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='hospitalidentity',
            constraint=models.UniqueConstraint(fields=('provider', 'subject'), name='identity_of_one_person', violation_error_message='该工号已登记给另一账号。'),
        ),
        migrations.AddIndex(
            model_name='session',
            index=models.Index(fields=['person'], name='session_by_person'),
        ),
        migrations.AddIndex(
            model_name='signin',
            index=models.Index(fields=['person', '-at'], name='sign_in_by_person'),
        ),
    ]
