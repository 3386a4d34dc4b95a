"""Finding Chinese names by any part of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consortium import registry, search
from consortium.models import Concept, Department, Hospital, Patient
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


@pytest.mark.parametrize(
    ("name", "sounds"),
    [
        ("小儿肺炎", "efy erfeiyan feiyan fy xefy xiaoerfeiyan y yan"),
        ("长沙", "changsha cs s sha"),  # by its phrase: the character alone is also zhang
        ("ICU 病房", "bf bingfang f fang icubf icubingfang"),
        ("A型（重）", "axingzhong axz xingzhong xz z zhong"),
        ("女", "n nv"),
        ("（）", ""),
        ("", ""),
    ],
)
def test_how_a_name_sounds(name, sounds):
    assert search.sounds(name) == sounds


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("xefy", True),
        ("xiaoerfeiyan", True),
        ("XiaoEr", True),
        ("xiao er fei", True),
        ("erfei", True),
        ("fy", True),
        ("ry", False),  # not from the middle of a syllable
        ("xiaofei", False),
        ("xefyx", False),
        ("小er", False),  # half chosen with an input method
        ("'x:*", True),  # its letters alone count
        ("1", False),
    ],
)
@pytest.mark.django_db
def test_what_is_typed_by_its_sound(typed, found):
    Concept.objects.create(
        system="ICD10", code="J18.X", label_zh="小儿肺炎", label_en="Y", source="-", valid_from="2020-01-01",
        sounds=search.sounds("小儿肺炎"),
    )  # fmt: skip
    assert Concept.objects.filter(search.heard(typed), code="J18.X").exists() is found


@given(st.text(max_size=80))
def test_nothing_that_is_typed_breaks_the_query(typed):
    str(Concept.objects.filter(registry.matching(typed)).query)
    condition = search.heard(typed)
    assert condition == search.heard("") or "sounds" in str(condition)


def test_places_are_found_by_their_sound_however_they_came(world):
    hospital, department = world.hospitals["county"], world.departments["county"]
    hospital.name, department.name = "浏阳市人民医院", "血液科"
    hospital.save()
    department.save()
    assert Hospital.objects.filter(search.heard("lysrm")).get() == hospital
    assert Department.objects.filter(search.heard("xueye")).get() == department
    assert Department.objects.filter(search.heard("renmin", "hospital__"), pk=department.pk).exists()
    assert not Department.objects.filter(search.heard("lys"), pk=department.pk).exists()


def test_the_catalogue_of_diagnoses_is_found_by_its_sound(world):
    found = Concept.objects.filter(registry.matching("zqgfy"), system="ICD10").values_list("label_zh", flat=True)
    assert "支气管肺炎" in found
    assert not Concept.objects.filter(sounds__isnull=True, system="ICD10").exists()
