"""Check digits and structure of the national numbers: GB 11643 (people) and GB 32100 (institutions)."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from consortium.errors import Code, Refused

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))


@dataclass(frozen=True)
class IdNumber:
    """What a valid resident identity number says about its holder."""

    number: str
    birth_date: date
    sex: str


def id_check_digit(first17: str) -> str:
    """The 18th character of a resident identity number (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return _ID_CHECKS[sum(int(digit) * weight for digit, weight in zip(first17, _ID_WEIGHTS, strict=True)) % 11]


def credit_check_digit(first17: str) -> str:
    """The 18th character of a unified social credit code (GB 32100-2015, modulus 31)."""
    total = sum(_CREDIT_ALPHABET.index(char) * weight for char, weight in zip(first17, _CREDIT_WEIGHTS, strict=True))
    return _CREDIT_ALPHABET[(31 - total % 31) % 31]


def read_id_number(text: str, *, today: date, field: str = "idNumber") -> IdNumber:
    """The parsed number; INVALID_INPUT with the exact mistake when length, date or check digit are wrong (GB 11643)."""
    number = text.strip().upper()
    if len(number) != 18 or not number[:17].isascii() or not number[:17].isdigit():
        raise Refused(Code.INVALID_INPUT, _("身份证号应为 18 位：前 17 位是数字，请对照证件重新输入。"), field=field)
    try:
        birth_date = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError as error:
        raise Refused(
            Code.INVALID_INPUT, _("身份证号第 7 至 14 位不是有效的出生日期，请对照证件重新输入。"), field=field
        ) from error
    if not date(1850, 1, 1) <= birth_date <= today:
        raise Refused(Code.INVALID_INPUT, _("身份证号中的出生日期不在合理范围，请对照证件核对。"), field=field)
    if id_check_digit(number[:17]) != number[17]:
        raise Refused(Code.INVALID_INPUT, _("身份证号校验位不符，可能有一位输错，请逐位核对。"), field=field)
    return IdNumber(number, birth_date, "MALE" if int(number[16]) % 2 else "FEMALE")


def is_credit_code(text: str) -> bool:
    """Whether the text is a unified social credit code with a right check digit (GB 32100)."""
    return (
        len(text) == 18 and all(char in _CREDIT_ALPHABET for char in text) and credit_check_digit(text[:17]) == text[17]
    )


def age_in_years(birth_date: date, on: date) -> int:
    """Completed years of life on a day."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))
