"""People on the wire: oneself, colleagues, roles, notices, tokens."""

from functools import partial
from typing import Any, ClassVar

import graphene
from django.db.models import Q, QuerySet

from consortium import access, directory, lifecycle, notices, tokens
from consortium.grants import grant_role, revoke_role
from consortium.models import ApiToken, Department, Division, Hospital, Notice, Person, PractitionerRole
from consortium.roles import SCOPES, Role
from schema import ids, reads
from schema.action import VERSION, Action
from schema.base import OWN, PART, SIGNED_IN, DateTime, Plain, RoleEnum, Type, listed, permission
from schema.keyset import Order
from schema.reads import Through, connection, paged
from schema.rows import Row


class PersonType(Type):
    """A colleague, by name and title (人员)."""

    class Meta:
        """Colleagues are known to one another by name."""

        model, name, rule = Person, "Person", SIGNED_IN
        fields = ("name", "title")


class PractitionerRoleType(Type):
    """A person's role at one place for a time (岗位)."""

    label = graphene.String(required=True, description="The role in the reader's language (岗位名称).")

    class Meta:
        """Reached through oneself or the staff list of one's own hospital."""

        model, name, rule = PractitionerRole, "PractitionerRole", PART
        fields = ("person", "role", "hospital", "department", "division", "starts_at", "ends_at", "version")
        sql = {"label": lambda row: row.worded(row("role"), {role.value: str(role.label) for role in Role})}

    def resolve_label(self: Any, info: Any) -> str:
        """The label of the table of roles."""
        return self.get_role_display()


def step_labels() -> dict[str, str]:
    """The label of each kind of event in the reader's language, as `lifecycle.label_of`."""
    kinds = {*lifecycle.NOTED, *(name for table in lifecycle.STEPS.values() for name in table)}
    return {kind: str(lifecycle.label_of(kind)) for kind in sorted(kinds)}


def subject_type(row: Row) -> str:
    """As `ids.kind_of` of the event's subject."""
    kind = row("event__subject_kind")
    return f"upper(left({kind}, 1)) || substr({kind}, 2)"


class NoticeType(Type):
    """Something that one must hear of; no name, no diagnosis (通知)."""

    kind = graphene.String(required=True, description="The step that happened (步骤).")
    label = graphene.String(required=True, description="The step in the reader's language (步骤名称).")
    subject_type = graphene.String(required=True, description="The type of what it is about, such as Referral (类型).")
    subject_id = graphene.ID(required=True, description="The referral, offer, pathology case or duty swap it is about.")
    event_at = DateTime(required=True, description="When it happened (发生时间).")

    class Meta:
        """Only one's own."""

        model, name, rule = Notice, "Notice", OWN
        fields = ("created_at", "read_at")
        needs = dict.fromkeys(("kind", "label", "subject_type", "subject_id", "event_at"), Through(joins=("event",)))
        sql = {
            "kind": lambda row: row("event__kind"),
            "label": lambda row: row.worded(row("event__kind"), step_labels()),
            "subject_type": subject_type,
            "subject_id": lambda row: row.gid(None, f"{subject_type(row)} || ':' || {row('event__subject_id')}"),
            "event_at": lambda row: row("event__event_at"),
        }

    def resolve_kind(self: Any, info: Any) -> str:
        """From the event."""
        return self.event.kind

    def resolve_label(self: Any, info: Any) -> str:
        """The label of the table of steps."""
        return str(lifecycle.label_of(self.event.kind))

    def resolve_subject_type(self: Any, info: Any) -> str:
        """From the event."""
        return ids.kind_of(self.event.subject_kind)

    def resolve_subject_id(self: Any, info: Any) -> str:
        """From the event."""
        return ids.encode(ids.kind_of(self.event.subject_kind), self.event.subject_id)

    def resolve_event_at(self: Any, info: Any) -> Any:
        """From the event."""
        return self.event.event_at


class ApiTokenType(Type):
    """A bearer token of a hospital's system (接口令牌); the secret is shown once, when issued."""

    secret = graphene.String(description="The token itself, only in the answer that issued it (令牌).")
    scopes = graphene.List(graphene.NonNull(graphene.String), required=True, description="read, write (范围).")

    class Meta:
        """Only one's own."""

        model, name, rule = ApiToken, "ApiToken", OWN
        fields = ("name", "created_at", "expires_at", "revoked_at")

    def resolve_secret(self: Any, info: Any) -> str | None:
        """Kept only in the request that issued the token."""
        return info.context.actor.shown.get(self.pk)


class Me(Plain):
    """The person who asks, with what they hold now."""

    person = graphene.Field(PersonType, required=True, description="Who you are.")
    username = graphene.String(required=True, description="Name to sign in with.")
    roles = listed(PractitionerRoleType, "The roles that run now (现任岗位).")
    permissions = listed(graphene.String, "Every permission that the roles give somewhere (权限).")
    unread_notices = graphene.Int(required=True, description="Notices not yet read; costs a statement (未读通知).")
    tokens = listed(ApiTokenType, "Your API tokens (接口令牌).")

    class Meta:
        """Only about oneself."""

        rule = OWN

    def resolve_username(self: Any, info: Any) -> str:
        """The account's name."""
        return self.person.username

    def resolve_roles(self: Any, info: Any) -> Any:
        """With all that the selection needs of their places, by one statement."""
        return reads.plan(PractitionerRole.objects.filter(pk__in=[role.pk for role in self.roles]).order_by("id"), info)

    def resolve_unread_notices(self: Any, info: Any) -> int:
        """Counted when asked."""
        return Notice.objects.filter(person=self.person, read_at__isnull=True).count()

    def resolve_tokens(self: Any, info: Any) -> Any:
        """Newest first."""
        return self.person.tokens.order_by("-id")


NoticeConnection, RoleConnection = connection(NoticeType), connection(PractitionerRoleType)


def noticed(*, by: Any, now: Any, unread: bool) -> QuerySet[Notice]:
    """One's own notices."""
    rows = Notice.objects.filter(person=by.person)
    return rows.filter(read_at__isnull=True) if unread else rows


class Query:
    """What people read about themselves and their staff."""

    rules: ClassVar = {
        "me": SIGNED_IN,
        "notices": OWN,
        "staff": permission("view_staff"),
        "colleague": permission("grant_role"),
    }

    me = graphene.Field(Me, description="The person who asks.")
    notices = paged(
        NoticeConnection,
        "Your notices, newest first.",
        unread=graphene.Boolean(description="Only those not yet read."),
    )
    staff = paged(RoleConnection, "Roles that run at your hospital or in your division, for its administrator.")
    colleague = graphene.Field(
        PersonType,
        description="Who signs in by this name, for a first role at your hospital; empty if nobody does (同事).",
        username=graphene.String(required=True, description="The whole name, as the person signs in (用户名)."),
    )

    def resolve_me(self: Any, info: Any) -> Me:
        """Oneself."""
        by = info.context.actor
        names = sorted(frozenset[str]().union(*by.permissions.values()))
        return Me(person=by.person, roles=by.held, permissions=names)

    def resolve_notices(
        self: Any, info: Any, first: int, after: str | None = None, unread: bool | None = None
    ) -> reads.Page:
        """One's own."""
        rows = partial(noticed, unread=bool(unread))
        return reads.page(rows, info, order=Order("NEWEST", ("id",), descending=True), first=first, after=after)

    def resolve_staff(self: Any, info: Any, first: int, after: str | None = None) -> reads.Page:
        """Of the hospitals one administers."""
        by = info.context.actor
        reach = by.reach("view_staff")
        kept = Q(hospital__in=reach.hospitals)
        for code in reach.divisions:
            kept |= directory.within(code, "hospital__division") | directory.within(code, "division")
        rows = PractitionerRole.objects.filter(access.running(info.context.now), kept)
        return reads.page(rows, info, order=Order("ID", ("id",)), first=first, after=after)

    def resolve_colleague(self: Any, info: Any, username: str) -> Person | None:
        """By the exact name: nobody's name is found by trying a part of it."""
        return reads.plan(Person.objects.filter(username=username, is_active=True), info).first()


class GrantRole(Action):
    """Give a person a role at your hospital, one of its departments or your division, from now."""

    returns = ("practitioner_role", PractitionerRoleType, PractitionerRole)
    objects = {
        "person": ("Person", "Account"),
        "hospital": ("Hospital",),
        "department": ("Department",),
        "division": ("Division",),
    }

    class Input:
        """Who, what, where."""

        person = graphene.ID(required=True, description="The person.")
        role = RoleEnum(required=True, description="The role.")
        hospital = graphene.ID(description="At your whole hospital; or")
        department = graphene.ID(description="at one of its departments; or")
        division = graphene.ID(description="for a division, by the security administrator.")

    @staticmethod
    def perform(
        *,
        by: Any,
        now: Any,
        person: str,
        role: str,
        hospital: str | None = None,
        department: str | None = None,
        division: str | None = None,
    ) -> PractitionerRole:
        """See `consortium.grants.grant_role`."""
        who = Person.objects.filter(pk=person).first()
        given = ((Department, department), (Hospital, hospital), (Division, division))
        kind, key = next(((kind, key) for kind, key in given if key), (Hospital, None))
        where: Any = kind.objects.filter(pk=key).first()
        if who is None or where is None:
            raise access.not_found()
        return grant_role(by=by, person=who, role=Role(role), where=where, now=now)


class RevokeRole(Action):
    """End a role at your hospital now; it counts no more on the next request."""

    perform = staticmethod(revoke_role)
    returns = ("practitioner_role", PractitionerRoleType, PractitionerRole)
    objects = {"id": ("PractitionerRole",)}

    class Input:
        """Which role."""

        id = graphene.ID(required=True, description="The role to end.")
        expected_version = VERSION


class IssueApiToken(Action):
    """Issue a token for a hospital's system with your rights, narrowed to scopes; the secret is shown once."""

    returns = ("api_token", ApiTokenType, ApiToken)

    class Input:
        """What it is for, what it may do, how long."""

        name = graphene.String(required=True, description="What it is for.")
        scopes = graphene.List(
            graphene.NonNull(graphene.String), required=True, description=f"Of: {', '.join(SCOPES)}."
        )
        expires_in_days = graphene.Int(required=True, description="1 to 366.")

    @classmethod
    def perform(cls, *, by: Any, now: Any, **given: Any) -> ApiToken:
        """See `consortium.tokens.issue_api_token`."""
        token, secret = tokens.issue_api_token(by=by, now=now, **given)
        by.shown[token.pk] = secret
        return token


class RevokeApiToken(Action):
    """End one of your own tokens now."""

    perform = staticmethod(tokens.revoke_api_token)
    returns = ("api_token", ApiTokenType, ApiToken)
    objects = {"id": ("ApiToken",)}

    class Input:
        """Which token."""

        id = graphene.ID(required=True, description="The token.")


class ReadNotice(Action):
    """Mark one of your notices as read."""

    perform = staticmethod(notices.read_notice)
    returns = ("notice", NoticeType, Notice)
    objects = {"id": ("Notice",)}

    class Input:
        """Which notice."""

        id = graphene.ID(required=True, description="The notice.")


class Mutation:
    """What is changed about people."""

    grant_role = GrantRole.Field(description=GrantRole.__doc__)
    revoke_role = RevokeRole.Field(description=RevokeRole.__doc__)
    issue_api_token = IssueApiToken.Field(description=IssueApiToken.__doc__)
    revoke_api_token = RevokeApiToken.Field(description=RevokeApiToken.__doc__)
    read_notice = ReadNotice.Field(description=ReadNotice.__doc__)
