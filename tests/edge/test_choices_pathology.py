"""What may be done with a case of pathology now: the condition of a step says what its check says."""

from dataclasses import replace

from consortium.counts import COUNTS
from consortium.lifecycle import STEPS
from consortium.requirements import Requirement
from schema import engine
from telemedicine.experts import fit_to_read
from telemedicine.models import Agreement, Expertise, Kind, PathologyCase, Recusal, Status
from tests.edge.possible import both_said
from tests.edge.test_front_documents import document, handed
from tests.edge.test_pathology import edge
from tests.lab import COUNTY_LAB, FIRST, HEAD, SECOND, THIRD, Lab
from tests.world import NOW

VARIED = [
    {"second_agreement": Agreement.CONCORDANT, "settled_class": "MALIGNANT"},
    {"second_agreement": Agreement.MAJOR, "settled_class": ""},
    {"second_agreement": Agreement.MAJOR, "adjudicator": THIRD},
    {"second_agreement": Agreement.MAJOR, "settled_class": "BENIGN", "adjudicator": THIRD},
]


def cases(lab: Lab) -> list[PathologyCase]:
    """One in each state, others after a second opinion, and some that not everybody may read."""
    made = [lab.case(status) for status in Status]
    for changes in VARIED:
        made.append(lab.case(Status.SECOND_REVIEW))
        named = {"adjudicator": lab.people[THIRD]} if "adjudicator" in changes else {}
        PathologyCase.objects.filter(pk=made[-1].pk).update(**changes | named)
    recused, written, frozen = (lab.case(Status.POOLED) for _ in range(3))
    Recusal.objects.create(case=recused, person=lab.people[FIRST], reason_code="CONFLICT", declined_at=NOW)
    PathologyCase.objects.filter(pk=written.pk).update(preliminary_by=lab.people[THIRD])
    PathologyCase.objects.filter(pk=frozen.pk).update(kind=Kind.FROZEN)
    assert PathologyCase.objects.filter(assigned_to=lab.people[FIRST], status=Status.READING).exists()
    return [*made, recused, written, frozen]


def test_the_condition_of_a_step_of_pathology_says_what_its_check_says(lab):
    rows = cases(lab)
    keys, said = [COUNTY_LAB, HEAD, FIRST, SECOND, THIRD], {}
    for most in (99, 1):
        Expertise.objects.filter(person=lab.people[FIRST]).update(open_limit=most)
        people = [replace(lab.actor(*who), known={}) for who in keys]
        by_condition, by_check, answers = both_said(PathologyCase, rows, people)
        assert by_condition == by_check
        for check, found in answers.items():
            said[check] = said.get(check, set()) | found
        claims = {row for by, row, step in by_check if by == lab.people[FIRST] and step == "claim_pathology"}
        assert len(claims) == (3 if most == 99 else 1)  # of four that wait for a reader; the frozen section always
    assert said[fit_to_read] == {True, False}
    assert len([check for check, found in said.items() if found == {True, False}]) >= 8


def test_the_queue_of_pathology_is_compiled(lab):
    cases(lab)
    for who, box in ((COUNTY_LAB, "OUT"), (HEAD, "IN"), (FIRST, "IN"), (FIRST, "MINE"), (SECOND, "IN")):
        before = dict(COUNTS)
        nodes = edge(lab, who).data(document("PathologyQueue"), box=box)["pathologyWorklist"]["nodes"]
        assert any(one["allowed"] for node in nodes for one in node["availableActions"]), (who, box)
        assert handed(before) == []


def test_a_requirement_without_a_condition_hands_over_for_who_may_take_its_step(lab, monkeypatch):
    lab.case(Status.POOLED)
    step = STEPS[PathologyCase]["claim_pathology"]
    unsaid = replace(step, requires=(Requirement(fit_to_read.check, None),))
    monkeypatch.setitem(STEPS[PathologyCase], "claim_pathology", unsaid)
    engine.forget()
    for who, box, why in ((FIRST, "IN", ["claim_pathology without a condition"]), (COUNTY_LAB, "OUT", [])):
        for _ in range(2):
            before = dict(COUNTS)
            edge(lab, who).data(document("PathologyQueue"), box=box)
            assert handed(before) == [f"reads handed over: {one}" for one in why]
    engine.forget()
