"""Bugs planted on purpose in the gate: each must be found by the drill, or the drill proves nothing."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

from django.conf import settings
from django.db import connection, transaction
from django.db.models import BooleanField, Q, Value

from consortium import access
from consortium.access import Reach
from consortium.database import acting
from consortium.database.prepared import Standing
from consortium.errors import Code, Refused
from consortium.models import Side
from referrals.models import Offer, Referral
from schema import cuts, engine, reads
from schema import pathology_reads as trays
from schema import worklist as lists
from schema.pathology import PathologyCaseType
from schema.reads import Through
from schema.referrals import CaseType, ReferralType
from telemedicine import annotations, viewing
from telemedicine.models import Annotation, Opinion, PathologyCase, Slide

Plant = Callable[[], Any]


def all_of(model: type[Any]) -> Any:
    """Every row of a case type, seen in full."""
    return model.objects.annotate(full_view=Value(True, BooleanField())).order_by("id")


def open_gate(*models: type[Any]) -> Any:
    """The gate without its condition, for these case types or for all."""
    closed = access.visible

    def visible(by: Any, rows: Any) -> Any:
        queryset = rows if hasattr(rows, "query") else rows._default_manager.all()
        if models and queryset.model not in models:
            return closed(by, rows)
        return queryset.annotate(full_view=Value(True, BooleanField()))

    return mock.patch.object(access, "visible", visible)


def arm(model: type[Any], number: int, **changes: Any) -> Any:
    """One way of seeing a case type, changed."""
    arms = list(model.ARMS)
    arms[number] = replace(arms[number], **changes)
    return mock.patch.object(model, "ARMS", tuple(arms))


def running(*, starts: bool, ends: bool) -> Any:
    """Roles that count before they start, or after they end."""

    def condition(now: Any) -> Q:
        begun = Q(starts_at__lte=now) if starts else Q()
        left = Q(ends_at__isnull=True) | Q(ends_at__gt=now) if ends else Q()
        return begun & left & Q(person__is_active=True)

    return mock.patch.object(access, "running", condition)


def hospital_wide() -> Any:
    """A department's role that reaches the whole hospital."""

    def reach(self: Any, permission: str) -> Reach:
        roles = list(self.roles_with(permission))
        return Reach(frozenset(r.hospital_id for r in roles if r.hospital_id), frozenset(), frozenset())

    return mock.patch.object(access.Actor, "reach", reach)


def any_place() -> Any:
    """A permission that counts at every case, wherever it is held."""
    return mock.patch.object(access, "roles_for", lambda by, permission, case, side: iter(by.roles_with(permission)))


def need(kind: Any, name: str, through: Through) -> Any:
    """A list below a type that is read in another way."""
    return mock.patch.dict(kind._meta.needs, {name: through})


@contextmanager
def telling() -> Iterator[None]:
    """Another sentence for what exists and may not be seen."""
    found = access.find

    def find(by: Any, rows: Any, pk: object) -> Any:
        model = rows.model if hasattr(rows, "query") else rows
        try:
            return found(by, rows, pk)
        except Refused:
            if model._default_manager.filter(pk=pk).exists():
                raise Refused(Code.NOT_FOUND, "您无权查看该对象。", field="id") from None
            raise

    with mock.patch.object(access, "find", find):
        yield


@contextmanager
def slides_past_the_gate() -> Iterator[None]:
    """A slide that is found without asking for its case."""

    def find_slide(by: Any, id: Any) -> Any:
        slide = Slide.objects.select_related("case").filter(pk=id, withdrawn_at=None).first()
        if slide is None:
            raise access.not_found()
        return slide

    with mock.patch.object(viewing, "find_slide", find_slide):
        yield


def everybodys_annotations() -> Any:
    """Hidden annotations shown to all who see the slide."""

    def shown_to(by: Any, rows: Any = None) -> Any:
        return access.visible(by, Annotation.objects.all() if rows is None else rows).filter(deleted_at=None)

    return mock.patch.object(annotations, "shown_to", shown_to)


@contextmanager
def compiled_anew() -> Iterator[None]:
    """Within it, nothing is used that was compiled before, and nothing of it afterwards."""
    engine.forget()
    try:
        with mock.patch.object(access, "_HELD", Standing(access._HELD.rows)):
            yield
    finally:
        engine.forget()


@contextmanager
def no_gate() -> Iterator[None]:
    """Everything is visible in full to everybody, whatever their roles: only the policies are left."""
    anywhere = {"may_anywhere": lambda self, permission: True}
    with ExitStack() as stack:
        stack.enter_context(compiled_anew())
        stack.enter_context(open_gate())
        stack.enter_context(any_place())
        stack.enter_context(slides_past_the_gate())
        stack.enter_context(everybodys_annotations())
        stack.enter_context(mock.patch.multiple(access.Actor, **anywhere))
        for room in (lists, trays):
            stack.enter_context(mock.patch.object(room, "arms", return_value=[~Q(pk=None)]))
        stack.enter_context(
            need(PathologyCaseType, "opinions", Through("opinions", rows=lambda by: Opinion.objects.order_by("id")))
        )
        yield


@contextmanager
def no_policies() -> Iterator[None]:
    """Requests act as the connection's own role, which owns the tables and is bound by no policy."""

    @contextmanager
    def itself(*_wanted: Any) -> Iterator[None]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select current_setting('role')")
            before = cursor.fetchone()
            cursor.execute("select set_config('role', 'none', true)")
            yield
            if not connection.needs_rollback:  # otherwise the rollback sets it again
                cursor.execute("select set_config('role', %s, true)", before)

    with mock.patch.object(acting, "_as", itself):
        yield


@contextmanager
def count_past_the_gate() -> Iterator[None]:
    """A count of all rows there are, beside a list of those that one may see."""

    def counted(rows: Any, arms: Any) -> Any:
        return f"select count(*) from {rows.model._meta.db_table}", []  # noqa: S608 - our own words

    past = property(lambda page: page.matching.model._default_manager.count())
    with mock.patch.object(reads.Page, "total_count", past), mock.patch.object(cuts, "counted", counted):
        yield


# What is broken: the questions that find it, and how it is broken.
IN_THE_GATE: dict[str, tuple[str, Plant]] = {
    "a dropped filter: every referral": ("nodes", lambda: open_gate(Referral)),
    "a dropped filter: every offer": ("nodes", lambda: open_gate(Offer)),
    "a dropped filter: every pathology case": ("glass", lambda: open_gate(PathologyCase)),
    "a referral is received before it is sent": ("nodes", lambda: arm(Referral, 1, when=lambda now: Q())),
    "a wrong party: sent referrals for the performer": ("lists", lambda: arm(Referral, 0, side=Side.PERFORMER)),
    "a wrong party: received pathology for the requester": (
        "lists",
        lambda: arm(PathologyCase, 1, side=Side.REQUESTER),
    ),
    "a rejected referral stays open in full": ("nodes", lambda: arm(Referral, 2, full=True)),
    "an offer that was not taken stays open in full": ("nodes", lambda: arm(Offer, 2, full=True)),
    "a stale role": ("lists", lambda: running(starts=True, ends=False)),
    "a role before its time": ("lists", lambda: running(starts=False, ends=True)),
    "access that never ends": ("nodes", lambda: mock.patch.object(settings, "ACCESS_DAYS_AFTER_CLOSE", 100000)),
    "a department's role for the hospital": ("lists", hospital_wide),
    "a permission that counts anywhere": ("nodes", any_place),
    "every leg of a case": ("nodes", lambda: need(CaseType, "legs", Through("legs", rows=lambda by: all_of(Referral)))),
    "every leg after a leg": (
        "nodes",
        lambda: need(ReferralType, "followed_by", Through("followed_by", rows=lambda by: all_of(Referral))),
    ),
    "every opinion": (
        "nodes",
        lambda: need(
            PathologyCaseType, "opinions", Through("opinions", rows=lambda by: Opinion.objects.order_by("id"))
        ),
    ),
    "an identity in a list": ("lists", lambda: mock.patch.object(reads, "singly", return_value=True)),
    "a count past the gate": ("lists", count_past_the_gate),
    "another sentence for what is hidden": ("steps", telling),
    "slides past the gate": ("glass", slides_past_the_gate),
    "hidden annotations": ("glass", everybodys_annotations),
}


def held(where: str) -> str:
    """The roles that the policies go by, under another condition."""
    columns = "r.role, r.hospital_id, r.department_id, r.division_id"
    of = "public.consortium_practitionerrole r join public.consortium_person p on p.id = r.person_id"
    view = f"select {columns} from {of} where r.person_id = access.person() and {where}"  # noqa: S608 - our own words
    return f"create or replace view access.held with (security_invoker = true) as {view}"


def seen(table: str, condition: str) -> str:
    """The policy by which rows of a table are seen, replaced."""
    return f"drop policy seen on {table}; create policy seen on {table} for select to refnet_app using ({condition})"


STARTED, NOT_ENDED = "r.starts_at <= access.now()", "(r.ends_at is null or r.ends_at > access.now())"
EVERYBODYS_CASE = "exists (select from telemedicine_pathologycase c where c.id = case_id)"
IN_THE_POLICIES: dict[str, str] = {
    "a policy with true, of referrals": seen("referrals_referral", "true"),
    "a policy with true, of patients": seen("consortium_patient", "true"),
    "a second policy that opens what the first one closes": (
        "create policy also on telemedicine_pathologycase for select to refnet_app using (true)"
    ),
    "a table that lost its row security": "alter table referrals_attachment disable row level security",
    "a wrong party: the performer's offers for those who send": seen(
        "referrals_offer", "performer_department_id = any((select access.departments('sends'))::uuid[])"
    ),
    "pathology before it is sent": seen(
        "telemedicine_pathologycase",
        "performer_department_id = any((select access.departments('reads_slides'))::uuid[])"
        " or requester_department_id = any((select access.departments('sends_specimens'))::uuid[])",
    ),
    "a stale role beneath": held(f"p.is_active and {STARTED}"),
    "a role before its time beneath": held(f"p.is_active and {NOT_ENDED}"),
    "a closed account beneath": held(f"{STARTED} and {NOT_ENDED}"),
    "rows kept for ever": (
        "create or replace function access.kept_for() returns interval language sql immutable parallel safe"
        " set search_path = pg_catalog, pg_temp as $$ select interval '300 years' $$"
    ),
    "opinions of readers for the sender": seen("telemedicine_opinion", EVERYBODYS_CASE),
    "hidden annotations beneath": seen("telemedicine_annotation", EVERYBODYS_CASE),
    "everybody's notices": seen("consortium_notice", "access.person() is not null"),
    "rows for nobody": seen("referrals_case", "access.person() is null"),
}
