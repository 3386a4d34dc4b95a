"""Accounts and who keeps them: the system administrator makes, closes and hands out the link for a password; the
security administrator unlocks and removes second factors. Neither alone can come in as somebody else.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from consortium import access, directory, trail
from consortium.access import Actor
from consortium.errors import Code, Refused, checked
from consortium.models import Account, Hospital, HospitalIdentity, Person, PractitionerRole
from consortium.sign_in import factors, guesses, passwords, sessions


def accounts(by: Actor, permission: str = "view_accounts", *, text: str = "") -> QuerySet[Account]:
    """The accounts that somebody keeps: of their hospitals, or of a division and those below it, by name or username.

    An account without a home is kept by those who hold the permission for a province.
    """
    reach = by.reach(permission)
    kept = Q(home__in=reach.hospitals)
    for role in by.roles_with(permission):
        if role.division is not None:
            kept |= directory.within(role.division.code, "home__division")
            kept |= Q(home__isnull=True) if role.division.parent_id is None else Q(pk__in=[])
    rows = Account.objects.filter(kept)
    return rows.filter(Q(username__icontains=text) | Q(name__icontains=text)) if text.strip() else rows


def create_person(
    *,
    by: Actor,
    username: str,
    name: str,
    hospital: Any,
    now: datetime,
    title: str = "",
    provider: str = "",
    subject: str = "",
) -> tuple[Person, str]:
    """A new account of a hospital and the secret of its set-up link; INVALID_INPUT for a name that is taken."""
    acting = _keeper(by, "create_person", hospital)
    person = Person(username=username.strip(), name=name.strip(), title=title.strip(), home=hospital)
    if not person.name:
        raise Refused(Code.INVALID_INPUT, _("请填写姓名。"), field="name")
    try:
        UnicodeUsernameValidator()(person.username)
    except ValidationError as error:
        raise Refused(Code.INVALID_INPUT, error.messages[0], field="username") from error
    if Person.objects.filter(username__iexact=person.username).exists():
        raise Refused(Code.INVALID_INPUT, _("用户名已被使用，请换一个。"), field="username")
    person.set_unusable_password()
    checked(person)
    with transaction.atomic(savepoint=False):
        person.save(force_insert=True)
        if provider or subject:
            _register(person, provider, subject)
        _audit(by, "create_person", person, acting, now)
    return person, passwords.setup_secret(person)


def _register(person: Person, provider: str, subject: str) -> None:
    """Tell who the person is to a hospital's own sign-in."""
    if provider not in settings.OIDC:
        raise Refused(Code.INVALID_INPUT, _("没有配置该统一认证入口。"), field="provider")
    if not subject.strip():
        raise Refused(Code.INVALID_INPUT, _("请填写其在统一认证中的工号。"), field="subject")
    row = checked(HospitalIdentity(person=person, provider=provider, subject=subject.strip()))
    if HospitalIdentity.objects.filter(provider=provider, subject=row.subject).exists():
        raise Refused(Code.INVALID_INPUT, _("该工号已登记给另一账号。"), field="subject")
    row.save(force_insert=True)


def issue_setup_link(*, by: Actor, id: Any, now: datetime) -> tuple[Person, str]:
    """Another secret with which a person sets a password; earlier ones end when one is used."""
    with transaction.atomic(savepoint=False):
        person, acting = _kept(by, "issue_setup_link", id)
        if not person.is_active:
            raise Refused(Code.INVALID_STATE, _("账号已停用，不能设置密码。"))
        _audit(by, "issue_setup_link", person, acting, now)
    return person, passwords.setup_secret(person)


def deactivate_person(*, by: Actor, id: Any, now: datetime) -> Person:
    """Close an account: its sessions end, its tokens and roles count no more; the same again changes nothing."""
    with transaction.atomic(savepoint=False):
        person, acting = _kept(by, "deactivate_person", id)
        if person.is_active:
            person.is_active = False
            person.save(update_fields=["is_active"])
            sessions.end([person])
            _audit(by, "deactivate_person", person, acting, now)
    return person


def unlock_person(*, by: Actor, id: Any, now: datetime) -> Person:
    """Let a person try again at once after too many guesses."""
    with transaction.atomic(savepoint=False):
        person, acting = _kept(by, "unlock_person", id)
        guesses.forget(person)
        _audit(by, "unlock_person", person, acting, now)
    return person


def reset_second_factor(*, by: Actor, id: Any, now: datetime) -> Person:
    """Remove all second factors of somebody who lost them; their sessions end, and they enrol anew."""
    with transaction.atomic(savepoint=False):
        person, acting = _kept(by, "reset_second_factor", id)
        if factors.forget_all(person):
            sessions.end([person])
            _audit(by, "reset_second_factor", person, acting, now)
    return person


def _keeper(by: Actor, permission: str, hospital: Hospital) -> PractitionerRole:
    """The role by which somebody keeps the accounts of a hospital; FORBIDDEN if none."""
    around = directory.with_those_above(hospital.division)
    for role in by.roles_with(permission):
        if role.division_id in around if role.division_id else role.hospital_id == hospital.pk:
            return role
    raise access.forbidden()


def _kept(by: Actor, permission: str, id: Any) -> tuple[Person, PractitionerRole]:
    """The person, locked, and the role by which the actor keeps the account; NOT_FOUND beyond reach, never oneself."""
    acting = access.require(by, permission)
    if not accounts(by, permission).filter(pk=id).exists():
        raise access.not_found()
    if by.person and str(by.person.pk) == str(id):
        raise Refused(Code.SECOND_PERSON_NEEDED, _("不能对自己的账号做这一步；请由另一位管理员办理。"))
    return Person.objects.select_for_update(no_key=True).get(pk=id), acting


def _audit(by: Actor, action: str, person: Person, role: PractitionerRole, now: datetime) -> None:
    trail.audit(by, action, person, role=role, purpose="ADMINISTRATION", patient_id=None, now=now)
