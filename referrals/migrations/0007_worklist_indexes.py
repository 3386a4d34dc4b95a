"""An index for each place that a worklist is about and each order of it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from referrals.models.order import Deadline


class Migration(migrations.Migration):
    """Built while everybody works."""

    atomic = False
    dependencies = [
        ("consortium", "0017_no_clear_numbers"),
        ("referrals", "0006_exports"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='offer',
            index=models.Index(fields=['requester_hospital', '-id'], name='offer_sent_newest'),
        ),
        AddIndexConcurrently(
            model_name='offer',
            index=models.Index(fields=['requester_department', '-id'], name='offer_dept_sent_newest'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(models.F('requester_hospital'), models.F('priority'), Deadline(), models.F('id'), name='referral_sent_urgent'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(models.F('requester_hospital'), Deadline(), models.F('id'), name='referral_sent_due'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['requester_hospital', '-id'], name='open_sent_newest'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(models.F('requester_hospital'), models.F('priority'), Deadline(), models.F('id'), condition=models.Q(('closed_at__isnull', True)), name='open_sent_urgent'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(models.F('requester_hospital'), Deadline(), models.F('id'), condition=models.Q(('closed_at__isnull', True)), name='open_sent_due'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(models.F('requester_department'), models.F('priority'), Deadline(), models.F('id'), name='referral_dept_sent_urgent'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(models.F('requester_department'), Deadline(), models.F('id'), name='referral_dept_sent_due'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['requester_department', '-id'], name='open_dept_sent_newest'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(models.F('requester_department'), models.F('priority'), Deadline(), models.F('id'), condition=models.Q(('closed_at__isnull', True)), name='open_dept_sent_urgent'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(models.F('requester_department'), Deadline(), models.F('id'), condition=models.Q(('closed_at__isnull', True)), name='open_dept_sent_due'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(models.F('performer_hospital'), models.F('priority'), Deadline(), models.F('id'), name='referral_received_urgent'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(models.F('performer_hospital'), Deadline(), models.F('id'), name='referral_received_due'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['performer_hospital', '-id'], name='open_received_newest'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(models.F('performer_hospital'), models.F('priority'), Deadline(), models.F('id'), condition=models.Q(('closed_at__isnull', True)), name='open_received_urgent'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(models.F('performer_hospital'), Deadline(), models.F('id'), condition=models.Q(('closed_at__isnull', True)), name='open_received_due'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(models.F('performer_department'), models.F('priority'), Deadline(), models.F('id'), name='referral_dept_received_urgent'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(models.F('performer_department'), Deadline(), models.F('id'), name='referral_dept_received_due'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['performer_department', '-id'], name='open_dept_received_newest'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(models.F('performer_department'), models.F('priority'), Deadline(), models.F('id'), condition=models.Q(('closed_at__isnull', True)), name='open_dept_received_urgent'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(models.F('performer_department'), Deadline(), models.F('id'), condition=models.Q(('closed_at__isnull', True)), name='open_dept_received_due'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(fields=['created_by', '-id'], name='referral_written_newest'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(fields=['claimed_by', '-id'], name='referral_claimed_newest'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(fields=['requester_hospital', 'status', '-id'], name='referral_sent_status'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(fields=['requester_department', 'status', '-id'], name='referral_dept_sent_status'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(fields=['performer_hospital', 'status', '-id'], name='referral_received_status'),
        ),
        AddIndexConcurrently(
            model_name='referral',
            index=models.Index(fields=['performer_department', 'status', '-id'], name='referral_dept_received_status'),
        ),
    ]
