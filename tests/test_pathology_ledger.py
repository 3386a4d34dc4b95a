"""The ledger counts what it says, with numerator and denominator, for those who answer for it."""

from datetime import date, timedelta

import pytest

from consortium.errors import Refused
from telemedicine.ledger import By, ledger
from telemedicine.models import Kind, Liability, Status
from tests.lab import BY, COUNTY_LAB, FIRST, HEAD, REPORT, SECOND, Lab
from tests.reports import fitting
from tests.world import NOW

S = Status
DAY = NOW.date()


def finished(lab: Lab, hours: int, *, status: Status = S.ISSUED, **given):
    """A case that was answered so many hours after its submission."""
    report = REPORT | {"diagnostic_class": given.pop("conclusion", "MALIGNANT")}
    case = lab.case(S.READING, **given)
    report["content"] = fitting(case)
    later = {"now": NOW + timedelta(hours=hours)}
    if status == S.UNDIAGNOSABLE:
        return lab.take("declare_undiagnosable", case, **later)
    return lab.take("sign_report", case, report=report, **later)


def counted(lab: Lab, grouping: By, who=HEAD, **given):
    """The ledger of the month."""
    period = {"since": DAY, "until": DAY + timedelta(days=30)} | given
    return {entry.group: entry for entry in ledger(by=lab.actor(*who), grouping=grouping, **period)}


def test_every_figure_of_a_group(lab):
    finished(lab, 2, preliminary_class="MALIGNANT")
    finished(lab, 4, preliminary_class="BENIGN")
    finished(lab, 90, preliminary_class="SUSPICIOUS")
    finished(lab, 6, preliminary_class="NONE", status=S.UNDIAGNOSABLE)
    lab.case(S.READING)  # not answered yet
    lab.case(S.CANCELLED)
    (entry,) = counted(lab, By.ORGAN).values()
    assert (entry.group, entry.cases, entry.median_minutes) == ("乳腺", 4, 300.0)
    assert (entry.undiagnosable.numerator, entry.undiagnosable.denominator, entry.undiagnosable.value) == (1, 4, 0.25)
    assert (entry.within_limit.numerator, entry.within_limit.denominator) == (3, 4)
    assert (entry.preliminary_concordant.numerator, entry.preliminary_concordant.denominator) == (1, 3)
    assert (entry.preliminary_major.numerator, entry.preliminary_major.denominator) == (1, 3)
    assert (entry.final_concordant.denominator, entry.final_concordant.value) == (0, None)
    assert (entry.returned.numerator, entry.returned.denominator) == (0, 4)


def test_a_returned_case_and_a_final_result_are_counted(lab):
    case = lab.take("fix_pathology", lab.case(S.RETURNED, liability=Liability.CONSULTATION))
    for step in ("pass_quality", "claim_pathology", "start_reading", "sign_report", "acknowledge_report"):
        case = lab.take(step, case)
    lab.take("record_final_result", case)
    (entry,) = counted(lab, By.KIND).values()
    assert (entry.returned.value, entry.final_concordant.value, entry.group) == (1.0, 1.0, Kind.ROUTINE)


def test_it_is_grouped_by_organ_hospital_expert_and_kind(lab):
    finished(lab, 1)
    finished(lab, 1, kind=Kind.FROZEN, received_at=NOW)
    lab.reads(FIRST, "THORACIC")
    finished(lab, 1, organ="LUNG")
    assert {group: entry.cases for group, entry in counted(lab, By.ORGAN).items()} == {"乳腺": 2, "肺": 1}
    assert set(counted(lab, By.SENDER)) == {lab.hospitals["county"].name}
    assert set(counted(lab, By.PERFORMER)) == {lab.hospitals["province"].name}
    assert set(counted(lab, By.EXPERT)) == {lab.people[FIRST].name}
    assert {group: entry.cases for group, entry in counted(lab, By.KIND).items()} == {"ROUTINE": 2, "FROZEN": 1}
    assert {e.cases for e in counted(lab, By.KIND, kind="FROZEN").values()} == {1}


def test_a_frozen_section_is_timed_from_its_specimen_to_its_first_opinion(lab):
    case = lab.case(S.READING, kind=Kind.FROZEN, received_at=NOW - timedelta(minutes=10))
    case = lab.take("give_preliminary_opinion", case, now=NOW + timedelta(minutes=15))
    lab.take("sign_report", case, now=NOW + timedelta(hours=20))
    (entry,) = counted(lab, By.KIND).values()
    assert (entry.median_minutes, entry.within_limit.value) == (25.0, 1.0)


def test_it_shows_the_places_that_one_answers_for(lab):
    finished(lab, 1)
    assert counted(lab, By.ORGAN, who=("county", HEAD[1], 1))
    for who in (("foreign", HEAD[1], 1), COUNTY_LAB, FIRST, SECOND, BY["pass_quality"]):
        assert counted(lab, By.ORGAN, who=who) == {}


@pytest.mark.parametrize(("since", "until"), [(date(2026, 2, 1), date(2026, 1, 1)), (date(2020, 1, 1), DAY)])
def test_a_period_is_in_order_and_not_too_long(lab, since, until):
    with pytest.raises(Refused) as refused:
        counted(lab, By.ORGAN, since=since, until=until)
    assert (str(refused.value.code), refused.value.field) == ("INVALID_INPUT", "since")
