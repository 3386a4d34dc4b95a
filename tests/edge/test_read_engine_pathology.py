"""The read engine answers of pathology what graphene answers."""

from random import Random

from telemedicine.models import Status
from tests.both import COMPARED
from tests.edge.client import gid
from tests.edge.made_up import PATHOLOGY, operation
from tests.edge.test_pathology import edge
from tests.lab import COUNTY_LAB, FIRST, HEAD


def test_what_a_client_may_write_of_pathology_is_answered_both_ways_alike(lab):
    cases = [gid(lab.case(status)) for status in (Status.ISSUED, Status.POOLED, Status.MORE_NEEDED)]
    people = [edge(lab, who) for who in (HEAD, FIRST, COUNTY_LAB)]
    before, asked = len(COMPARED), 0
    for seed in range(120):
        lot = Random(seed)  # noqa: S311 - not for secrets
        document, root, variables = operation(lot, PATHOLOGY)
        if root == "pathologyCase":
            variables |= {"id": lot.choice(cases)}
        answer = lot.choice(people).answer(document, **variables)
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        assert codes <= {"NOT_FOUND", "LIMIT_EXCEEDED"}, (document, answer)
        asked += not codes
    assert len(COMPARED) - before > 0.8 * asked > 30
