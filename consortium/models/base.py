"""What every stored row and every case has in common."""

import secrets
import time
from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any, ClassVar
from uuid import UUID

from django.apps import apps
from django.db import models
from django.utils.translation import gettext_lazy as _

DAY = 86_400_000  # milliseconds


def uuid7() -> UUID:
    """A time-ordered identifier (RFC 9562, version 7, the sub-millisecond part in `rand_a`)."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = rest * 4096 // 1_000_000
    return UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | secrets.randbits(62))


def not_before(keys: Iterable[UUID]) -> UUID:
    """The least key that a row can have which was made after all that have these keys began to be.

    A day is allowed for clocks that differ; what has no key of version 7 could have been made at any time.
    """
    known = list(keys)
    if not known or any(key.version != 7 for key in known):
        return UUID(int=0)
    return UUID(int=max(0, min(key.int for key in known) - (DAY << 80)))


class Row(models.Model):
    """A row whose key says nothing but the moment of its making."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True


class Enquiry(Row):
    """What one side of a case still needs of the other, as codes and words, and the answer."""

    note = models.CharField(max_length=1000, blank=True, help_text="Words beside the items (说明).")
    due_at = models.DateTimeField(null=True, help_text="When it is needed (要求时间).")
    asked_at = models.DateTimeField(help_text="When it was asked (提出时间).")
    answer = models.CharField(max_length=4000, blank=True, help_text="The sender's answer (答复).")
    answered_at = models.DateTimeField(null=True, help_text="When it was answered (答复时间).")

    items: Any

    class Meta:
        abstract = True
        ordering = ["id"]


class Priority(models.IntegerChoices):
    """How soon an answer is needed (FHIR request priority), the most urgent first."""

    STAT = 1, _("立即")
    ASAP = 2, _("尽快")
    URGENT = 3, _("急")
    ROUTINE = 4, _("常规")


class Side(models.TextChoices):
    """The parties of a case (FHIR requester, performer); a clock is held by one of them."""

    REQUESTER = "REQUESTER", _("转出方")
    PERFORMER = "PERFORMER", _("接收方")
    PATIENT = "PATIENT", _("患者")


class Trail:
    """The events or the clocks of one case, in order: read and prefetched as a relation is, for every kind of case.

    `key` is the column that names it: `thread_id` for those of a whole episode.
    """

    def __init__(self, case: Row, name: str, model: str, *, key: str = "subject_id") -> None:
        self.case, self.name, self.model, self.key = case, name, model, key

    def all(self) -> Any:
        """The rows, from what was prefetched if they were."""
        kept = getattr(self.case, "_prefetched_objects_cache", {})
        return kept[self.name] if self.name in kept else self.get_queryset()

    def get_queryset(self) -> Any:
        """The rows of this case."""
        return self._apply_rel_filters(self._rows())

    def _rows(self) -> Any:
        return apps.get_model("consortium", self.model).objects.all()

    def _apply_rel_filters(self, rows: Any) -> Any:
        return rows.filter(**{self.key: self.case.pk}, **self._since([self.case.pk])).order_by("id")

    def _since(self, keys: list[UUID]) -> dict[str, UUID]:
        """Of events, which lie by months, only those months are asked in which there can be any."""
        return {"id__gte": not_before(keys)} if self.model == "Event" else {}

    def get_prefetch_querysets(self, cases: list[Any], querysets: list[Any] | None = None) -> tuple[Any, ...]:
        """What `prefetch_related` asks of a relation: the rows of many cases, and how they belong together."""
        rows = querysets[0] if querysets else self._rows()
        keys = [case.pk for case in cases]
        rows = rows.filter(**{f"{self.key}__in": keys}, **self._since(keys)).order_by("id")
        return rows, attrgetter(self.key), attrgetter("pk"), False, self.name, False


class ServiceRequest(Row):
    """One hospital asks another for something about one patient (FHIR ServiceRequest, 服务申请): any case.

    `lifecycle` alone assigns `status`; `version` counts the steps; `closed_at` is empty exactly while it is open.
    """

    KIND: ClassVar[str]  # its name in events
    ARMS: ClassVar[tuple[Any, ...]]  # how its rows become visible, see `access.Arm`
    VIEWED_BY: ClassVar[dict[Side, str]]  # the permission to read it, by side
    LOADED: ClassVar[tuple[str, ...]]  # relations read together with it
    OF_PATIENT: ClassVar[str]  # the path to the patient it is about
    OPENS: ClassVar[bool] = False  # whether emergency access to its patient opens it
    LOCKED: ClassVar[tuple[str, ...]] = ()  # rows locked before it, the widest first
    ENDS: ClassVar[frozenset[str]] = frozenset()  # the points at which every limit that runs ends with it
    VOID: ClassVar[frozenset[str]] = frozenset()  # the points that take it out of every statistic
    objects: ClassVar[Any]
    status: str

    number = models.CharField(max_length=20, unique=True, help_text="Readable number to quote on the phone (单号).")
    version = models.PositiveIntegerField(
        default=1, help_text="Counts the steps taken; send it back as expectedVersion (版本)."
    )
    priority = models.PositiveSmallIntegerField(
        choices=Priority.choices, default=Priority.ROUTINE, help_text="How soon an answer is needed (优先级)."
    )
    requester_hospital = models.ForeignKey(
        "consortium.Hospital",
        models.PROTECT,
        db_index=False,
        related_name="+",
        help_text="The sending hospital (转出医院).",
    )
    requester_department = models.ForeignKey(
        "consortium.Department",
        models.PROTECT,
        db_index=False,
        related_name="+",
        help_text="The sending department (转出科室).",
    )
    performer_hospital = models.ForeignKey(
        "consortium.Hospital",
        models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        help_text="The hospital that is asked (接收医院).",
    )
    performer_department = models.ForeignKey(
        "consortium.Department",
        models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        help_text="The department that is asked (接收科室).",
    )
    created_by = models.ForeignKey(
        "consortium.Person", models.PROTECT, related_name="+", help_text="Who wrote it (填写人)."
    )
    created_at = models.DateTimeField(help_text="When it was written (填写时间).")
    sent_at = models.DateTimeField(null=True, help_text="When the performer first could see it (送达时间).")
    closed_at = models.DateTimeField(null=True, help_text="When nothing remained to be done (结束时间).")
    error_reported_at = models.DateTimeField(
        null=True, help_text="When the author reported it as entered in error (报错时间)."
    )
    clock_kind = models.CharField(
        max_length=20, blank=True, default="", help_text="Which time limit runs now, empty if none (时限种类)."
    )
    clock_holder = models.CharField(
        max_length=10,
        choices=Side.choices,
        blank=True,
        default="",
        help_text="Whose move it is, and so whose delay (时限持有方).",
    )
    clock_started_at = models.DateTimeField(null=True, help_text="When the running limit began (计时开始).")
    due_at = models.DateTimeField(null=True, help_text="When the running limit ends (截止时间).")

    class Meta:
        abstract = True

    @property
    def events(self) -> Trail:
        """What happened to it."""
        return Trail(self, "events", "Event")

    @property
    def runs(self) -> Trail:
        """The time limits that ran on it, and that run."""
        return Trail(self, "runs", "ClockRun")

    @property
    def open(self) -> bool:
        """Whether anybody still has something to do here."""
        return self.closed_at is None

    @property
    def thread_id(self) -> UUID:
        """What ties it to other cases of the same story; itself, if nothing does."""
        return self.pk

    @property
    def patient_id(self) -> UUID | None:
        """Whose case it is, if it is about a patient."""
        return None

    def get_status_display(self) -> str:
        """The state in the reader's language; a case type's choices replace it."""
        return self.status

    @property
    def silent_since(self) -> datetime | None:
        """From when no limit may run and nobody may be reminded, though the case is open; empty if all may."""
        return None

    @property
    def emergency(self) -> str:
        """The kind of green channel it goes by, as a code of the registry; empty if it is none."""
        return ""

    def after_step(self, move: Any) -> None:
        """What must follow every step of this kind of case, in the same transaction."""
