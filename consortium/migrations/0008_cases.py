"""The lead of a pathology department; points that a step names in some cases only."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """What changed in words and roles."""

    dependencies = [
        ('consortium', '0007_notices_and_words'),
    ]

    operations = [
        migrations.AlterField(
            model_name='auditentry',
            name='actor_role',
            field=models.CharField(blank=True, choices=[('REFERRING_DOCTOR', '转诊医生'), ('REFERRAL_OFFICE', '转诊办'), ('EXPERT', '接诊专家'), ('PATHOLOGIST', '病理专家'), ('PATHOLOGY_LEAD', '病理会诊负责人'), ('PATHOLOGY_LAB', '病理科（申请方）'), ('HOSPITAL_ADMIN', '医院管理员'), ('ALLIANCE_ADMIN', '联盟管理员'), ('COMMISSION_OBSERVER', '卫健委观察员'), ('HOTLINE_AGENT', '12320 坐席'), ('AUDITOR', '审计员')], max_length=20),
        ),
        migrations.AlterField(
            model_name='event',
            name='actor_role',
            field=models.CharField(blank=True, choices=[('REFERRING_DOCTOR', '转诊医生'), ('REFERRAL_OFFICE', '转诊办'), ('EXPERT', '接诊专家'), ('PATHOLOGIST', '病理专家'), ('PATHOLOGY_LEAD', '病理会诊负责人'), ('PATHOLOGY_LAB', '病理科（申请方）'), ('HOSPITAL_ADMIN', '医院管理员'), ('ALLIANCE_ADMIN', '联盟管理员'), ('COMMISSION_OBSERVER', '卫健委观察员'), ('HOTLINE_AGENT', '12320 坐席'), ('AUDITOR', '审计员')], help_text='In which role (以何角色).', max_length=20),
        ),
        migrations.AlterField(
            model_name='practitionerrole',
            name='role',
            field=models.CharField(choices=[('REFERRING_DOCTOR', '转诊医生'), ('REFERRAL_OFFICE', '转诊办'), ('EXPERT', '接诊专家'), ('PATHOLOGIST', '病理专家'), ('PATHOLOGY_LEAD', '病理会诊负责人'), ('PATHOLOGY_LAB', '病理科（申请方）'), ('HOSPITAL_ADMIN', '医院管理员'), ('ALLIANCE_ADMIN', '联盟管理员'), ('COMMISSION_OBSERVER', '卫健委观察员'), ('HOTLINE_AGENT', '12320 坐席'), ('AUDITOR', '审计员')], help_text='The role (角色).', max_length=20),
        ),
    ]
