"""What may be done with a case of pathology now: the condition of a step says what its check says."""

from django.db.models import F

from consortium.counts import COUNTS
from consortium.lifecycle import STEPS
from telemedicine.models import Agreement, Kind, PathologyCase, Status
from tests.edge.possible import both_said
from tests.edge.test_front_documents import document, handed
from tests.edge.test_pathology import edge
from tests.lab import COUNTY_LAB, FIRST, HEAD, SECOND, THIRD

# Who has much in hand, and who is tied to whom, is counted by the check alone.
UNSAID = {"claim_pathology", "confirm_reservation"}


def test_the_condition_of_a_step_of_pathology_says_what_its_check_says(lab):
    cases = [lab.case(status) for status in Status]
    reviewed = {status: lab.case(status) for status in (Status.SECOND_REVIEW, Status.ISSUED)}
    cases += [lab.case(Status.SECOND_REVIEW) for _ in range(4)]
    varied = [
        {"second_agreement": Agreement.CONCORDANT, "settled_class": "MALIGNANT"},
        {"second_agreement": Agreement.MAJOR, "settled_class": ""},
        {"second_agreement": Agreement.MAJOR, "adjudicator": lab.people[THIRD]},
        {"second_agreement": Agreement.MAJOR, "settled_class": "BENIGN", "adjudicator": lab.people[THIRD]},
    ]
    for case, changes in zip(cases[-4:], varied, strict=True):
        PathologyCase.objects.filter(pk=case.pk).update(**changes)
    PathologyCase.objects.filter(pk=cases[0].pk).update(kind=Kind.FROZEN, version=F("version"))
    people = [lab.actor(*who) for who in (COUNTY_LAB, HEAD, FIRST, SECOND, THIRD)]
    by_condition, by_check, answers = both_said(PathologyCase, [*cases, *reviewed.values()], people)
    assert by_condition == by_check
    seen = {step for _by, _row, step in by_check}
    assert {step.name for step in STEPS[PathologyCase].values() if step.sides} - seen - UNSAID == set()
    assert len([said for said in answers.values() if said == {True, False}]) >= 7


def test_the_queue_of_who_claims_nothing_is_compiled_and_a_readers_is_handed_over(lab):
    for status in (Status.POOLED, Status.READING, Status.ISSUED):
        lab.case(status)
    given = {"box": "OUT", "open": True}
    before = dict(COUNTS)
    nodes = edge(lab, COUNTY_LAB).data(document("PathologyQueue"), **given)["pathologyWorklist"]["nodes"]
    assert any(one["allowed"] for node in nodes for one in node["availableActions"])
    assert handed(before) == []
    for _ in range(2):
        before = dict(COUNTS)
        assert edge(lab, FIRST).data(document("PathologyQueue"), box="MINE")["pathologyWorklist"]["nodes"]
        assert handed(before) in (
            ["reads handed over: claim_pathology without a condition"],
            ["reads handed over: confirm_reservation without a condition"],
        )
