"""What happened, who must hear of it, and what was answered: rows written once, in the transaction of the step."""

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from consortium.models.base import Row
from consortium.roles import Role


class TransactionId(models.Field):
    """The number of a transaction (xid8), which never comes round again; the database writes it."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """The type of PostgreSQL."""
        return "xid8"


class Event(Row):
    """One step of one case (事件); append-only, a trigger refuses change and deletion."""

    kind = models.CharField(max_length=40, help_text="The step, in the name of its action (步骤).")
    subject_kind = models.CharField(max_length=20, help_text="What kind of case (对象种类).")
    subject_id = models.UUIDField(help_text="The case it happened to.")
    thread_id = models.UUIDField(help_text="What ties cases together: the patient's episode.")
    version = models.PositiveIntegerField(help_text="The version that the step made (版本).")
    from_status = models.CharField(max_length=20, blank=True, help_text="State before, empty at the start (原状态).")
    to_status = models.CharField(max_length=20, help_text="State after (新状态).")
    event_at = models.DateTimeField(help_text="When it happened (发生时间).")
    recorded_at = models.DateTimeField(help_text="When it was recorded (记录时间).")
    backdating_reason = models.CharField(
        max_length=40, blank=True, help_text="Why it was recorded late, as a code (补记原因)."
    )
    backdating_comment = models.CharField(
        max_length=1000, blank=True, default="", db_default="", help_text="Words beside that code (补记说明)."
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who did it; empty for the clock (操作人).",
    )
    actor_role = models.CharField(
        max_length=20, choices=Role.choices, blank=True, help_text="In which role (以何角色)."
    )
    actor_hospital = models.ForeignKey(
        "consortium.Hospital", models.PROTECT, null=True, related_name="+", help_text="For which hospital (所属医院)."
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="The specialist whose decision the office entered (代录专家).",
    )
    reason_code = models.CharField(max_length=40, blank=True, help_text="Coded reason, where one is due (原因代码).")
    comment = models.CharField(max_length=1000, blank=True, help_text="Words beside the reason (说明).")
    detail = models.JSONField(default=dict, help_text="What else the step fixed (细节).")
    request_id = models.CharField(max_length=36, blank=True, help_text="The request that caused it (请求编号).")
    tx = TransactionId(
        db_default=models.Func(function="pg_current_xact_id"),
        editable=False,
        help_text="The transaction that wrote it, for readers that must miss none (事务号).",
    )

    class Meta:
        indexes = [
            models.Index(fields=["tx", "id"], name="event_in_order"),
            models.Index(fields=["thread_id", "id"], name="event_by_thread"),
            models.Index(fields=["subject_id", "id"], name="event_by_subject"),
        ]


class AuditEntry(Row):
    """One disclosure or act (审计记录); append-only."""

    action = models.CharField(max_length=40)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    actor_role = models.CharField(max_length=20, choices=Role.choices, blank=True)
    actor_hospital = models.ForeignKey("consortium.Hospital", models.PROTECT, null=True, related_name="+")
    purpose = models.CharField(max_length=40)
    object_kind = models.CharField(max_length=20)
    object_id = models.CharField(max_length=36)
    patient = models.ForeignKey("consortium.Patient", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    request_id = models.CharField(max_length=36, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["patient", "id"], name="audit_by_patient"),
            models.Index(fields=["actor", "id"], name="audit_by_actor"),
        ]


class Notice(Row):
    """One person must hear of one event (通知); it carries no name and no diagnosis."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="notices", help_text="What it is about (事件).")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="notices", help_text="Who must hear (接收人)."
    )
    created_at = models.DateTimeField(help_text="When it was written (生成时间).")
    read_at = models.DateTimeField(null=True, help_text="When it was read, empty until then (阅读时间).")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "person"], name="notice_once_per_event")]
        indexes = [models.Index(fields=["person", "-id"], name="notice_by_person")]


class IdempotencyKey(Row):
    """The answer to a mutation under its key, so that a repeated request has one effect (幂等键)."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=64)
    fingerprint = models.BinaryField(max_length=32)
    answer = models.JSONField(null=True)
    subject_model = models.CharField(max_length=60, blank=True)
    subject_id = models.CharField(max_length=36, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="idempotency_key_once")]
