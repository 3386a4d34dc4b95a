"""A stream tells its reader what the reader may hear, soon, wholly, and only as long as they may."""

import threading
import time
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from consortium.models import ApiToken, AuditEntry, Event, Notice, PractitionerRole, Session
from consortium.roles import Role
from referrals.models import Referral, Status
from schema import ids
from tests.live.conftest import Subscribe
from tests.live.server import NAME, Reader, Refusal, Server, running
from tests.live.ways_in import bearer, session
from tests.world import DOCTOR, EXPERT, OFFICE, World

BOX_IN = "subscription { worklistChanged(box: IN) { inBox referral { id number status } event { kind } } }"
MINE = "subscription { worklistChanged(box: MINE) { inBox referral { number } event { kind } } }"
NOTICES = "subscription { noticesReceived { kind subjectId } }"
CASE = """subscription($id: ID!) { caseChanged(id: $id) {
    case { patient { identity { name } } legs { status } } event { kind } } }"""


def change(result: dict) -> tuple[str, str]:
    """The step and the number of a worklist's change."""
    told = result["data"]["worklistChanged"]
    return told["event"]["kind"], told["referral"]["number"]


def heard(reader: Reader, step: str) -> dict:
    """The result of a step, others before it passed over: a box also tells the earlier steps of what just came in."""
    while change(result := reader.next())[0] != step:
        pass
    return result


def until(reader: Reader, step: str) -> dict:
    """The change that `heard` found."""
    told: dict = heard(reader, step)["data"]["worklistChanged"]
    return told


def test_a_step_is_told_as_the_worklist_shows_it(committed: World, subscribe: Subscribe) -> None:
    reader = subscribe("province", EXPERT, BOX_IN)
    referral = committed.referral(Status.SENT)
    result = heard(reader, "submit_referral")
    assert result["data"]["worklistChanged"] == {
        "inBox": True,
        "referral": {"id": ids.encode("Referral", referral.pk), "number": referral.number, "status": "SENT"},
        "event": {"kind": "submit_referral"},
    }
    assert result["extensions"]["id"] == reader.last


def test_a_step_wakes_the_stream_which_waits_for_no_poll(committed: World) -> None:
    """With the poll a day away, whatever arrives was brought by the step itself."""
    with running(REFNET_POLL_SECONDS="86400") as server:
        headers = bearer(committed.people["province", EXPERT, 1])
        with closing(Reader(server, BOX_IN, headers=headers)) as reader:
            reader.opened()
            referral = committed.referral(Status.SENT)
            assert until(reader, "submit_referral")["referral"]["number"] == referral.number
            for step in ("claim_referral", "release_referral") * 3:
                referral = committed.take(step, referral)
                assert change(reader.next()) == (step, referral.number)


def test_nobody_hears_of_a_draft_or_of_a_case_of_others(committed: World, subscribe: Subscribe) -> None:
    expert = subscribe("province", EXPERT, BOX_IN)
    others = [subscribe(place, EXPERT, BOX_IN) for place in ("foreign", "province2", "province.other")]
    draft = committed.draft()
    assert expert.silent()
    committed.take("submit_referral", draft)
    assert change(expert.next()) == ("submit_referral", draft.number)
    assert all(reader.silent() for reader in others)


def test_mine_tells_when_a_referral_leaves_the_box(committed: World, subscribe: Subscribe) -> None:
    reader = subscribe("province", EXPERT, MINE)
    referral = committed.take("claim_referral", committed.referral(Status.SENT))
    claimed = until(reader, "claim_referral")
    assert claimed["inBox"] is True
    committed.take("release_referral", referral)
    released = until(reader, "release_referral")
    assert released["inBox"] is False


def test_a_case_is_read_anew_and_on_the_audit_trail(committed: World, subscribe: Subscribe) -> None:
    referral = committed.referral(Status.SENT)
    variables = {"id": ids.encode("Case", referral.case_id)}
    reader = subscribe("county", DOCTOR, CASE, variables=variables)
    committed.take("claim_referral", referral)
    told = reader.next()["data"]["caseChanged"]
    assert told["case"] == {"patient": {"identity": {"name": referral.patient.name}}, "legs": [{"status": "IN_TRIAGE"}]}
    person = committed.people["county", DOCTOR, 1]
    assert AuditEntry.objects.filter(actor=person, action="read_case", object_id=str(referral.case_id)).count() == 1


def test_notices_are_told_to_those_they_are_for(committed: World, subscribe: Subscribe) -> None:
    readers = {n: subscribe("province", EXPERT, NOTICES, n=n) for n in (1, 2)}
    sender = subscribe("county", DOCTOR, NOTICES)
    referral = committed.referral(Status.SENT)
    told = {"kind": "submit_referral", "subjectId": ids.encode("Referral", referral.pk)}
    people = set(Notice.objects.filter(event__kind="submit_referral").values_list("person_id", flat=True))
    for n, reader in readers.items():
        assert committed.people["province", EXPERT, n].pk in people
        assert reader.next()["data"]["noticesReceived"] == told
    assert sender.silent()


def test_an_idle_stream_beats_and_its_beat_is_a_place_to_resume_from(committed: World, subscribe: Subscribe) -> None:
    reader = subscribe("province", EXPERT, BOX_IN)
    before = reader.last
    committed.draft()  # nothing to this reader, but the feed goes on
    while reader.last == before:
        assert reader.beat() is None
    referral = committed.referral(Status.SENT)
    assert change(subscribe("province", EXPERT, BOX_IN, last=reader.last).next())[1] == referral.number


# --- no hole ---------------------------------------------------------------------------------------------------------


def held(world: World, referral: Referral, release: threading.Event) -> tuple[threading.Thread, threading.Event]:
    """A thread that takes a step on a referral and commits when released; and when it has taken it."""
    taken = threading.Event()

    def work() -> None:
        try:
            with transaction.atomic():
                world.take("claim_referral", referral)
                taken.set()
                assert release.wait(60)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread, taken


def test_a_transaction_that_commits_late_is_neither_lost_nor_in_the_way(committed: World, subscribe: Subscribe) -> None:
    early, late = (committed.referral(Status.SENT) for _ in range(2))
    reader = subscribe("province", EXPERT, BOX_IN)
    release = threading.Event()
    thread, taken = held(committed, early, release)
    assert taken.wait(60)
    committed.take("claim_referral", late)
    events = {e.subject_id: e for e in Event.objects.filter(kind="claim_referral")}
    assert change(reader.next()) == ("claim_referral", late.number)
    between = reader.last
    release.set()
    thread.join()
    assert change(reader.next()) == ("claim_referral", early.number)
    events |= {e.subject_id: e for e in Event.objects.filter(kind="claim_referral")}
    assert int(events[early.pk].tx) < int(events[late.pk].tx)
    again = subscribe("province", EXPERT, BOX_IN, last=between)
    assert change(again.next()) == ("claim_referral", early.number)
    assert again.silent()
    assert reader.silent(0.1)


def test_nothing_is_lost_or_told_twice_while_writers_race_and_the_reader_comes_and_goes(
    committed: World, subscribe: Subscribe
) -> None:
    referrals = [committed.referral(Status.SENT) for _ in range(24)]
    reader = subscribe("province", EXPERT, BOX_IN)
    lanes = 4

    def write(lane: int) -> None:
        try:
            for n, referral in enumerate(referrals[lane::lanes]):
                with transaction.atomic():
                    committed.take("claim_referral", referral)
                    time.sleep(0.02 + 0.15 * ((lane + n) % lanes == 0))
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(lane,)) for lane in range(lanes)]
    for thread in threads:
        thread.start()
    told: list[str] = []
    while len(told) < len(referrals):
        told.append(change(reader.next())[1])
        if len(told) % 5 == 0:
            reader.close()
            reader = subscribe("province", EXPERT, BOX_IN, last=reader.last)
    for thread in threads:
        thread.join()
    assert sorted(told) == sorted(referral.number for referral in referrals)
    assert reader.silent()


def test_after_a_kill_the_reader_resumes_where_it_was(committed: World, subscribe: Subscribe, server: Server) -> None:
    reader = subscribe("province", EXPERT, BOX_IN)
    first = committed.referral(Status.SENT)
    assert until(reader, "submit_referral")["referral"]["number"] == first.number
    server.kill()
    second = committed.referral(Status.SENT)
    third = committed.take("claim_referral", first)
    server.start()
    again = subscribe("province", EXPERT, BOX_IN, last=reader.last)
    assert until(again, "submit_referral")["referral"]["number"] == second.number
    assert change(again.next()) == ("claim_referral", third.number)
    assert again.silent()


def test_a_lost_database_connection_loses_no_event(committed: World, subscribe: Subscribe, server: Server) -> None:
    reader = subscribe("province", EXPERT, BOX_IN)
    with connection.cursor() as cursor:
        # Of this database: other tests' servers listen in others of the same cluster.
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = %s and datname = current_database()",
            [NAME],
        )
    referral = committed.referral(Status.SENT)
    assert until(reader, "submit_referral")["referral"]["number"] == referral.number
    assert subscribe("province", EXPERT, BOX_IN, n=2).silent(0.5)
    assert server.connections() == 1


# --- only as long as they may ----------------------------------------------------------------------------------------


def test_a_revoked_role_ends_the_stream(committed: World, subscribe: Subscribe) -> None:
    reader, colleague = (subscribe("province", EXPERT, BOX_IN, n=n) for n in (1, 2))
    person = committed.people["province", EXPERT, 1]
    PractitionerRole.objects.filter(person=person).update(ends_at=timezone.now())
    committed.referral(Status.SENT)
    assert reader.ended()
    assert reader.beats  # and nothing else came
    assert until(colleague, "submit_referral")["inBox"] is True


def test_one_of_two_roles_revoked_takes_its_rows_away(committed: World, subscribe: Subscribe) -> None:
    by = committed.newcomer("two-places", ("province", EXPERT), ("province2", EXPERT))
    committed.people["two-places", EXPERT, 1] = by.person
    reader = subscribe("two-places", EXPERT, BOX_IN)
    first = committed.referral(Status.SENT)
    assert until(reader, "submit_referral")["referral"]["number"] == first.number
    role = PractitionerRole.objects.filter(person=by.person, hospital=committed.hospitals["province"])
    role.update(ends_at=timezone.now())
    committed.referral(Status.SENT)
    second = committed.referral(Status.SENT, performer_department=committed.departments["province2"].pk)
    assert until(reader, "submit_referral")["referral"]["number"] == second.number


def test_the_end_of_the_session_ends_the_stream(committed: World, subscribe: Subscribe) -> None:
    person = committed.people["province", EXPERT, 1]
    headers = session(person)
    reader = subscribe("province", EXPERT, BOX_IN, headers=headers)
    Session.objects.all().delete()
    assert reader.ended()


def test_a_new_password_ends_the_stream(committed: World, subscribe: Subscribe) -> None:
    person = committed.people["province", EXPERT, 1]
    reader = subscribe("province", EXPERT, NOTICES, headers=session(person))
    person.set_password("another long password")
    person.save()
    assert reader.ended()


def test_a_revoked_token_or_account_ends_the_stream(committed: World, subscribe: Subscribe) -> None:
    reader = subscribe("province", EXPERT, NOTICES)
    colleague = subscribe("province", EXPERT, NOTICES, n=2)
    ApiToken.objects.filter(person=committed.people["province", EXPERT, 1]).update(revoked_at=timezone.now())
    assert reader.ended()
    person = committed.people["province", EXPERT, 2]
    person.is_active = False
    person.save()
    assert colleague.ended()


def test_a_case_that_is_seen_no_more_ends_its_stream(committed: World, subscribe: Subscribe) -> None:
    by = committed.newcomer("two-places", ("province", EXPERT), ("province2", EXPERT))
    committed.people["two-places", EXPERT, 1] = by.person
    referral = committed.referral(Status.SENT)
    reader = subscribe("two-places", EXPERT, CASE, variables={"id": ids.encode("Case", referral.case_id)})
    role = PractitionerRole.objects.filter(person=by.person, hospital=committed.hospitals["province"])
    role.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert reader.ended()


# --- at the door -----------------------------------------------------------------------------------------------------


def refused(server: Server, document: str, **more: object) -> tuple[int, str]:
    """Status and code with which a subscription is refused."""
    with pytest.raises(Refusal) as caught:
        Reader(server, document, **more).opened()
    return caught.value.status, caught.value.code


def test_who_may_not_subscribe_is_told_at_the_door(committed: World, server: Server) -> None:
    def as_role(place: str, role: Role) -> dict[str, str]:
        return bearer(committed.people[place, role, 1])

    referral = committed.referral(Status.SENT)
    foreign = {"id": ids.encode("Case", referral.case_id)}
    expert, signed_in = as_role("province", EXPERT), session(committed.people["province", EXPERT, 1])
    assert refused(server, BOX_IN) == (401, "UNAUTHENTICATED")
    assert refused(server, BOX_IN, headers={"Authorization": "Bearer no"}) == (401, "UNAUTHENTICATED")
    assert refused(server, BOX_IN, headers=as_role("county", Role.AUDITOR)) == (403, "FORBIDDEN")
    assert refused(server, CASE, variables=foreign, headers=as_role("foreign", DOCTOR)) == (404, "NOT_FOUND")
    assert refused(server, BOX_IN, headers=signed_in | expert) == (400, "BAD_REQUEST")
    assert refused(server, BOX_IN, headers={"Cookie": signed_in["Cookie"]}) == (400, "BAD_REQUEST")
    assert refused(server, "{ me { username } }", headers=expert) == (400, "BAD_REQUEST")
    assert refused(server, "subscription { nothing }", headers=expert) == (400, "BAD_REQUEST")
    assert refused(server, CASE, headers=expert) == (400, "BAD_REQUEST")
    assert refused(server, BOX_IN, headers=expert, last="x") == (400, "INVALID_INPUT")
    assert refused(server, "subscription { __typename }", headers=expert) == (400, "BAD_REQUEST")


def tried(subscribe: Subscribe) -> int:
    """The status with which one more stream of the city's office is answered."""
    try:
        subscribe("city", OFFICE, NOTICES)
    except Refusal as refusal:
        return refusal.status
    return 200


def test_one_person_opens_so_many_streams_and_no_more(committed: World, server: Server, subscribe: Subscribe) -> None:
    readers = [subscribe("city", OFFICE, NOTICES) for _ in range(20)]
    with pytest.raises(Refusal, match="429 LIMIT_EXCEEDED"):
        subscribe("city", OFFICE, NOTICES)
    readers[0].close()
    while (status := tried(subscribe)) == 429:  # until the server has seen that it left
        time.sleep(0.05)
    assert status == 200
    subscribe("city", DOCTOR, NOTICES)
