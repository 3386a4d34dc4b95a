"""Subscriptions on the wire: who hears of which events, and what is told of each.

All are views of the one feed of events. A new one is a field, a resolver, and a `Topic` that says which events its
reader may hear of.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import graphene
from django.db.models import Exists, OuterRef, Q, QuerySet

from consortium import access
from consortium.access import Actor
from consortium.errors import Refused
from consortium.models import Event, Notice, ServiceRequest
from referrals.models import Case, Offer, Referral
from referrals.worklist import Box, worklist
from schema import ids, reads
from schema.base import OWN, Plain, Rule
from schema.green import READERS as CALLED
from schema.green import OfferType, heard
from schema.pathology import PathologyCaseType
from schema.pathology_reads import READERS as READERS_OF_SLIDES
from schema.pathology_reads import TrayEnum
from schema.people import NoticeType
from schema.referrals import CaseType, EventType, ReferralType, shown
from schema.worklist import READERS, BoxEnum, disclosed
from telemedicine.models import PathologyCase
from telemedicine.worklist import Tray
from telemedicine.worklist import worklist as pathology_worklist

Hearing = Callable[..., QuerySet[Event]]
Glance = Callable[[Sequence[Event]], Callable[[Actor, Event], bool]]


def no_glance(events: Sequence[Event]) -> Callable[[Actor, Event], bool]:
    """Spare nobody the gate."""
    return lambda by, event: True


def nothing_lost(by: Actor, **arguments: Any) -> Refused | None:
    """Let the subscription stand as long as its rule does."""
    return None


@dataclass(frozen=True)
class Topic:
    """What one subscription is about.

    `heard` is the gate: of some events, those that the actor may hear of now. `glance` is a cheap first look at some
    events for all readers at once, which may only leave out what the gate would. `lost` says why the subscription
    cannot stand (any more).
    """

    rule: Rule
    heard: Hearing
    glance: Glance = no_glance
    lost: Callable[..., Refused | None] = nothing_lost


class WorklistChange(Plain):
    """A step on a referral of a box."""

    referral = graphene.Field(ReferralType, required=True, description="The referral as it is now, as in `worklist`.")
    in_box = graphene.Boolean(required=True, description="False if the step took it out of the box.")
    event = graphene.Field(EventType, required=True, description="The step (事件).")


class CaseChange(Plain):
    """A step on a leg of a case."""

    case = graphene.Field(CaseType, required=True, description="The case as it is now, as in `case`.")
    event = graphene.Field(EventType, required=True, description="The step (事件).")


class OfferChange(Plain):
    """A step on an offer of the green channel."""

    offer = graphene.Field(OfferType, required=True, description="The offer as it is now, as in `offers`.")
    event = graphene.Field(EventType, required=True, description="The step (事件).")


class PathologyWorklistChange(Plain):
    """A step on a pathology case of a box."""

    pathology_case = graphene.Field(
        PathologyCaseType, required=True, description="The case as it is now, as in `pathologyWorklist`."
    )
    in_box = graphene.Boolean(required=True, description="False if the step took it out of the box.")
    event = graphene.Field(EventType, required=True, description="The step (事件).")


class PathologyCaseChange(Plain):
    """A step on a pathology case."""

    pathology_case = graphene.Field(
        PathologyCaseType, required=True, description="The case as it is now, as in `pathologyCase`."
    )
    event = graphene.Field(EventType, required=True, description="The step (事件).")


def of_rows(events: QuerySet[Event], rows: QuerySet[Any], *, by: Actor, box: str) -> QuerySet[Event]:
    """Events of a box's rows; IN from the sending on, MINE also if the actor once acted and still sees it."""
    rows = rows.filter(pk=OuterRef("subject_id"))
    if box == Box.IN.value:
        rows = rows.filter(sent_at__lte=OuterRef("recorded_at"))
    kept = Exists(rows)
    if box == Box.MINE.value:
        seen = Exists(access.visible(by, rows.model).filter(pk=OuterRef("subject_id")))
        acted = Event.objects.filter(subject_id=OuterRef("subject_id"), actor=by.person)
        kept = kept | Q(seen, Exists(acted))  # type: ignore[assignment]
    return events.filter(kept, subject_kind=rows.model.KIND)


def in_worklist(events: QuerySet[Event], *, by: Actor, now: datetime, box: Any) -> QuerySet[Event]:
    """Events of referrals in a box."""
    return of_rows(events, worklist(by=by, box=Box(box.value), now=now), by=by, box=box.value)


def in_pathology_worklist(events: QuerySet[Event], *, by: Actor, now: datetime, box: Any) -> QuerySet[Event]:
    """Events of pathology cases in a box; what leaves the pool is heard of too, so POOL hears what IN hears."""
    wide = Tray.IN if Tray(box.value) is Tray.POOL else Tray(box.value)
    return of_rows(events, pathology_worklist(by=by, box=wide, now=now), by=by, box=wide.value)


def of_pathology_case(events: QuerySet[Event], *, by: Actor, now: datetime, id: str) -> QuerySet[Event]:
    """Events of one pathology case that the actor sees."""
    seen = Exists(access.visible(by, PathologyCase).filter(pk=OuterRef("subject_id")))
    return events.filter(seen, subject_kind=PathologyCase.KIND, subject_id=ids.decode(id, "PathologyCase"))


def pathology_case_lost(by: Actor, *, id: str) -> Refused | None:
    """NOT_FOUND for whoever does not see the pathology case."""
    seen = access.visible(by, PathologyCase).filter(pk=ids.decode(id, "PathologyCase")).exists()
    return None if seen else access.not_found()


def of_case(events: QuerySet[Event], *, by: Actor, now: datetime, id: str) -> QuerySet[Event]:
    """Events of the legs of one case that the actor sees."""
    seen = Exists(access.visible(by, Referral).filter(pk=OuterRef("subject_id")))
    return events.filter(seen, subject_kind=Referral.KIND, thread_id=ids.decode(id, "Case"))


def case_lost(by: Actor, *, id: str) -> Refused | None:
    """NOT_FOUND for whoever does not see the case."""
    seen = access.visible(by, Case).filter(pk=ids.decode(id, "Case")).exists()
    return None if seen else access.not_found()


def of_offers(events: QuerySet[Event], *, by: Actor, now: datetime) -> QuerySet[Event]:
    """Events of the offers that the actor sees: of the own side's calls, and of the calls that reach it."""
    seen = Exists(access.visible(by, Offer).filter(pk=OuterRef("subject_id")))
    return events.filter(seen, subject_kind=Offer.KIND)


def noticed(events: QuerySet[Event], *, by: Actor, now: datetime) -> QuerySet[Event]:
    """Events of which the actor has a notice."""
    return events.filter(Exists(Notice.objects.filter(event=OuterRef("pk"), person=by.person)))


PARTIES = ("created_by", "requester_hospital", "requester_department", "performer_hospital", "performer_department")


def glance_at(model: type[ServiceRequest]) -> Glance:
    """A first look at the parties of cases of one kind, read once for all readers."""

    def glance(events: Sequence[Event]) -> Callable[[Actor, Event], bool]:
        about = {event.subject_id for event in events if event.subject_kind == model.KIND}
        cases = model._default_manager.only(*PARTIES).in_bulk(about)

        def may_concern(by: Actor, event: Event) -> bool:
            case = cases.get(event.subject_id)
            return case is not None and access.may_concern(by, case)

        return may_concern

    return glance


glance_at_referrals, glance_at_offers = glance_at(Referral), glance_at(Offer)
glance_at_pathology = glance_at(PathologyCase)


def glance_at_notices(events: Sequence[Event]) -> Callable[[Actor, Event], bool]:
    """By the people who have a notice, read once."""
    told: set[tuple[UUID, int]] = set(
        Notice.objects.filter(event__in=[event.pk for event in events]).values_list("event_id", "person_id")
    )
    return lambda by, event: by.person is not None and (event.pk, by.person.pk) in told


TOPICS: dict[str, Topic] = {
    "worklist_changed": Topic(READERS, in_worklist, glance_at_referrals),
    "case_changed": Topic(READERS, of_case, glance_at_referrals, case_lost),
    "offers_changed": Topic(CALLED, of_offers, glance_at_offers),
    "pathology_worklist_changed": Topic(READERS_OF_SLIDES, in_pathology_worklist, glance_at_pathology),
    "pathology_case_changed": Topic(READERS_OF_SLIDES, of_pathology_case, glance_at_pathology, pathology_case_lost),
    "notices_received": Topic(OWN, noticed, glance_at_notices),
}


class Subscription:
    """What is told while it happens; each event is read anew through the gates of queries."""

    worklist_changed = graphene.Field(
        WorklistChange,
        required=True,
        box=BoxEnum(required=True, description="IN, OUT or MINE."),
        description="Each step on a referral of the box; names are masked.",
    )
    case_changed = graphene.Field(
        CaseChange,
        required=True,
        id=graphene.ID(required=True, description="The case's global id."),
        description="Each step on a leg of one case that you see; each reading is on the audit trail.",
    )
    offers_changed = graphene.Field(
        OfferChange,
        required=True,
        description="Each step on an offer of your side's calls, and of the calls that reach you; nobody is named.",
    )
    pathology_worklist_changed = graphene.Field(
        PathologyWorklistChange,
        required=True,
        box=TrayEnum(required=True, description="IN, OUT, POOL or MINE."),
        description="Each step on a pathology case of the box; names are masked.",
    )
    pathology_case_changed = graphene.Field(
        PathologyCaseChange,
        required=True,
        id=graphene.ID(required=True, description="The case's global id."),
        description="Each step on one pathology case that you see; each reading is on the audit trail.",
    )
    notices_received = graphene.Field(NoticeType, required=True, description="Each notice to you.")

    def resolve_worklist_changed(self: Any, info: Any, box: Any) -> WorklistChange:
        """The referral of the event, through the gate."""
        by, now = info.context.actor, info.context.now
        row = reads.one(access.visible(by, Referral), self.subject_id, info, below="referral")
        if row is None:
            raise access.not_found()
        inside = worklist(by=by, box=Box(box.value), now=now).filter(pk=row.pk).exists()
        return WorklistChange(referral=row, in_box=inside, event=told(self, info, full=row.full_view))

    def resolve_case_changed(self: Any, info: Any, id: str) -> CaseChange:
        """The case of the event, through the gate and on the audit trail."""
        info.context.singles.add(reads.root_of(info.path))
        by = info.context.actor
        row = reads.one(access.visible(by, Case), self.thread_id, info, below="case")
        disclosed(info, row, "read_case", row.patient_id if row else None)
        full = access.visible_in_full(by, Referral).filter(pk=self.subject_id).exists()
        return CaseChange(case=row, event=told(self, info, full=full))

    def resolve_offers_changed(self: Any, info: Any) -> OfferChange:
        """The offer of the event, through the gate."""
        rows = access.visible(info.context.actor, Offer).select_related("referral__case__patient")
        row = reads.one(rows, self.subject_id, info, below="offer")
        if row is None:
            raise access.not_found()
        return OfferChange(offer=row, event=heard(told(self, info, full=row.full_view), row))

    def resolve_pathology_worklist_changed(self: Any, info: Any, box: Any) -> PathologyWorklistChange:
        """The case of the event, through the gate."""
        by, now = info.context.actor, info.context.now
        row = reads.one(access.visible(by, PathologyCase), self.subject_id, info, below="pathology_case")
        if row is None:
            raise access.not_found()
        inside = pathology_worklist(by=by, box=Tray(box.value), now=now).filter(pk=row.pk).exists()
        return PathologyWorklistChange(pathology_case=row, in_box=inside, event=told(self, info, full=row.full_view))

    def resolve_pathology_case_changed(self: Any, info: Any, id: str) -> PathologyCaseChange:
        """The case of the event, through the gate and on the audit trail."""
        info.context.singles.add(reads.root_of(info.path))
        seen = access.visible(info.context.actor, PathologyCase)
        row = reads.one(seen, self.subject_id, info, below="pathology_case")
        disclosed(info, row, "read_pathology", row.patient_id if row else None)
        return PathologyCaseChange(pathology_case=row, event=told(self, info, full=row.full_view))

    def resolve_notices_received(self: Any, info: Any) -> Notice:
        """The notice of the event to this person."""
        rows = Notice.objects.filter(event=self.pk, person=info.context.actor.person)
        notice = reads.plan(rows, info).first()
        if notice is None:
            raise access.not_found()
        return notice


def told(event: Event, info: Any, *, full: bool) -> Event:
    """The event with what the selection needs."""
    return shown(reads.one(Event.objects.all(), event.pk, info, below="event"), full)
