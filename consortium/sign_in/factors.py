"""Second factors: codes of an authenticator, security keys, recovery codes; enrolled, shown at the door, removed.

The rows, the algorithms and the protocol are django-allauth's. A code of an authenticator counts once (RFC 6238, 5.2),
and of two that come at the same time for one person the second waits for the first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.internal import auth as webauthn
from cryptography.exceptions import InvalidSignature
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from consortium import access, trail
from consortium.access import Actor
from consortium.errors import Code, Refused
from consortium.models import Outcome, Person, Way
from consortium.sign_in import guesses, sessions

Kind = Authenticator.Type
SHOWN: dict[str, Way] = {
    Kind.TOTP: Way.TOTP,
    Kind.WEBAUTHN: Way.SECURITY_KEY,
    Kind.RECOVERY_CODES: Way.RECOVERY_CODE,
}
MOST_KEYS = 10
NAME = 40  # characters of a key's name


def of(person: Person) -> list[Authenticator]:
    """What a person has enrolled, the oldest first; recovery codes with it."""
    return list(Authenticator.objects.filter(user=person).order_by("created_at", "pk"))


def ways(person: Person) -> list[Way]:
    """With what a person can show a second factor; nothing if none is enrolled, for recovery codes alone are none."""
    kinds = {one.type for one in of(person)}
    return [way for kind, way in SHOWN.items() if kind in kinds] if kinds - {Kind.RECOVERY_CODES} else []


def unused_codes(person: Person) -> int:
    """How many recovery codes are left."""
    row = Authenticator.objects.filter(user=person, type=Kind.RECOVERY_CODES).first()
    return len(RecoveryCodes(row).get_unused_codes()) if row else 0


# At the door.


def challenge(person: Person) -> dict[str, Any]:
    """What a browser asks the person's security keys; the state waits in the session."""
    return webauthn.begin_authentication(person)


def show(request: Any, person: Person, *, code: str | None, credential: dict[str, Any] | None) -> Way:
    """The factor that was shown rightly; UNAUTHENTICATED if wrongly, LIMIT_EXCEEDED after too many of those."""
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        guesses.may_try_factor(person)
        found = _by_key(person, credential) if credential is not None else _by_code(person, code or "")
        if found is not None:
            found.record_usage()
            return SHOWN[found.type]
        way = Way.SECURITY_KEY if credential is not None else Way.TOTP
        guesses.note(request, person, way, Outcome.WRONG)
    raise Refused(Code.UNAUTHENTICATED, _("验证未通过：验证码不正确或已使用，请核对后重试。"), field="code")


def _by_key(person: Person, credential: dict[str, Any]) -> Authenticator | None:
    try:
        webauthn.parse_authentication_response(credential)
        return webauthn.complete_authentication(person, credential)
    except (ValidationError, InvalidSignature, KeyError, TypeError, ValueError):
        return None


def _by_code(person: Person, text: str) -> Authenticator | None:
    code = "".join(text.split()).replace("-", "")
    if not (code.isascii() and code.isdecimal()):
        return None
    rows = {row.type: row for row in Authenticator.objects.select_for_update().filter(user=person)}
    if (row := rows.get(Kind.TOTP)) and _totp_counts(row, code):
        return row
    row = rows.get(Kind.RECOVERY_CODES)
    return row if row and RecoveryCodes(row).validate_code(code) else None


def _totp_counts(row: Authenticator, code: str) -> bool:
    """Whether a code is that of a moment around now which is later than any that was used."""
    counter = _counter(decrypt(row.data["secret"]), code)
    if counter is None or counter <= row.data.get("counter", 0):
        return False
    row.data["counter"] = counter
    row.save(update_fields=["data"])
    return True


def _counter(secret: str, code: str) -> int | None:
    for counter in totp.yield_hotp_counters_from_time():
        if totp.compare_user_code(actual=code, expected=totp.format_hotp_value(totp.hotp_value(secret, counter))):
            return counter
    return None


# Enrolled and removed by their owner. Every change ends the person's other sessions and lets this one go on under
# another key.


def begin_totp(request: Any, person: Person) -> tuple[str, str]:
    """A new secret for an authenticator, and the address that its QR code holds; it waits in the session."""
    secret = totp.get_totp_secret(regenerate=True)
    return secret, get_adapter().build_totp_url(person, secret)


def add_totp(request: Any, *, by: Actor, code: str) -> list[str]:
    """Enrol the authenticator that shows this code; the recovery codes if these are the first, to be shown once."""
    person = _person(by)
    secret = request.session.get(totp.SECRET_SESSION_KEY)
    counter = _counter(secret, "".join(code.split())) if secret else None
    if counter is None:
        raise Refused(Code.INVALID_INPUT, _("验证码不正确：请核对手机时间，再输入最新的 6 位数字。"), field="code")
    with _changing(request, by, "add_totp"):
        Authenticator.objects.filter(user=person, type=Kind.TOTP).delete()  # a new one takes the old one's place
        row = totp.TOTP.activate(person, secret).instance
        row.data["counter"] = counter
        row.save(update_fields=["data"])
        codes = _first_codes(person)
    totp.clear_totp_secret(request)
    return codes


def begin_key(request: Any, person: Person) -> dict[str, Any]:
    """What a browser asks a new security key; the state waits in the session."""
    return webauthn.begin_registration(person, False)


def add_key(request: Any, *, by: Actor, name: str, credential: dict[str, Any]) -> list[str]:
    """Enrol a security key; the recovery codes if these are the first, to be shown once."""
    person, called = _person(by), name.strip()
    if not called or len(called) > NAME or "\x00" in called:
        raise Refused(Code.INVALID_INPUT, _("请给密钥起一个不超过 {n} 个字的名称。").format(n=NAME), field="name")
    if Authenticator.objects.filter(user=person, type=Kind.WEBAUTHN).count() >= MOST_KEYS:
        raise Refused(Code.LIMIT_EXCEEDED, _("最多登记 {n} 个安全密钥；请先移除不用的。").format(n=MOST_KEYS))
    try:
        webauthn.parse_registration_response(credential)
        webauthn.complete_registration(credential)
    except (ValidationError, InvalidSignature, KeyError, TypeError, ValueError) as error:
        raise Refused(Code.INVALID_INPUT, _("安全密钥没有登记成功，请重新开始。"), field="credential") from error
    with _changing(request, by, "add_security_key"):
        webauthn.WebAuthn.add(person, called, credential)
        return _first_codes(person)


def remove(request: Any, *, by: Actor, pk: int, compulsory: bool) -> None:
    """Remove an authenticator or a security key; the last one stays where a second factor is compulsory."""
    person = _person(by)
    with _changing(request, by, "remove_second_factor"):
        rows = Authenticator.objects.select_for_update().filter(user=person).exclude(type=Kind.RECOVERY_CODES)
        row = next((one for one in rows if one.pk == pk), None)
        if row is None:
            raise access.not_found()
        if len(rows) == 1 and compulsory:
            raise Refused(Code.INVALID_STATE, _("这是最后一个二次验证方式，不能移除；请先添加另一个。"))
        row.delete()
        if len(rows) == 1:
            Authenticator.objects.filter(user=person).delete()


def new_codes(request: Any, *, by: Actor) -> list[str]:
    """New recovery codes, to be shown once; the old ones count no more. INVALID_STATE without a second factor."""
    person = _person(by)
    with _changing(request, by, "renew_recovery_codes"):
        if not ways(person):
            raise Refused(Code.INVALID_STATE, _("请先添加动态验证码或安全密钥，再生成恢复码。"))
        Authenticator.objects.filter(user=person, type=Kind.RECOVERY_CODES).delete()
        return _first_codes(person)


def forget_all(person: Person) -> int:
    """Remove everything that a person has enrolled; how much it was."""
    return Authenticator.objects.filter(user=person).delete()[0]


def _first_codes(person: Person) -> list[str]:
    if Authenticator.objects.filter(user=person, type=Kind.RECOVERY_CODES).exists():
        return []
    codes = RecoveryCodes.activate(person).generate_codes()
    return [f"{code[:4]}-{code[4:]}" for code in codes]


def _person(by: Actor) -> Person:
    if by.person is None:
        raise Refused(Code.UNAUTHENTICATED, _("请先登录。"))
    return by.person


@contextmanager
def _changing(request: Any, by: Actor, action: str) -> Iterator[None]:
    """A change of somebody's own factors: one transaction with its audit, then the sessions follow."""
    person = _person(by)
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        yield
        trail.audit(by, action, person, role=None, purpose="SIGN_IN", patient_id=None, now=request.now)
    request.session.renew()
    sessions.end([person], but=request.session.session_key)
