"""The read engine answers of pathology what graphene answers."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telemedicine.models import Status
from tests.both import COMPARED
from tests.edge.client import gid
from tests.edge.made_up import PATHOLOGY, operations
from tests.edge.test_pathology import edge
from tests.lab import FIRST, HEAD, LAB


def test_what_a_client_may_write_of_pathology_is_answered_both_ways_alike(lab):
    cases = [gid(lab.case(status)) for status in (Status.ISSUED, Status.POOLED, Status.MORE_NEEDED)]
    people = [edge(lab, who) for who in (HEAD, FIRST, LAB)]
    before, asked = len(COMPARED), 0

    @settings(max_examples=120, suppress_health_check=list(HealthCheck))
    @given(operations(PATHOLOGY), st.integers(0, 99))
    def ask(operation: Any, lot: int) -> None:
        nonlocal asked
        document, root, variables = operation
        if root == "pathologyCase":
            variables = variables | {"id": cases[lot % len(cases)]}
        answer = people[lot % len(people)].answer(document, **variables)
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        assert codes <= {"NOT_FOUND"}, (document, answer)
        asked += not codes

    ask()
    assert len(COMPARED) - before > 0.8 * asked > 50
