"""Asking the other side of a case for coded items, and its answer; the limit moves to who is asked."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import clocks, registry
from consortium.errors import Code, Refused, checked
from consortium.models import Enquiry, ServiceRequest
from consortium.trail import Move


def ask(
    enquiry: Enquiry,
    case: ServiceRequest,
    move: Move,
    *,
    catalogue: str,
    limit: str,
    items: list[str],
    note: str,
    due_at: datetime | None,
) -> None:
    """Store what is asked for, by the codes of a catalogue, and until when; by the registry's limit if not given."""
    if not items:
        raise Refused(Code.INVALID_INPUT, _("请至少选择一项需要补充的资料。"), field="items")
    wanted = registry.concepts(f"REASON/{catalogue}", items, on=timezone.localdate(move.now), field="items")
    if any(item.comment_required for item in wanted) and not note.strip():
        raise Refused(Code.COMMENT_REQUIRED, _("选择“其他”时，请写明需要什么资料。"), field="note")
    if due_at and due_at <= move.now:
        raise Refused(Code.INVALID_INPUT, _("要求时间必须晚于现在。"), field="dueAt")
    move.limit(limit, due_at)
    enquiry.items, enquiry.note = [item.code for item in wanted], note.strip()
    enquiry.due_at, enquiry.asked_at = due_at or clocks.due(case, limit, now=move.now), move.event_at
    checked(enquiry).save()


def answer(enquiries: Any, move: Move, text: str) -> None:
    """Store the answer to the enquiry that is open; INVALID_INPUT without words."""
    if not text.strip():
        raise Refused(Code.INVALID_INPUT, _("请写明补充的内容。"), field="answer")
    asked: Enquiry = enquiries.filter(answered_at__isnull=True).latest("id")
    asked.answer, asked.answered_at = text.strip(), move.event_at
    checked(asked).save()
