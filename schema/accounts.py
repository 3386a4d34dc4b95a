"""Accounts on the wire, for those who keep them: the system and the security administrator."""

from typing import Any, ClassVar

import graphene

from consortium import access, accounts
from consortium.models import Account, Hospital, Person
from schema import ids
from schema.action import Action
from schema.base import PART, DateTime, Type, permission
from schema.keyset import Order
from schema.reads import connection, page, paged

LINK = "/app/#setup="  # the part behind # never leaves the browser


class AccountType(Type):
    """An account as its keepers see it: no role, no case, nothing that was done with it (账号)."""

    active = graphene.Boolean(required=True, description="Whether it is open (启用).")
    second_factor = graphene.Boolean(required=True, description="Whether a second factor is enrolled (二次验证).")
    locked = graphene.Boolean(required=True, description="Closed for a while after too many guesses (已锁定).")
    last_login = DateTime(description="When they last signed in (上次登录).")
    person = graphene.ID(required=True, description="The id of the person, for grantRole.")
    setup_link = graphene.String(
        description="Where the person sets a password, once; only in the answer that made it (设置密码链接)."
    )

    class Meta:
        """Reached by those who keep accounts, within their reach."""

        model, name, rule = Account, "Account", PART
        fields = ("username", "name", "title", "home", "last_login")

    def resolve_active(self: Any, info: Any) -> bool:
        """Open."""
        return bool(self.is_active)

    def resolve_person(self: Any, info: Any) -> str:
        """The same row as a colleague."""
        return ids.encode("Person", self.pk)

    def resolve_setup_link(self: Any, info: Any) -> str | None:
        """Kept only in the request that made it."""
        secret = info.context.actor.shown.get(self.pk)
        return LINK + secret if secret else None


AccountConnection = connection(AccountType)


class Query:
    """What the keepers of accounts read."""

    rules: ClassVar = {"accounts": permission("view_accounts")}

    accounts = paged(
        AccountConnection,
        "The accounts that you keep, by username: of your hospital, or of your division and those below it.",
        text=graphene.String(description="A part of the username or of the name."),
    )

    def resolve_accounts(self: Any, info: Any, first: int, after: str | None = None, text: str | None = None) -> Any:
        """Within reach."""
        rows = accounts.accounts(info.context.actor, text=text or "")
        return page(rows, info, order=Order("USERNAME", ("username",)), first=first, after=after)


class CreatePerson(Action):
    """Make an account of a hospital; it has no role and no password, the link to set one is shown once."""

    returns = ("account", AccountType, Account)
    objects = {"hospital": ("Hospital",)}

    class Input:
        """Who, and where."""

        username = graphene.String(required=True, description="Name to sign in with; letters, digits and @ . + - _.")
        name = graphene.String(required=True, description="Name as shown to colleagues.")
        title = graphene.String(description="Professional title.")
        hospital = graphene.ID(required=True, description="Whose administrators keep the account.")
        provider = graphene.String(description="The hospital's own sign-in by which the person will come.")
        subject = graphene.String(description="Who the person is there: the subject or employee number.")

    @staticmethod
    def perform(
        *,
        by: Any,
        now: Any,
        username: str,
        name: str,
        hospital: str,
        title: str = "",
        provider: str = "",
        subject: str = "",
    ) -> Person:
        """See `consortium.accounts.create_person`."""
        home = Hospital.objects.select_related("division__parent").filter(pk=hospital).first()
        if home is None:
            raise access.not_found("hospital")
        person, secret = accounts.create_person(
            by=by,
            now=now,
            username=username,
            name=name,
            hospital=home,
            title=title,
            provider=provider,
            subject=subject,
        )
        by.shown[person.pk] = secret
        return person


class IssueSetupLink(Action):
    """Show a link, once, with which a person sets a first or another password; it works once, for 72 hours."""

    returns = ("account", AccountType, Account)
    objects = {"id": ("Account", "Person")}

    class Input:
        """Whose."""

        id = graphene.ID(required=True, description="The account.")

    @staticmethod
    def perform(*, by: Any, now: Any, id: str) -> Person:
        """See `consortium.accounts.issue_setup_link`."""
        person, secret = accounts.issue_setup_link(by=by, id=id, now=now)
        by.shown[person.pk] = secret
        return person


class DeactivatePerson(Action):
    """Close an account: its sessions, tokens and roles count no more from the next request on."""

    perform = staticmethod(accounts.deactivate_person)
    returns = ("account", AccountType, Account)
    objects = {"id": ("Account", "Person")}

    class Input:
        """Whose."""

        id = graphene.ID(required=True, description="The account.")


class UnlockPerson(Action):
    """Let a person try again at once after too many guesses."""

    perform = staticmethod(accounts.unlock_person)
    returns = ("account", AccountType, Account)
    objects = {"id": ("Account", "Person")}

    class Input:
        """Whose."""

        id = graphene.ID(required=True, description="The account.")


class ResetSecondFactor(Action):
    """Remove all second factors of somebody who lost them; sessions end. The password stays: nobody can do both."""

    perform = staticmethod(accounts.reset_second_factor)
    returns = ("account", AccountType, Account)
    objects = {"id": ("Account", "Person")}

    class Input:
        """Whose."""

        id = graphene.ID(required=True, description="The account.")


class Mutation:
    """What is changed about accounts."""

    create_person = CreatePerson.Field(description=CreatePerson.__doc__)
    issue_setup_link = IssueSetupLink.Field(description=IssueSetupLink.__doc__)
    deactivate_person = DeactivatePerson.Field(description=DeactivatePerson.__doc__)
    unlock_person = UnlockPerson.Field(description=UnlockPerson.__doc__)
    reset_second_factor = ResetSecondFactor.Field(description=ResetSecondFactor.__doc__)
