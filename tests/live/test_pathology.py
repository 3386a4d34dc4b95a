"""Who hears of pathology cases while they move: the sender, and the performer's readers from the sending on."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from consortium.models import AuditEntry
from consortium.roles import Role
from schema import ids
from telemedicine.models import Status
from tests.lab import COUNTY_LAB, FIRST, LAB, PATHOLOGIST, QUALITY, SECOND, Lab
from tests.live.server import Reader, Server
from tests.live.test_streams import refused
from tests.live.ways_in import bearer

BOX = """subscription { pathologyWorklistChanged(box: %s) { inBox event { kind }
    pathologyCase { number status patient { displayName identity { name } } } } }"""
CASE = """subscription($id: ID!) { pathologyCaseChanged(id: $id) { event { kind }
    pathologyCase { status patient { identity { name } } slides { barcode } } } }"""
NOTICES = "subscription { noticesReceived { kind subjectId } }"
Listen = Callable[..., Reader]


@pytest.fixture
def listen(server: Server, committed_lab: Lab) -> Iterator[Listen]:
    """Subscribe as somebody of the laboratory's world; all readers leave at the end."""
    with ExitStack() as leaving:
        known: dict[tuple[str, Role, int], dict[str, str]] = {}

        def begin(who: tuple[str, Role, int], document: str, **more: object) -> Reader:
            known[who] = known.get(who) or bearer(committed_lab.people[who])
            reader = Reader(server, document, headers=known[who], **more)
            leaving.enter_context(closing(reader))
            return reader.opened()

        yield begin


def heard(reader: Reader) -> tuple[str, str, bool]:
    """The step, the state, and whether the case is in the box."""
    told = reader.next()["data"]["pathologyWorklistChanged"]
    assert told["pathologyCase"]["patient"]["identity"] is None
    return told["event"]["kind"], told["pathologyCase"]["status"], told["inBox"]


def until(reader: Reader, step: str) -> tuple[str, str, bool]:
    """The same of a step, others before it passed over: a box also tells the earlier steps of what just came in."""
    while (told := heard(reader))[0] != step:
        pass
    return told


def test_a_pool_is_filled_and_emptied_before_the_eyes_of_its_readers(committed_lab: Lab, listen: Listen) -> None:
    pool, mine = (listen(FIRST, BOX % box) for box in ("POOL", "MINE"))
    strangers = [listen(who, BOX % "IN") for who in (("foreign", LAB, 1), ("province2", PATHOLOGIST, 1))]
    case = committed_lab.case(Status.SUBMITTED)
    assert until(pool, "submit_pathology") == ("submit_pathology", "SUBMITTED", False)
    case = committed_lab.take("pass_quality", case)
    assert heard(pool) == ("pass_quality", "POOLED", True)
    committed_lab.take("claim_pathology", case)
    assert heard(pool) == ("claim_pathology", "ASSIGNED", False)
    assert until(mine, "claim_pathology") == ("claim_pathology", "ASSIGNED", True)
    for reader in strangers:
        assert reader.silent()


def test_a_case_is_told_with_the_identity_to_those_who_see_it_and_on_the_trail(
    committed_lab: Lab, server: Server, listen: Listen
) -> None:
    case = committed_lab.case(Status.SUBMITTED)
    named = {"id": ids.encode("PathologyCase", case.pk)}
    readers = {who: listen(who, CASE, variables=named) for who in (COUNTY_LAB, SECOND, QUALITY)}
    committed_lab.take("pass_quality", case)
    for reader in readers.values():
        told = reader.next()["data"]["pathologyCaseChanged"]
        assert (told["event"]["kind"], told["pathologyCase"]["status"]) == ("pass_quality", "POOLED")
        assert told["pathologyCase"]["patient"]["identity"] == {"name": case.patient.name}
        assert len(told["pathologyCase"]["slides"]) == 2
    entries = AuditEntry.objects.filter(patient=case.patient_id, action="read_pathology")
    assert entries.count() == len(readers)
    stranger = bearer(committed_lab.people["foreign", LAB, 1])
    assert refused(server, CASE, headers=stranger, variables=named) == (404, "NOT_FOUND")
    doctor = bearer(committed_lab.people["county", Role.REFERRING_DOCTOR, 1])
    assert refused(server, BOX % "IN", headers=doctor) == (403, "FORBIDDEN")


def test_a_notice_of_a_report_arrives_by_itself(committed_lab: Lab, listen: Listen) -> None:
    case = committed_lab.case(Status.READING)
    reader = listen(COUNTY_LAB, NOTICES)
    committed_lab.take("sign_report", case)
    told = reader.next()["data"]["noticesReceived"]
    assert told == {"kind": "sign_report", "subjectId": ids.encode("PathologyCase", case.pk)}
