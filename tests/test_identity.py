"""Check digits of national numbers: the standards' own examples, and every single mistyped character."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consortium.errors import Refused
from consortium.identity import age_in_years, credit_check_digit, id_check_digit, is_credit_code, read_id_number
from consortium.models import Patient

TODAY = date(2026, 3, 2)
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
# GB 11643-1999 (annex), GB 32100-2015 (annex) and published examples.
ID_NUMBERS = [
    ("11010519491231002X", date(1949, 12, 31), "FEMALE"),
    ("440524188001010014", date(1880, 1, 1), "MALE"),
]
CREDIT_CODES = ["91350100M000100Y43", "91440300708461136T", "91110000802100433B"]


@pytest.mark.parametrize(("number", "born", "sex"), ID_NUMBERS)
def test_the_standards_identity_numbers_are_read(number, born, sex):
    read = read_id_number(f" {number.lower()} ", today=TODAY)
    assert (read.number, read.birth_date, read.sex) == (number, born, sex)


@pytest.mark.parametrize("code", CREDIT_CODES)
def test_the_standards_credit_codes_are_right(code):
    assert is_credit_code(code)


REFUSED = {
    "": "18 位",
    "1101051949123100": "18 位",
    "11010519491231002X0": "18 位",
    "X10105194912310021": "18 位",
    "1101051949123100２X": "18 位",
    "11010519491331002X": "出生日期",
    "11010519490230002X": "出生日期",
    "110105202603030011": "合理范围",
    "110105184912310011": "合理范围",
    "110105194912310021": "校验位",
    "11010519491231002Y": "校验位",
}


@pytest.mark.parametrize(("number", "words"), REFUSED.items())
def test_the_mistake_is_named_without_repeating_the_number(number, words):
    with pytest.raises(Refused, match=words) as refused:
        read_id_number(number, today=TODAY)
    assert (refused.value.code, refused.value.field) == ("INVALID_INPUT", "idNumber")
    assert not number or number not in refused.value.message


def test_todays_newborn_is_read_and_tomorrows_is_not():
    today, tomorrow = ("430121" + f"{day:%Y%m%d}" + "001" for day in (TODAY, date(2026, 3, 3)))
    assert read_id_number(today + id_check_digit(today), today=TODAY).birth_date == TODAY
    with pytest.raises(Refused):
        read_id_number(tomorrow + id_check_digit(tomorrow), today=TODAY)


births = st.dates(date(1900, 1, 1), TODAY)


@given(births, st.integers(0, 999_999), st.integers(0, 999), st.integers(0, 17), st.integers(1, 10))
def test_any_single_mistyped_character_of_an_identity_number_is_found(born, division, sequence, place, change):
    first17 = f"{division:06d}{born:%Y%m%d}{sequence:03d}"
    number = first17 + id_check_digit(first17)
    assert read_id_number(number, today=TODAY).birth_date == born
    letters = "0123456789X" if place == 17 else "0123456789"
    wrong = letters[(letters.index(number[place]) + change) % len(letters)]
    mistyped = number[:place] + wrong + number[place + 1 :]
    if mistyped != number:
        with pytest.raises(Refused):
            read_id_number(mistyped, today=TODAY)


@given(births, st.integers(0, 999_999), st.integers(0, 999), st.integers(0, 15))
def test_two_swapped_neighbours_of_an_identity_number_are_found(born, division, sequence, place):
    first17 = f"{division:06d}{born:%Y%m%d}{sequence:03d}"
    number = first17 + id_check_digit(first17)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        with pytest.raises(Refused):
            read_id_number(swapped, today=TODAY)


@given(st.text(CREDIT_ALPHABET, min_size=17, max_size=17), st.integers(0, 17), st.integers(1, 30))
def test_any_single_mistyped_character_of_a_credit_code_is_found(first17, place, change):
    code = first17 + credit_check_digit(first17)
    assert is_credit_code(code)
    wrong = CREDIT_ALPHABET[(CREDIT_ALPHABET.index(code[place]) + change) % 31]
    assert not is_credit_code(code[:place] + wrong + code[place + 1 :])


@pytest.mark.parametrize(
    "text", ["", "91350100M000100Y4", "91350100M000100Y430", "91350100m000100y43", "9135O100M000100Y43"]
)
def test_what_is_no_credit_code(text):
    assert not is_credit_code(text)


AGES = [
    (date(2012, 3, 2), date(2026, 3, 2), 14),
    (date(2012, 3, 3), date(2026, 3, 2), 13),
    (date(2012, 2, 29), date(2026, 2, 28), 13),
    (date(2012, 2, 29), date(2026, 3, 1), 14),
    (date(2026, 3, 2), date(2026, 3, 2), 0),
]


@pytest.mark.parametrize(("born", "on", "years"), AGES)
def test_age_is_counted_in_completed_years(born, on, years):
    assert age_in_years(born, on) == years


@pytest.mark.parametrize(
    ("name", "masked"), [("王小明", "王**"), ("王明", "王*"), ("王", "王*"), ("欧阳小明", "欧***")]
)
def test_lists_mask_names(name, masked):
    assert Patient(name=name).masked_name == masked
