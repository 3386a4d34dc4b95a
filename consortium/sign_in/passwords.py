"""Passwords: checked at the door, changed by their owner, set for the first time through a link that works once."""

from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from consortium import trail
from consortium.access import Actor
from consortium.errors import Code, Refused
from consortium.models import Outcome, Person, Way
from consortium.sign_in import guesses, sessions


def checked(request: Any, username: str, password: str) -> Person:
    """Whose name and password these are; UNAUTHENTICATED for every kind of mismatch, LIMIT_EXCEEDED after too many.

    What is answered, asked of the database and hashed is the same whether anybody has the name or not.
    """
    name = username[: guesses.LONGEST_NAME]
    person = authenticate(request, username=name, password=password)
    if isinstance(person, Person):
        return person
    meant = Person.objects.filter(username=name).first()
    if guesses.is_locked(request, name):
        guesses.note(request, meant, Way.PASSWORD, Outcome.LOCKED)
        raise guesses.locked_name(request, name)
    guesses.note(request, meant, Way.PASSWORD, Outcome.WRONG)
    raise Refused(Code.UNAUTHENTICATED, _("用户名或密码不正确，或账号已停用。"))


def valid(password: str, person: Person, *, field: str) -> str:
    """The same password if it may be used; INVALID_INPUT with what is wrong with it."""
    try:
        password.encode()  # no lone surrogate may reach the hasher
        validate_password(password, person)
    except UnicodeEncodeError as error:
        raise Refused(Code.INVALID_INPUT, _("密码含有无法识别的字符。"), field=field) from error
    except ValidationError as error:
        raise Refused(Code.INVALID_INPUT, " ".join(error.messages), field=field) from error
    return password


def change_password(request: Any, *, by: Actor, old: str, new: str) -> Person:
    """Set another password, knowing the old one; every other session of the person ends."""
    if by.person is None:
        raise Refused(Code.UNAUTHENTICATED, _("请先登录。"))
    try:
        person = checked(request, by.person.username, old)
    except Refused as refused:
        code = Code.INVALID_INPUT if refused.code is Code.UNAUTHENTICATED else refused.code
        words = _("当前密码不正确。") if code is Code.INVALID_INPUT else refused.message
        raise Refused(code, words, field="old") from refused
    if old == new:
        raise Refused(Code.INVALID_INPUT, _("新密码不能与当前密码相同。"), field="new")
    valid(new, person, field="new")
    with transaction.atomic():
        person.set_password(new)
        person.save(update_fields=["password"])
        _audit(by, "change_password", person, request.now)
    sessions.end([person], but=request.session.session_key)
    return person


def setup_secret(person: Person) -> str:
    """What opens the page for a first or forgotten password; it works once, for `PASSWORD_RESET_TIMEOUT` seconds."""
    return f"{person.pk}-{default_token_generator.make_token(person)}"


def set_up(request: Any, *, secret: str, password: str) -> Person:
    """Set a password by a secret; NOT_FOUND if that was used, is too old or was never given."""
    key, _dash, token = secret.partition("-")
    with transaction.atomic():
        person = None
        if key.isascii() and key.isdecimal() and len(key) < 10:
            person = Person.objects.select_for_update().filter(pk=int(key), is_active=True).first()
        if person is None or not default_token_generator.check_token(person, token):
            raise Refused(Code.NOT_FOUND, _("链接已使用、已过期或不完整；请向系统管理员索取新链接。"), field="secret")
        valid(password, person, field="password")
        person.set_password(password)
        person.save(update_fields=["password"])
        _audit(Actor(person, request_id=request.trace), "set_up_password", person, request.now)
    sessions.end([person])
    return person


def _audit(by: Actor, action: str, person: Person, now: Any) -> None:
    trail.audit(by, action, person, role=None, purpose="SIGN_IN", patient_id=None, now=now)
