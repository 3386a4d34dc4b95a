"""Finding Chinese names by any part of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consortium import search
from consortium.models import Hospital, Patient
from referrals.models import Status

NAMES = st.text(st.sampled_from("王小明李湘雅医院长沙县 ABab1"), min_size=1, max_size=12)


def test_the_grams_of_a_name():
    assert search.grams("王小明") == ["小", "小明", "明", "王", "王小"]
    assert search.grams("ICU 病房") == ["c", "cu", "i", "ic", "u", "u病", "房", "病", "病房"]
    assert search.grams("王", "王明") == ["明", "王", "王明"]
    assert search.grams("") == []


def test_what_is_looked_for():
    assert search.wanted("王小明") == ["王小", "小明"]
    assert search.wanted("王") == ["王"]
    assert search.wanted(" I C ") == ["ic"]
    assert search.wanted("  ") == []


@given(NAMES, st.data())
def test_any_part_of_a_name_finds_it(name, data):
    start = data.draw(st.integers(0, len(name) - 1))
    end = data.draw(st.integers(start, len(name)))
    assert set(search.wanted(name[start:end])) <= set(search.grams(name))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("county", {"county医院"}),
        ("y医院", {"county医院", "city医院"}),
        ("医院", {"county医院", "city医院", "province医院", "province2医院", "foreign医院"}),
        ("CITY医", {"city医院"}),
        ("院医", set()),
        ("%", set()),
    ],
)
def test_hospitals_are_found_by_the_index_of_grams(world, typed, found):
    rows = Hospital.objects.filter(name_grams__contains=search.wanted(typed))
    assert set(rows.values_list("name", flat=True)) == found


def test_a_patients_grams_follow_the_name(world):
    patient = world.referral(Status.DRAFT).patient
    patient.name = "欧阳娜娜"
    patient.save()
    assert Patient.objects.filter(name_grams__contains=search.wanted("阳娜")).get() == patient
