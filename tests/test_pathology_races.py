"""Races for a pathology case, with real threads and real commits: one claims, one signs, nobody takes too many."""

from collections import Counter
from functools import partial

from consortium.models import Event
from telemedicine.models import Report, Status
from tests.lab import FIRST, SECOND, THIRD, Lab
from tests.test_races import race
from tests.world import OK

S = Status


def test_one_of_many_claims_wins(committed_lab: Lab):
    lab = committed_lab
    case = lab.case(S.POOLED)
    who = [lab.actor(*key) for key in (FIRST, SECOND, THIRD) * 3]
    codes = race(*(partial(lab.take, "claim_pathology", case, by=by) for by in who))
    assert Counter(codes) == {OK: 1, "INVALID_STATE": 8}
    stored = lab.read(case)
    assert (stored.status, stored.version) == (S.ASSIGNED, case.version + 1)
    assert stored.assigned_to == who[codes.index(OK)].person
    assert Event.objects.filter(subject_id=case.pk, kind="claim_pathology").count() == 1


def test_a_report_is_signed_once(committed_lab: Lab):
    lab = committed_lab
    case = lab.case(S.READING)
    lab.see(case, FIRST)
    codes = race(*(partial(lab.take, "sign_report", case, by=lab.actor(*FIRST)) for _n in range(8)))
    assert Counter(codes) == {OK: 1, "INVALID_STATE": 7}
    assert Report.objects.filter(case=case).count() == 1
    assert lab.read(case).report_version == 1


def test_a_signature_and_a_cancellation_exclude_each_other(committed_lab: Lab):
    lab = committed_lab
    for _n in range(3):
        case = lab.case(S.READING)
        lab.see(case, FIRST)
        codes = race(
            partial(lab.take, "sign_report", case, by=lab.actor(*FIRST)), partial(lab.take, "cancel_pathology", case)
        )
        assert sorted(codes) == ["INVALID_STATE", OK]
        stored = lab.read(case)
        assert stored.status == (S.ISSUED if codes[0] == OK else S.CANCELLED)
        assert Report.objects.filter(case=case).count() == (codes[0] == OK)


def test_a_pathologist_at_the_limit_takes_one_of_two_cases(committed_lab: Lab):
    """Both claims see a free hand; the lock on what is taken at most lets one through."""
    lab = committed_lab
    lab.reads(FIRST, "BREAST", limit=1)
    cases = [lab.case(S.POOLED) for _n in range(4)]
    codes = race(*(partial(lab.take, "claim_pathology", case, by=lab.actor(*FIRST)) for case in cases))
    assert Counter(codes) == {OK: 1, "NO_CAPACITY": 3}
    assert sorted(lab.read(case).status for case in cases) == [S.ASSIGNED, S.POOLED, S.POOLED, S.POOLED]
