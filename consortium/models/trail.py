"""What happened, who must hear of it, and what was answered: rows written once, in the transaction of the step."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext_lazy as _

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


class Purpose(models.TextChoices):
    """Why something was looked at or done (目的); PIPL asks for one with every use of a patient's data."""

    TREATMENT = "TREATMENT", _("诊疗")
    BREAK_GLASS = "BREAK_GLASS", _("紧急调阅")
    STATISTICS = "STATISTICS", _("统计")
    ADMINISTRATION = "ADMINISTRATION", _("管理")
    AUDIT = "AUDIT", _("审计")


class AuditEntry(Row):
    """One disclosure or act (审计记录); append-only, and chained when its transaction ends, see `AuditLink`."""

    action = models.CharField(max_length=40, help_text="The act, in the name of its step or reading (行为).")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who; empty for the clock (人员).",
    )
    actor_role = models.CharField(max_length=20, choices=Role.choices, blank=True)
    actor_hospital = models.ForeignKey(
        "consortium.Hospital", models.PROTECT, null=True, related_name="+", help_text="For which hospital (所属医院)."
    )
    purpose = models.CharField(max_length=40, help_text="Why (目的).")
    object_kind = models.CharField(max_length=20, help_text="What kind of thing it was about (对象种类).")
    object_id = models.CharField(max_length=36, help_text="Which one, empty for a list (对象).")
    objects_seen = ArrayField(
        models.UUIDField(), default=list, db_default=[], help_text="The rows of a list (列表对象)."
    )
    patient = models.ForeignKey(
        "consortium.Patient", models.PROTECT, null=True, related_name="+", help_text="Whose data, if one's (患者)."
    )
    patients = ArrayField(models.UUIDField(), default=list, db_default=[], help_text="Whom a list named (列表患者).")
    # Written by a trigger: the hospitals that registered these patients.
    hospitals = ArrayField(models.UUIDField(), default=list, db_default=[], editable=False)
    at = models.DateTimeField(help_text="When (时间).")
    request_id = models.CharField(max_length=36, blank=True, help_text="The request that caused it (请求编号).")

    class Meta:
        indexes = [
            models.Index(fields=["patient", "id"], name="audit_by_patient"),
            models.Index(fields=["actor", "id"], name="audit_by_actor"),
            models.Index(fields=["actor_hospital", "id"], name="audit_by_hospital"),
            GinIndex(fields=["hospitals"], name="audit_of_hospitals"),
            GinIndex(fields=["patients"], name="audit_of_lists", condition=~models.Q(patients=[])),
        ]


class AuditLink(models.Model):
    """The place of an entry in the chain of its hospital (审计链); written by a trigger when the transaction ends."""

    entry = models.OneToOneField(AuditEntry, models.PROTECT, primary_key=True, related_name="link", db_constraint=False)
    chain = models.CharField(max_length=36, help_text="The acting person's hospital, PEOPLE or SYSTEM (链).")
    sequence = models.BigIntegerField(help_text="Its place, from 1, without gaps (序号).")
    previous = models.BinaryField(help_text="SHA-256 of the link before, zeros for the first (前一哈希).")
    hash = models.BinaryField(help_text="SHA-256 of its content, see `consortium.chain.digest` (哈希).")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain", "sequence"], name="audit_link_once")]

    def __str__(self) -> str:
        return f"{self.chain} {self.sequence}"


class AuditChain(models.Model):
    """How far a chain was sealed and verified, and what was found (审计链状态); the proof is in the heads outside."""

    class State(models.TextChoices):
        """What the last look found."""

        INTACT = "INTACT", _("完整")
        BROKEN = "BROKEN", _("被改动")

    chain = models.CharField(max_length=36, primary_key=True, help_text="Hospital, PEOPLE or SYSTEM (链).")
    hospital = models.OneToOneField(
        "consortium.Hospital", models.PROTECT, null=True, related_name="+", help_text="Whose chain it is (医院)."
    )
    sealed_sequence = models.BigIntegerField(default=0, help_text="The last signed head (已签封序号).")
    sealed_at = models.DateTimeField(null=True, help_text="When it was signed (签封时间).")
    verified_sequence = models.BigIntegerField(default=0, help_text="How far it was recomputed (已核验序号).")
    verified_at = models.DateTimeField(null=True, help_text="When it was recomputed (核验时间).")
    state = models.CharField(max_length=8, choices=State.choices, help_text="What was found (状态).")
    fault = models.CharField(max_length=20, blank=True, help_text="The kind of the first fault (问题).")
    fault_sequence = models.BigIntegerField(null=True, help_text="Where the first fault is (问题位置).")

    def __str__(self) -> str:
        return self.chain


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
