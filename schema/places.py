"""The network's places on the wire."""

from functools import partial
from typing import Any, ClassVar

import graphene
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import access, directory
from consortium.capacity import update_capacity
from consortium.errors import Code, Refused
from consortium.models import (
    Alliance,
    Capability,
    Department,
    Division,
    DivisionLevel,
    Hospital,
    Level,
    Membership,
    Status,
)
from schema import ids, reads
from schema.action import VERSION, Action, plain
from schema.base import SIGNED_IN, DateTime, Type, declare, listed
from schema.keyset import Order
from schema.reads import Through, connection, paged

LevelEnum = declare(Level, "HospitalLevel")
DivisionLevelEnum = declare(DivisionLevel, "DivisionLevel")
StatusEnum = declare(Status, "MemberStatus")
KindEnum = declare(Hospital.Kind, "HospitalKind")
GradeEnum = declare(Hospital.Grade, "HospitalGrade")
ReviewEnum = declare(Hospital.OutgoingReview, "OutgoingReview")


class DivisionType(Type):
    """An administrative division (行政区划), GB/T 2260."""

    class Meta:
        """The directory is open to all who are signed in."""

        model, name, rule = Division, "Division", SIGNED_IN
        fields = ("code", "name", "level", "parent", "longitude", "latitude")


class CapabilityType(Type):
    """What a department can do, with the places it counted and when (能力)."""

    beds_available = graphene.Int(
        description="Free by the figure, less those promised; empty if not counted (可用床位)."
    )
    age_minutes = graphene.Int(description="How old the figure is, in minutes; empty if there is none (数据已过分钟).")

    class Meta:
        """The directory is open to all who are signed in."""

        model, name, rule = Capability, "Capability", SIGNED_IN
        fields = ("department", "kind", "beds_total", "beds_free", "held", "as_of", "version")
        sql = {
            "beds_available": lambda row: (
                f"case when {row('beds_free')} is not null then greatest(0, {row('beds_free')} - {row('held')}) end"
            ),
            "age_minutes": lambda row: f"floor(extract(epoch from {row.now} - {row('as_of')}) / 60)::bigint",
        }

    def resolve_beds_available(self: Any, info: Any) -> int | None:
        """Free places that nobody has been promised."""
        return None if self.beds_free is None else max(0, self.beds_free - self.held)

    def resolve_age_minutes(self: Any, info: Any) -> int | None:
        """Minutes since the figure was counted."""
        return None if self.as_of is None else int((info.context.now - self.as_of).total_seconds() // 60)


class MembershipType(Type):
    """A hospital's time in an alliance (成员资格)."""

    class Meta:
        """The directory is open to all who are signed in."""

        model, name, rule = Membership, "Membership", SIGNED_IN
        fields = ("alliance", "hospital", "joined_date", "left_date")


class HospitalType(Type):
    """A member institution (医院)."""

    departments = listed(lambda: DepartmentType, "Its departments that take part (科室).")
    memberships = listed(MembershipType, "Its times in alliances (成员资格).")
    distance_km = graphene.Int(description="Kilometres as the crow flies from your own hospital, when known (距离).")

    class Meta:
        """The directory is open to all who are signed in."""

        model, name, rule = Hospital, "Hospital", SIGNED_IN
        fields = (
            "name",
            "credit_code",
            "level",
            "grade",
            "kind",
            "division",
            "status",
            "outgoing_review",
            "phone",
            "illustrative",
        )
        needs = {"departments": Through("departments", lambda by: Department.objects.filter(status=Status.ACTIVE))}

    def resolve_distance_km(self: Any, info: Any) -> int | None:
        """Where the list was asked for by distance."""
        return known_distance(self)


class DepartmentType(Type):
    """A department of a hospital (科室), the finest party of a case."""

    capabilities = listed(CapabilityType, "What it can do, with dated figures (能力).")
    distance_km = graphene.Int(description="Kilometres as the crow flies from your own hospital, when known (距离).")

    class Meta:
        """The directory is open to all who are signed in."""

        model, name, rule = Department, "Department", SIGNED_IN
        fields = ("name", "hospital", "specialty", "phone", "status")

    def resolve_distance_km(self: Any, info: Any) -> int | None:
        """Where the list was asked for by distance."""
        return known_distance(self)


class AllianceType(Type):
    """A named network with one lead hospital (专科联盟)."""

    member_count = graphene.Int(required=True, description="Members today; costs a statement (现有成员数).")
    memberships = listed(MembershipType, "Every time a hospital was a member (成员资格).")

    class Meta:
        """The directory is open to all who are signed in."""

        model, name, rule = Alliance, "Alliance", SIGNED_IN
        fields = ("code", "name", "lead")

    def resolve_member_count(self: Any, info: Any) -> int:
        """Memberships that hold today; every alliance counted by one statement."""
        rows = directory.current_members(timezone.localdate(info.context.now)).values_list("alliance")
        counted = reads.once(info, "members", lambda: dict(rows.annotate(count=Count("pk"))))
        return int(counted.get(self.pk, 0))


HospitalConnection, DepartmentConnection = connection(HospitalType), connection(DepartmentType)


class PlaceSort(graphene.Enum):
    """Orders of the directory."""

    NAME = "NAME"
    NEAREST = "NEAREST"
    MOST_FREE = "MOST_FREE"

    @property
    def description(self) -> str:
        """What comes first."""
        return {"NAME": "By name.", "NEAREST": "Nearest first.", "MOST_FREE": "Most free places first."}[self.name]


ORDERS = {
    "NAME": Order("NAME", ("name", "id")),
    "NEAREST": Order("NEAREST", ("distance", "id")),
    "MOST_FREE": Order("MOST_FREE", ("occupied", "distance", "id")),
}
PLACE = {
    "capability": graphene.String(description="Code of a capability that is there, such as PICU (能力)."),
    "min_free": graphene.Int(description="At least so many places that nobody was promised (至少空位)."),
    "max_age_minutes": graphene.Int(description="The figure is at most so old (数据不超过分钟)."),
    "level": LevelEnum(description="Tier (级别)."),
    "division": graphene.String(description="GB/T 2260 code of a division it lies in (区划代码)."),
    "alliance": graphene.String(description="Code of an alliance it is in today (联盟代码)."),
    "text": graphene.String(description="Part of the name, in Chinese or pinyin (名称、拼音或首字母)."),
}


def known_distance(row: Any) -> int | None:
    """The distance that a list was read with, if it is known."""
    distance = getattr(row, "distance", None)
    return None if distance in (None, directory.FAR_AWAY) else distance


def everywhere(*, by: Any, now: Any, model: Any, order: str = "pk") -> QuerySet[Any]:
    """The rows of a directory that is open to all."""
    return model._default_manager.order_by(order)  # type: ignore[no-any-return]


class Query:
    """What anyone who is signed in may look up about the network."""

    rules: ClassVar = {
        "divisions": SIGNED_IN,
        "hospitals": SIGNED_IN,
        "hospital": SIGNED_IN,
        "departments": SIGNED_IN,
        "alliances": SIGNED_IN,
        "alliance": SIGNED_IN,
    }

    divisions = listed(
        DivisionType,
        "Administrative divisions by code.",
        level=DivisionLevelEnum(description="Tier."),
        parent=graphene.String(description="Code of the division they lie in."),
    )
    hospitals = paged(
        HospitalConnection,
        "Hospitals that take part.",
        kind=KindEnum(description="Kind (类别)."),
        sort=PlaceSort(required=True, default_value="NAME", description="NAME or NEAREST."),
        **PLACE,
    )
    hospital = graphene.Field(
        HospitalType, id=graphene.ID(required=True, description="Its global id."), description="One hospital."
    )
    departments = paged(
        DepartmentConnection,
        "Departments that take part.",
        hospital=graphene.ID(description="Of this hospital."),
        specialty=graphene.String(description="Code of the specialty or its head, such as 07 (诊疗科目)."),
        sort=PlaceSort(required=True, default_value="NEAREST", description="MOST_FREE needs a capability."),
        **PLACE,
    )
    alliances = listed(AllianceType, "All alliances by code.")
    alliance = graphene.Field(
        AllianceType, code=graphene.String(required=True, description="Its code."), description="One alliance."
    )

    @reads.compiled
    def resolve_divisions(self: Any, info: Any, level: Any = None, parent: str | None = None) -> Any:
        """Filtered, by code."""
        rows = Division.objects.order_by("code")
        rows = rows.filter(level=level.value) if level else rows
        return reads.every(rows.filter(parent=parent) if parent else rows, info)

    def resolve_hospitals(
        self: Any, info: Any, first: int, sort: Any, after: str | None = None, **filters: Any
    ) -> reads.Page:
        """Filtered, in the order asked for."""
        name = "NEAREST" if getattr(sort, "value", sort) == "MOST_FREE" else getattr(sort, "value", sort)
        rows = directory.hospitals(origin=origin(info), now=info.context.now, **plain(filters))
        return reads.page(rows, info, order=ORDERS[name], first=first, after=after)

    @reads.compiled
    def resolve_hospital(self: Any, info: Any, id: str) -> Hospital:
        """By its id."""
        return reads.read(partial(everywhere, model=Hospital), ids.decode(id, "Hospital"), info)

    def resolve_departments(
        self: Any, info: Any, first: int, sort: Any, after: str | None = None, **filters: Any
    ) -> reads.Page:
        """Filtered, in the order asked for."""
        if filters.get("hospital"):
            filters["hospital"] = ids.decode(filters["hospital"], "Hospital", field="hospital")
        order = getattr(sort, "value", sort)
        if order == "MOST_FREE" and not filters.get("capability"):
            raise Refused(Code.INVALID_INPUT, _("按空位排序时，请同时给出 capability。"), field="sort")
        rows = directory.departments(origin=origin(info), now=info.context.now, **plain(filters))
        return reads.page(rows, info, order=ORDERS[order], first=first, after=after)

    @reads.compiled
    def resolve_alliances(self: Any, info: Any) -> Any:
        """By code."""
        return reads.every(partial(everywhere, model=Alliance, order="code"), info)

    def resolve_alliance(self: Any, info: Any, code: str) -> Alliance:
        """By its code."""
        row = reads.plan(Alliance.objects.filter(code=code), info).first()
        if row is None:
            raise access.not_found("code")
        return row


def origin(info: Any) -> Division | None:
    """Where the person who asks is at home; one statement, only when somebody asks for distances."""
    hospital = next((role.hospital for role in info.context.actor.held if role.hospital_id), None)
    return hospital.division if hospital else None


class UpdateCapacity(Action):
    """Report how many places a department has and how many are free, and when they were counted."""

    perform = staticmethod(update_capacity)
    returns = ("capability", CapabilityType, Capability)
    objects = {"id": ("Capability",)}

    class Input:
        """The figure and its time."""

        id = graphene.ID(required=True, description="The capability.")
        expected_version = VERSION
        beds_total = graphene.Int(required=True, description="Places in all.")
        beds_free = graphene.Int(required=True, description="Places free.")
        as_of = DateTime(required=True, description="When they were counted.")


class Mutation:
    """What is reported about places."""

    update_capacity = UpdateCapacity.Field(description=UpdateCapacity.__doc__)
