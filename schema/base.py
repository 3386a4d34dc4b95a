"""What every type and mutation of the edge is made of: rules of access, enums, object types, actions."""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import graphene
from django.db.models import Field as Column
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from graphene_django import DjangoObjectType
from graphene_django.types import DjangoObjectTypeOptions
from graphql import GraphQLError, StringValueNode

from consortium.access import Actor
from consortium.errors import MEANINGS, Code
from consortium.models import Priority, Side
from consortium.roles import Role
from schema import ids


@dataclass(frozen=True)
class Rule:
    """Who may read a field or call an operation; `allows` is asked with the object and the actor (nobody: None).

    A rule that looks at the object says so (`of_row`), and for the read engine says the same as a condition (`sql`).
    """

    name: str
    promise: str
    allows: Callable[[Any, Actor | None], bool]
    of_row: bool = False
    sql: Callable[[Any], str] | None = None
    alone: bool = False  # whether it lets nothing through in a list


ANYONE = Rule("ANYONE", "Open to the signed-out: sign-in itself.", lambda row, by: True)
SIGNED_IN = Rule("SIGNED_IN", "Any signed-in person: the public directory of the network.", lambda row, by: bool(by))
PART = Rule("PART", "As the object it is part of, which passed its own gate.", lambda row, by: bool(by))
FULL = Rule(
    "FULL",
    "Only with the full view of the case; empty in the narrowed view.",
    lambda row, by: row.full_view,
    of_row=True,
    sql=lambda row: str(row.full_view),
)
IDENTITY = Rule(
    "IDENTITY",
    "The patient's identity: full view, permission view_identity, one case at a time; never in a list.",
    lambda row, by: bool(by) and getattr(row, "identified", False) and by.may_anywhere("view_identity"),  # type: ignore[union-attr]
    of_row=True,
    alone=True,
)
OWN = Rule("OWN", "Only about oneself.", lambda row, by: bool(by))
GATED = Rule(
    "GATED",
    "Signed in, with a token only if it may write; the action asks `access` for the object and the permission.",
    lambda row, by: by is not None and by.may_write,
)


def permission(*names: str) -> Rule:
    """Whoever holds one of the permissions anywhere; the rows are scoped further."""
    return Rule(f"PERMISSION {' | '.join(names)}", "Holders of the permission.", lambda row, by: _may(by, names))


def readers(*names: str) -> Rule:
    """Whoever holds one of the permissions anywhere, or to whom an emergency opens a patient's cases now."""
    return Rule(
        f"PERMISSION {' | '.join(names)} | break_glass",
        "Holders of the permission, and somebody with a running break-glass access.",
        lambda row, by: _may(by, names) or (by is not None and bool(by.opened)),
    )


def _may(by: Actor | None, names: tuple[str, ...]) -> bool:
    return by is not None and any(by.may_anywhere(name) for name in names)


YEARS = range(1850, 3000)  # beyond them no patient lived, and arithmetic with zones and limits would overflow


class Date(graphene.Date):
    """A day: ISO 8601, such as 2026-11-22."""

    @staticmethod
    def parse_value(value: Any) -> date:
        """The day; refused in a year that nobody can mean."""
        parsed = graphene.Date.parse_value(value)
        if not isinstance(parsed, date) or parsed.year not in YEARS:
            raise GraphQLError(_("日期须为 ISO 8601 格式，例如 2026-11-22。"))
        return parsed

    @classmethod
    def parse_literal(cls, node: Any, _variables: Any = None) -> date:
        """The day in a document."""
        return cls.parse_value(node.value if isinstance(node, StringValueNode) else None)


class DateTime(graphene.DateTime):
    """A moment: ISO 8601 with its offset, such as 2026-11-22T09:30:00+08:00."""

    @classmethod
    def serialize(cls, value: datetime) -> str:
        """The moment in the network's own zone."""
        return timezone.localtime(value).isoformat()

    @staticmethod
    def parse_value(value: Any) -> datetime:
        """The moment; refused without an offset."""
        parsed = graphene.DateTime.parse_value(value)
        if not isinstance(parsed, datetime) or timezone.is_naive(parsed) or parsed.year not in YEARS:
            raise GraphQLError(_("时间须为带时区的 ISO 8601 格式，例如 2026-11-22T09:30:00+08:00。"))
        return parsed

    @classmethod
    def parse_literal(cls, node: Any, _variables: Any = None) -> datetime:
        """The moment in a document."""
        return cls.parse_value(node.value if isinstance(node, StringValueNode) else None)


class Time(graphene.Time):
    """A time of day in the network's own zone: ISO 8601 without an offset, such as 22:00."""

    @staticmethod
    def parse_value(value: Any) -> time:
        """The time; refused with an offset, which a column of this kind would silently drop."""
        parsed = graphene.Time.parse_value(value)
        if not isinstance(parsed, time) or parsed.tzinfo is not None:
            raise GraphQLError(_("时刻须为不带时区的 ISO 8601 格式，例如 22:00。"))
        return parsed

    @classmethod
    def parse_literal(cls, node: Any, _variables: Any = None) -> time:
        """The time in a document."""
        return cls.parse_value(node.value if isinstance(node, StringValueNode) else None)


_ENUMS: dict[tuple[Any, ...], type[graphene.Enum]] = {}


def declare(choices: type[enum.Enum], name: str) -> type[graphene.Enum]:
    """The enum of the wire for choices of the models, named by us, described by their Chinese terms."""

    def describe(value: enum.Enum | None) -> str:
        with override("zh-hans"):
            return str(choices.__doc__) if value is None else str(getattr(value, "label", value.value))

    made = graphene.Enum.from_enum(choices, name=name, description=describe)
    _ENUMS[tuple(member.value for member in choices)] = made
    return made


def declare_plain(choices: type[enum.Enum], name: str, meanings: Mapping[str, str]) -> type[graphene.Enum]:
    """The enum of the wire for choices that are no column, described by their meanings."""
    doc = str(choices.__doc__)
    return graphene.Enum.from_enum(choices, name=name, description=lambda v: meanings[v.name] if v else doc)


PriorityEnum = declare(Priority, "Priority")
SideEnum = declare(Side, "Side")
RoleEnum = declare(Role, "Role")
CodeEnum = graphene.Enum.from_enum(
    Code,
    name="ErrorCode",
    description=lambda value: "Stable codes of refusal." if value is None else MEANINGS[Code(value.value)],
)


class TypeOptions(DjangoObjectTypeOptions):
    """What a type declares beside its columns."""

    rule: Rule | None = None
    field_rules: Mapping[str, Rule] = {}
    needs: Mapping[str, Any] = {}
    sql: Mapping[str, Any] = {}
    discloses: tuple[str, ...] = ()


AS_READ = object()  # in `sql`: the resolver hands on the relation, and what it does besides no compiled field shows


class Type(DjangoObjectType):
    """A row on the wire: columns by name with the help text as description, and a declared rule of access.

    `needs` tells what a field of another name is read from, see `reads.Through`. `sql` says of a field that is computed
    how the database computes it: a function of the row (see `compiled.Row`) that returns an expression, or `AS_READ`.
    The fields in `discloses` name a patient, who then stands on the audit trail.
    """

    class Meta:
        """Not a type itself."""

        abstract = True

    @classmethod
    def __init_subclass_with_meta__(  # type: ignore[override]
        cls,
        model: type[Model],
        fields: tuple[str, ...] = (),
        rule: Rule | None = None,
        field_rules: Mapping[str, Rule] | None = None,
        needs: Mapping[str, Any] | None = None,
        sql: Mapping[str, Any] | None = None,
        discloses: tuple[str, ...] = (),
        **options: Any,
    ) -> None:
        """Add the global id and the declared enums to the columns, and what relations are read by."""
        meta = TypeOptions(cls)
        meta.rule, meta.field_rules, meta.needs = rule, field_rules or {}, needs or {}
        meta.sql, meta.discloses = sql or {}, discloses
        cls.id = graphene.ID(required=True, description="Opaque global id; keep it as it is.")
        for name in fields:
            column = model._meta.get_field(name)
            if isinstance(column, Column) and name not in cls.__dict__:
                cls._declare(name, column)
        for name, field in list(vars(cls).items()):
            if isinstance(field, graphene.Field) and not hasattr(cls, f"resolve_{name}"):
                cls._relate(name, model, meta.needs.get(name))
        for name in discloses:
            setattr(cls, f"resolve_{name}", disclosing(name, getattr(cls, f"resolve_{name}", None)))
        options.setdefault("description", cls.__doc__)
        super().__init_subclass_with_meta__(
            model=model,
            fields=("id", *fields),
            convert_choices_to_enum=False,
            _meta=meta,
            **options,
        )

    @classmethod
    def _declare(cls, name: str, column: Column) -> None:
        if column.choices:
            made = _ENUMS[tuple(value for value, _label in column.choices)]
            required = not (column.null or column.blank)
            setattr(cls, name, graphene.Field(made, required=required, description=column.help_text))
            setattr(cls, f"resolve_{name}", as_read(lambda row, info: getattr(row, name) or None))
        elif column.get_internal_type() == "DateTimeField":
            setattr(cls, name, DateTime(required=not column.null, description=column.help_text))
        elif column.get_internal_type() == "DateField":
            setattr(cls, name, Date(required=not column.null, description=column.help_text))
        elif column.get_internal_type() == "TimeField":
            setattr(cls, name, Time(required=not column.null, description=column.help_text))

    @classmethod
    def _relate(cls, name: str, model: type[Model], need: Any) -> None:
        """Resolve a field that is a relation of the model, or is read through one, as it was read."""
        path = need.path if need else name
        first = path.partition("__")[0]
        relations = {relation.get_accessor_name() for relation in model._meta.related_objects}  # type: ignore[attr-defined]
        columns = {column.name for column in (*model._meta.fields, *model._meta.many_to_many) if column.is_relation}
        if first in relations | columns or (need and need.trail):
            setattr(cls, f"resolve_{name}", as_read(along(path, need.then if need else "")))

    def resolve_id(self: Any, info: Any) -> str:
        """The opaque global id."""
        return ids.encode(type_name(info), self.pk)

    @classmethod
    def is_type_of(cls, root: Any, info: Any) -> bool:
        """Rows come from our own resolvers only; the check of the library costs time for nothing."""
        return True


def as_read(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a resolver that gives what was read and nothing else."""
    resolve.as_read = True  # type: ignore[attr-defined]
    return resolve


def disclosing(name: str, resolve: Callable[..., Any] | None) -> Callable[..., Any]:
    """The resolver of a field that names a patient: whoever is named stands on the audit trail."""

    def told(row: Any, info: Any) -> Any:
        info.context.disclosures.patient(root_of(info.path), row.pk)
        return resolve(row, info) if resolve else getattr(row, name)

    return told if resolve else as_read(told)


def root_of(path: Any) -> Any:
    """The root field of the document, by its key in the answer, that a path begins with."""
    while path.prev:
        path = path.prev
    return path.key


def along(path: str, then: str = "") -> Callable[..., Any]:
    """The resolver of what lies at the end of a path of relations: a row, or rows; `then` leads on from each."""

    def resolve(row: Any, info: Any) -> Any:
        for part in path.split("__"):
            row = getattr(row, part, None)
        if not hasattr(row, "all"):
            return row
        return [getattr(one, then) for one in row.all()] if then else row.all()

    return resolve


def type_name(info: Any) -> str:
    """The name of the type whose field is being resolved."""
    return info.parent_type.name


class Plain(graphene.ObjectType):
    """A value on the wire that is no row of its own."""

    class Meta:
        """Not a type itself."""

        abstract = True

    @classmethod
    def __init_subclass_with_meta__(
        cls, rule: Rule = PART, field_rules: Mapping[str, Rule] | None = None, **options: Any
    ) -> None:
        """Take the declared rule."""
        meta = graphene.types.objecttype.ObjectTypeOptions(cls)
        meta.rule, meta.field_rules, meta.needs, meta.sql = rule, field_rules or {}, {}, {}
        options.setdefault("description", cls.__doc__)
        super().__init_subclass_with_meta__(_meta=meta, **options)


def listed(of: Any, description: str, /, **options: Any) -> graphene.Field:
    """A list without holes."""
    return graphene.Field(graphene.List(graphene.NonNull(of)), required=True, description=description, **options)


def hidden(kind: Any, description: str) -> graphene.Field:
    """A list that is empty (null) where the rule of its field does not let it be seen."""
    return graphene.Field(graphene.List(graphene.NonNull(kind)), description=description)
