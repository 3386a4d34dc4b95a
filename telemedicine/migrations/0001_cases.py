"""Pathology cases with specimens, blocks, slides, opinions and who may read what."""

import consortium.models.base
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """The tables of the telemedicine room."""

    initial = True

    dependencies = [
        ('consortium', '0003_clocks'),
        ('referrals', '0003_clocks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Block',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('barcode', models.CharField(help_text='Barcode of the block (蜡块条码).', max_length=40)),
                ('kind', models.CharField(choices=[('PARAFFIN', '石蜡块'), ('FROZEN', '冰冻块'), ('CELL_BLOCK', '细胞块'), ('SMEAR', '涂片')], help_text='What it is (类型).', max_length=10)),
                ('site', models.CharField(blank=True, help_text='Which part of the specimen (取材位置).', max_length=200)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='PathologyCase',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.CharField(help_text='Readable number to quote on the phone (单号).', max_length=20, unique=True)),
                ('version', models.PositiveIntegerField(default=1, help_text='Counts the steps taken; send it back as expectedVersion (版本).')),
                ('priority', models.PositiveSmallIntegerField(choices=[(1, '立即'), (2, '尽快'), (3, '急'), (4, '常规')], default=4, help_text='How soon an answer is needed (优先级).')),
                ('created_at', models.DateTimeField(help_text='When it was written (填写时间).')),
                ('sent_at', models.DateTimeField(help_text='When the performer first could see it (送达时间).', null=True)),
                ('closed_at', models.DateTimeField(help_text='When nothing remained to be done (结束时间).', null=True)),
                ('error_reported_at', models.DateTimeField(help_text='When the author reported it as entered in error (报错时间).', null=True)),
                ('clock_kind', models.CharField(blank=True, default='', help_text='Which time limit runs now, empty if none (时限种类).', max_length=20)),
                ('clock_holder', models.CharField(blank=True, choices=[('REQUESTER', '转出方'), ('PERFORMER', '接收方'), ('PATIENT', '患者')], default='', help_text='Whose move it is, and so whose delay (时限持有方).', max_length=10)),
                ('clock_started_at', models.DateTimeField(help_text='When the running limit began (计时开始).', null=True)),
                ('due_at', models.DateTimeField(help_text='When the running limit ends (截止时间).', null=True)),
                ('status', models.CharField(choices=[('DRAFT', '草稿'), ('RESERVED', '已预约冰冻'), ('SUBMITTED', '待质检'), ('RETURNED', '质检退回'), ('POOLED', '待认领'), ('ASSIGNED', '已分派'), ('READING', '阅片中'), ('MORE_NEEDED', '待补充材料'), ('PRELIMINARY', '已出初步意见'), ('SECOND_REVIEW', '复核中'), ('ISSUED', '已签发'), ('UNDIAGNOSABLE', '无法诊断'), ('ACKNOWLEDGED', '已确认收悉'), ('RECONCILED', '已回填最终结果'), ('CANCELLED', '已取消')], help_text='Where it stands (状态).', max_length=20)),
                ('kind', models.CharField(choices=[('FROZEN', '术中冰冻'), ('ROUTINE', '常规石蜡'), ('CYTOLOGY', '细胞学'), ('SECOND_OPINION', '二次诊断')], help_text='What is asked (会诊类型).', max_length=14)),
                ('liability', models.CharField(choices=[('CONSULTATION', '会诊：由申请医院出具最终诊断'), ('REMOTE_DIAGNOSIS', '远程诊断：专家报告即为诊断')], help_text='Who answers for the diagnosis (责任模式).', max_length=16)),
                ('history', models.CharField(blank=True, help_text='Clinical history and findings (临床病史).', max_length=4000)),
                ('question', models.CharField(blank=True, help_text='What the lab wants to know (会诊目的).', max_length=1000)),
                ('preliminary_class', models.CharField(blank=True, help_text="The lab's own diagnosis by class, catalogue DIAGNOSTIC_CLASS; NONE is an answer (初步诊断分类).", max_length=20)),
                ('preliminary_diagnosis', models.CharField(blank=True, help_text="The lab's own diagnosis in words (初步诊断).", max_length=1000)),
                ('consent_by', models.CharField(blank=True, help_text='Who consented to share the record (同意人).', max_length=60)),
                ('consent_relation', models.CharField(blank=True, help_text="The consenter's relation to the patient: 本人, 母亲 … (与患者关系).", max_length=20)),
                ('consent_at', models.DateTimeField(help_text='When consent was given (同意时间).', null=True)),
                ('planned_at', models.DateTimeField(help_text='When the frozen section is expected (计划时间).', null=True)),
                ('reservation_confirmed_at', models.DateTimeField(help_text='When the standby expert confirmed, empty until then (预约确认时间).', null=True)),
                ('specimen_received_at', models.DateTimeField(help_text='When the lab received the specimen; fixed when it is submitted (标本接收时间).', null=True)),
                ('submitted_at', models.DateTimeField(help_text='When it was first submitted (提交时间).', null=True)),
                ('assigned_at', models.DateTimeField(help_text='When it came to this pathologist (分派时间).', null=True)),
                ('started_at', models.DateTimeField(help_text='When reading first began (开始阅片时间).', null=True)),
                ('second_agreement', models.CharField(blank=True, choices=[('CONCORDANT', '符合'), ('MINOR', '轻微不符'), ('MAJOR', '重大不符'), ('NOT_COMPARABLE', '无法比较')], default='', help_text='How the second opinion compares with the first, empty until it is given (复核符合程度).', max_length=14)),
                ('undiagnosable_reason', models.CharField(blank=True, help_text='Why no diagnosis is possible, as a code (无法诊断原因).', max_length=40)),
                ('report_version', models.PositiveSmallIntegerField(default=0, help_text='The version of the report in force, 0 while there is none (报告版本).')),
                ('issued_at', models.DateTimeField(help_text='When the first report was signed (签发时间).', null=True)),
                ('conclusion_class', models.CharField(blank=True, help_text="The expert's diagnosis by class (专家诊断分类).", max_length=20)),
                ('conclusion', models.CharField(blank=True, help_text="The expert's conclusion as signed (专家结论).", max_length=4000)),
                ('critical', models.BooleanField(default=False, help_text='Whether the result is critical and must be read back (危急值).')),
                ('acknowledged_at', models.DateTimeField(help_text='When the lab acknowledged the version in force (确认时间).', null=True)),
                ('read_back', models.CharField(blank=True, help_text='The critical result as the lab read it back (危急值复述).', max_length=1000)),
                ('final_class', models.CharField(blank=True, help_text='The final diagnosis by class: paraffin, surgery (最终诊断分类).', max_length=20)),
                ('final_diagnosis', models.CharField(blank=True, help_text='The final diagnosis in words (最终诊断).', max_length=1000)),
                ('reconciled_at', models.DateTimeField(help_text='When the final result was recorded (回填时间).', null=True)),
                ('preliminary_agreement', models.CharField(blank=True, choices=[('CONCORDANT', '符合'), ('MINOR', '轻微不符'), ('MAJOR', '重大不符'), ('NOT_COMPARABLE', '无法比较')], default='', help_text="The lab's diagnosis against the expert's (初诊与专家符合程度).", max_length=14)),
                ('final_agreement', models.CharField(blank=True, choices=[('CONCORDANT', '符合'), ('MINOR', '轻微不符'), ('MAJOR', '重大不符'), ('NOT_COMPARABLE', '无法比较')], default='', help_text="The expert's diagnosis against the final one (专家与最终诊断符合程度).", max_length=14)),
                ('ending', models.CharField(blank=True, choices=[('COMPLETED', '闭环完成'), ('UNDIAGNOSABLE', '无法诊断'), ('CANCELLED', '取消')], default='', help_text='How it ended (结束方式).', max_length=13)),
                ('adjudicator', models.ForeignKey(help_text='The third, who decides when two disagree (仲裁专家).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('assigned_to', models.ForeignKey(help_text='The pathologist who reads and signs (责任专家).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('conclusion_code', models.ForeignKey(help_text="The expert's diagnosis, ICD-10 (诊断编码).", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.concept')),
                ('created_by', models.ForeignKey(help_text='Who wrote it (填写人).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('final_code', models.ForeignKey(help_text='ICD-10 of it (最终诊断编码).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.concept')),
                ('organ', models.ForeignKey(help_text="The organ, catalogue ORGAN; it chooses the report's template (器官).", on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.concept')),
                ('patient', models.ForeignKey(help_text='Whose specimens (患者).', on_delete=django.db.models.deletion.PROTECT, related_name='pathology_cases', to='consortium.patient')),
                ('performer_department', models.ForeignKey(help_text='The department that is asked (接收科室).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.department')),
                ('performer_hospital', models.ForeignKey(help_text='The hospital that is asked (接收医院).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.hospital')),
                ('preliminary_by', models.ForeignKey(help_text='Who made it (初诊医师).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('referral', models.ForeignKey(help_text='The referral that came of it (转出的转诊单).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pathology_cases', to='referrals.referral')),
                ('requester_department', models.ForeignKey(help_text='The sending department (转出科室).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.department')),
                ('requester_hospital', models.ForeignKey(help_text='The sending hospital (转出医院).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.hospital')),
                ('second_reader', models.ForeignKey(help_text='The second reader (复核专家).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('standby_expert', models.ForeignKey(help_text='Who stands by for the frozen section (待命专家).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('subspecialty', models.ForeignKey(help_text='Who should read it, catalogue SUBSPECIALTY; follows from the organ (亚专科).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.concept')),
            ],
        ),
        migrations.CreateModel(
            name='Opinion',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('part', models.CharField(choices=[('PRELIMINARY', '初步意见'), ('FIRST', '首诊意见'), ('SECOND', '复核意见'), ('ADJUDICATION', '仲裁意见')], help_text='In which part (意见类型).', max_length=12)),
                ('diagnostic_class', models.CharField(help_text='By class, catalogue DIAGNOSTIC_CLASS (诊断分类).', max_length=20)),
                ('text', models.CharField(help_text='In words (意见).', max_length=4000)),
                ('given_at', models.DateTimeField(help_text='When it was given (时间).')),
                ('phoned_to', models.CharField(blank=True, help_text='Who took it on the phone (电话接听人).', max_length=60)),
                ('read_back', models.CharField(blank=True, help_text='What the other end read back (电话复述内容).', max_length=1000)),
                ('person', models.ForeignKey(help_text='Whose opinion (专家).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='opinions', to='telemedicine.pathologycase')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='MaterialRequest',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('items', models.JSONField(help_text='Codes of what is asked for, catalogue MATERIAL (所需材料).')),
                ('note', models.CharField(blank=True, help_text='Words beside the items (说明).', max_length=1000)),
                ('due_at', models.DateTimeField(help_text='When it is needed (要求时间).', null=True)),
                ('asked_at', models.DateTimeField(help_text='When it was asked (提出时间).')),
                ('answer', models.CharField(blank=True, help_text="The sender's answer (答复).", max_length=4000)),
                ('answered_at', models.DateTimeField(help_text='When it was answered (答复时间).', null=True)),
                ('case', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='material_requests', to='telemedicine.pathologycase')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='QualityCheck',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('result', models.CharField(choices=[('PASSED', '合格'), ('FAILED', '不合格')], help_text='Whether they can be read (结果).', max_length=6)),
                ('defects', models.JSONField(default=list, help_text='Coded defects, catalogue DEFECT, by slide (缺陷).')),
                ('note', models.CharField(blank=True, help_text='Words beside the defects (说明).', max_length=1000)),
                ('checked_at', models.DateTimeField(help_text='When it was looked at (质检时间).')),
                ('fixed_at', models.DateTimeField(help_text='When the sender mended it, empty until then (整改时间).', null=True)),
                ('fix_note', models.CharField(blank=True, help_text='What the sender did (整改说明).', max_length=1000)),
                ('case', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='quality_checks', to='telemedicine.pathologycase')),
                ('checked_by', models.ForeignKey(help_text='Who looked (质检人).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Recusal',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('reason_code', models.CharField(help_text='Why, as a code of the catalogue DECLINE (原因).', max_length=40)),
                ('declined_at', models.DateTimeField(help_text='When (时间).')),
                ('case', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='recusals', to='telemedicine.pathologycase')),
                ('person', models.ForeignKey(help_text='Who (专家).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Slide',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('barcode', models.CharField(help_text='Barcode of the slide (玻片条码).', max_length=40)),
                ('stain', models.CharField(help_text='Stain, a code of the catalogue STAIN (染色).', max_length=20)),
                ('marker', models.CharField(blank=True, help_text='What an immunohistochemical or special stain shows (标记物).', max_length=40)),
                ('magnification', models.PositiveSmallIntegerField(help_text='Objective of the scan, such as 20 or 40 (扫描倍数).')),
                ('registered_at', models.DateTimeField(help_text='When it was registered (登记时间).')),
                ('block', models.ForeignKey(help_text='What it was cut from (蜡块).', on_delete=django.db.models.deletion.PROTECT, related_name='slides', to='telemedicine.block')),
                ('case', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='slides', to='telemedicine.pathologycase')),
                ('registered_by', models.ForeignKey(help_text='Who registered it (登记人).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='SlideView',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('opened_at', models.DateTimeField(help_text='When it was first opened (首次打开时间).')),
                ('person', models.ForeignKey(help_text='Who (人员).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('slide', models.ForeignKey(help_text='Which slide (切片).', on_delete=django.db.models.deletion.PROTECT, related_name='views', to='telemedicine.slide')),
            ],
        ),
        migrations.CreateModel(
            name='Specimen',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('barcode', models.CharField(help_text='Barcode of the sending lab (标本条码).', max_length=40)),
                ('site', models.CharField(help_text='Where it was taken from (取材部位).', max_length=200)),
                ('procedure', models.CharField(blank=True, help_text='How it was taken (取材方式).', max_length=200)),
                ('gross', models.CharField(blank=True, help_text='What the eye sees (大体所见).', max_length=2000)),
                ('collected_at', models.DateTimeField(help_text='When it was taken (离体时间).', null=True)),
                ('received_at', models.DateTimeField(help_text='When the lab received it (接收时间).')),
                ('case', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='specimens', to='telemedicine.pathologycase')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddField(
            model_name='block',
            name='specimen',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='blocks', to='telemedicine.specimen'),
        ),
        migrations.CreateModel(
            name='Expertise',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('open_limit', models.PositiveSmallIntegerField(help_text='How many unfinished cases of any kind this person takes at most (在办上限).')),
                ('ended_at', models.DateTimeField(help_text='When it ended, empty while it holds (结束时间).', null=True)),
                ('version', models.PositiveIntegerField(default=1, help_text='Counts the changes (版本).')),
                ('department', models.ForeignKey(help_text='For which department (科室).', on_delete=django.db.models.deletion.PROTECT, related_name='expertise', to='consortium.department')),
                ('person', models.ForeignKey(help_text='Who (专家).', on_delete=django.db.models.deletion.PROTECT, related_name='expertise', to=settings.AUTH_USER_MODEL)),
                ('subspecialty', models.ForeignKey(help_text='Catalogue SUBSPECIALTY (亚专科).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.concept')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('department', 'person', 'subspecialty'), name='expertise_once')],
            },
        ),
        migrations.AddIndex(
            model_name='pathologycase',
            index=models.Index(fields=['requester_hospital', '-id'], name='pathology_sent_newest'),
        ),
        migrations.AddIndex(
            model_name='pathologycase',
            index=models.Index(fields=['requester_department', '-id'], name='pathology_dept_sent_newest'),
        ),
        migrations.AddIndex(
            model_name='pathologycase',
            index=models.Index(fields=['performer_hospital', '-id'], name='pathology_received_newest'),
        ),
        migrations.AddIndex(
            model_name='pathologycase',
            index=models.Index(fields=['performer_department', '-id'], name='pathology_dept_received_newest'),
        ),
        migrations.AddIndex(
            model_name='pathologycase',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['due_at'], name='pathology_open_by_deadline'),
        ),
        migrations.AddIndex(
            model_name='pathologycase',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['assigned_to'], name='pathology_open_by_expert'),
        ),
        migrations.AddIndex(
            model_name='pathologycase',
            index=models.Index(fields=['patient'], name='pathology_by_patient'),
        ),
        migrations.AddIndex(
            model_name='pathologycase',
            index=models.Index(fields=['issued_at'], name='pathology_by_issue'),
        ),
        migrations.AddConstraint(
            model_name='pathologycase',
            constraint=models.CheckConstraint(condition=models.Q(('performer_hospital', models.F('requester_hospital')), _negated=True), name='pathology_between_two_hospitals', violation_error_message='申请与会诊医院不能是同一家。'),
        ),
        migrations.AddConstraint(
            model_name='pathologycase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('ending', '')), models.Q(('closed_at__isnull', False), models.Q(('ending', ''), _negated=True)), _connector='OR'), name='pathology_ends_in_some_way'),
        ),
        migrations.AddConstraint(
            model_name='pathologycase',
            constraint=models.CheckConstraint(condition=models.Q(('sent_at__isnull', True), ('performer_department__isnull', False), _connector='OR'), name='pathology_sent_to_somebody'),
        ),
        migrations.AddConstraint(
            model_name='pathologycase',
            constraint=models.CheckConstraint(condition=models.Q(('submitted_at__isnull', True), ('specimen_received_at__isnull', False), _connector='OR'), name='pathology_specimen_time_fixed'),
        ),
        migrations.AddConstraint(
            model_name='pathologycase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['ASSIGNED', 'READING', 'MORE_NEEDED', 'PRELIMINARY', 'SECOND_REVIEW', 'ISSUED', 'UNDIAGNOSABLE', 'ACKNOWLEDGED', 'RECONCILED']), _negated=True), ('assigned_to__isnull', False), _connector='OR'), name='pathology_read_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='pathologycase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('second_reader__isnull', True), models.Q(('second_reader', models.F('assigned_to')), _negated=True), _connector='OR'), models.Q(('adjudicator__isnull', True), models.Q(models.Q(('adjudicator', models.F('assigned_to')), _negated=True), models.Q(('adjudicator', models.F('second_reader')), _negated=True)), _connector='OR')), name='pathology_readers_differ', violation_error_message='复核与仲裁须由另外的专家完成。'),
        ),
        migrations.AddConstraint(
            model_name='pathologycase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('issued_at__isnull', True), ('report_version', 0)), models.Q(('issued_at__isnull', False), ('report_version__gt', 0), models.Q(('conclusion', ''), _negated=True), models.Q(('conclusion_class', ''), _negated=True)), _connector='OR'), name='pathology_report_concludes'),
        ),
        migrations.AddConstraint(
            model_name='recusal',
            constraint=models.UniqueConstraint(fields=('case', 'person'), name='recusal_once'),
        ),
        migrations.AddConstraint(
            model_name='slide',
            constraint=models.UniqueConstraint(fields=('case', 'barcode'), name='slide_once_per_case'),
        ),
        migrations.AddConstraint(
            model_name='slide',
            constraint=models.CheckConstraint(condition=models.Q(('magnification__gte', 1), ('magnification__lte', 100)), name='slide_magnification_plausible', violation_error_message='扫描倍数须在 1 到 100 之间。'),
        ),
        migrations.AddConstraint(
            model_name='slideview',
            constraint=models.UniqueConstraint(fields=('slide', 'person'), name='slide_view_once'),
        ),
        migrations.AddConstraint(
            model_name='specimen',
            constraint=models.UniqueConstraint(fields=('case', 'barcode'), name='specimen_once_per_case'),
        ),
        migrations.AddConstraint(
            model_name='block',
            constraint=models.UniqueConstraint(fields=('specimen', 'barcode'), name='block_once_per_specimen'),
        ),
    ]
