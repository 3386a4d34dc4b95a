"""The roles of the system and the security administrator."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('telemedicine', '0007_viewer'),
    ]

    operations = [
        migrations.AlterField(
            model_name='addendum',
            name='signed_role',
            field=models.CharField(choices=[('REFERRING_DOCTOR', '转诊医生'), ('REFERRAL_OFFICE', '转诊办'), ('EXPERT', '接诊专家'), ('PATHOLOGIST', '病理专家'), ('PATHOLOGY_LEAD', '病理会诊负责人'), ('PATHOLOGY_LAB', '病理科（申请方）'), ('HOSPITAL_ADMIN', '医院管理员'), ('ALLIANCE_ADMIN', '联盟管理员'), ('COMMISSION_OBSERVER', '卫健委观察员'), ('HOTLINE_AGENT', '12320 坐席'), ('AUDITOR', '审计员'), ('SYSTEM_ADMIN', '系统管理员'), ('SECURITY_ADMIN', '安全管理员')], help_text='In which role (岗位).', max_length=20),
        ),
        migrations.AlterField(
            model_name='report',
            name='signed_role',
            field=models.CharField(choices=[('REFERRING_DOCTOR', '转诊医生'), ('REFERRAL_OFFICE', '转诊办'), ('EXPERT', '接诊专家'), ('PATHOLOGIST', '病理专家'), ('PATHOLOGY_LEAD', '病理会诊负责人'), ('PATHOLOGY_LAB', '病理科（申请方）'), ('HOSPITAL_ADMIN', '医院管理员'), ('ALLIANCE_ADMIN', '联盟管理员'), ('COMMISSION_OBSERVER', '卫健委观察员'), ('HOTLINE_AGENT', '12320 坐席'), ('AUDITOR', '审计员'), ('SYSTEM_ADMIN', '系统管理员'), ('SECURITY_ADMIN', '安全管理员')], help_text='In which role (岗位).', max_length=20),
        ),
    ]
