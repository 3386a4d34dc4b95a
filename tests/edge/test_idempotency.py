"""One effect for one key: every mutation may be repeated, at once or later, and is answered as the first time."""

import json
import threading
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from consortium import idempotency
from consortium.models import ApiToken, Event, IdempotencyKey, PractitionerRole
from consortium.roles import Role
from referrals.models import Case, Referral, Status
from tests.edge.client import Edge, as_role, code_of, gid, inputs, new_key, step
from tests.world import World, patient, rows

DOCTOR, EXPERT, ADMIN = Role.REFERRING_DOCTOR, Role.EXPERT, Role.HOSPITAL_ADMIN
SHAPE = "referral { id status version events { kind } }"
MISMATCH = "IDEMPOTENCY_MISMATCH"


@pytest.fixture
def doctor(world: World) -> Edge:
    """The county's doctor."""
    return as_role(world, "county", DOCTOR)


@pytest.mark.parametrize(("key", "code"), [
    (None, "BAD_REQUEST"), (5, "OK"), ([], "BAD_REQUEST"), ("", "INVALID_INPUT"), ("k" * 65, "INVALID_INPUT"),
    ("k" * 64, "OK"), ("键" * 64, "OK"), ("键" * 65, "INVALID_INPUT"), (" ", "OK"),
])  # fmt: skip
def test_a_key_is_compulsory_and_has_1_to_64_characters(world, doctor, key, code):
    draft = world.draft()
    if key == 5:
        code = "BAD_REQUEST"  # a number is no string
    answer = doctor.attempt("submitReferral", **step(draft) | {"idempotencyKey": key}).json()
    assert code_of(answer) == code
    if code == "INVALID_INPUT":
        assert answer["data"]["submitReferral"]["errors"][0]["field"] == "idempotencyKey"
    assert Event.objects.filter(subject_id=draft.pk).count() == (2 if code == "OK" else 1)


def test_without_a_key_no_mutation_is_valid(world, doctor):
    document = "mutation($input: SubmitReferralInput!) { submitReferral(input: $input) { errors { code } } }"
    answer = doctor.answer(document, input=step(world.draft()))
    assert ("data" not in answer or answer["data"] is None, code_of(answer)) == (True, "BAD_REQUEST")


def test_the_same_key_and_input_get_the_first_answer_after_the_object_moved_on(world, doctor):
    draft, key = world.draft(), new_key()
    given = step(draft) | {"idempotencyKey": key}
    first = doctor.attempt("submitReferral", SHAPE, **given)
    assert first.json()["data"]["submitReferral"]["referral"]["status"] == "SENT"
    moved = world.take("cancel_referral", Referral.objects.get(pk=draft.pk))
    before = rows()
    again = doctor.attempt("submitReferral", SHAPE, **given)
    assert again.content == first.content
    assert rows() == before
    assert moved.status == Status.CANCELLED


def test_another_selection_under_the_key_is_read_anew_and_has_no_effect(world, doctor):
    given = step(world.draft()) | {"idempotencyKey": new_key()}
    doctor.done("submitReferral", SHAPE, **given)
    world.take("cancel_referral", Referral.objects.latest("id"))
    before = rows()
    again = doctor.done("submitReferral", "referral { status version number }", **given)
    assert again["referral"]["status"] == "CANCELLED"
    assert rows() == before


def test_a_literal_and_a_variable_are_the_same_input(world, doctor):
    draft, key = world.draft(), new_key()
    doctor.done("submitReferral", **step(draft), idempotencyKey=key)
    literal = f'{{ idempotencyKey: "{key}", expectedVersion: {draft.version}, id: "{gid(draft)}" }}'
    answer = doctor.answer(f"mutation {{ submitReferral(input: {literal}) {{ errors {{ code }} }} }}")
    assert answer == {"data": {"submitReferral": {"errors": []}}}


def test_the_same_key_with_another_input_or_action_is_a_mismatch(world, doctor):
    draft, other, key = world.draft(), world.draft(), new_key()
    doctor.done("submitReferral", **step(draft), idempotencyKey=key)
    before = rows()
    for action, given in (
        ("submitReferral", step(other)),
        ("submitReferral", step(draft, expectedVersion=draft.version + 1)),
        ("submitReferral", step(draft, eventAt="2026-03-02T09:00:00+08:00")),
        ("cancelReferral", step(draft, reason="COST")),
        ("issueApiToken", {"name": "x", "scopes": ["read"], "expiresInDays": 1}),
    ):
        payload = doctor.payload(action, **given, idempotencyKey=key)
        assert [(e["code"], e["field"]) for e in payload["errors"]] == [(MISMATCH, "idempotencyKey")]
    assert rows() == before


def test_a_refused_mutation_does_not_burn_its_key(world, doctor):
    draft, key = world.draft(diagnoses=[]), new_key()
    for _ in range(2):
        payload = doctor.payload("submitReferral", **step(draft), idempotencyKey=key)
        assert [error["code"] for error in payload["errors"]] == ["INCOMPLETE"]
    assert not IdempotencyKey.objects.filter(key=key).exists()
    mended = doctor.done(
        "updateReferral", "referral { version }", **step(draft, diagnoses=["J18.900"]), idempotencyKey=key
    )
    version = mended["referral"]["version"]
    assert code_of(doctor.attempt("submitReferral", **step(draft, expectedVersion=version)).json()) == "OK"


def test_another_person_uses_the_same_key_for_itself(world, doctor):
    key, colleague = new_key(), as_role(world, "county", DOCTOR, 2)
    for edge in (doctor, colleague):
        edge.done("submitReferral", **step(world.draft()), idempotencyKey=key)
    assert IdempotencyKey.objects.filter(key=key).count() == 2


def test_a_created_referral_is_created_once(world, doctor):
    given = {
        "requesterDepartment": gid(world.departments["county"]),
        "patient": {"name": "甲", "idNumber": patient()["id_number"]},
        "idempotencyKey": new_key(),
    }
    answers = {doctor.attempt("createReferral", SHAPE, **given).content for _ in range(3)}
    assert len(answers) == 1
    assert Case.objects.filter(patient__name="甲").count() == 1


def test_what_was_revoked_since_is_not_shown_again(world, doctor):
    referral = world.referral(Status.SENT)
    given = step(referral) | inputs(world, "cancel_referral") | {"idempotencyKey": new_key()}
    shape = "referral { number clinical { summary } }"
    first = doctor.done("cancelReferral", shape, **given)
    held = PractitionerRole.objects.get(person=doctor.person)
    as_role(world, "county", ADMIN).done("revokeRole", id=gid(held), expectedVersion=1)
    again = doctor.attempt("cancelReferral", shape, **given)
    payload = again.json()["data"]["cancelReferral"]
    assert (payload["referral"], [error["code"] for error in payload["errors"]]) == (None, ["NOT_FOUND"])
    assert first["referral"]["number"] not in again.content.decode()


def test_what_was_narrowed_since_is_not_shown_again(world):
    """The expert accepted in full view and then passed the patient on: the first answer is clinical."""
    expert, referral = as_role(world, "province", EXPERT), world.referral(Status.SENT)
    given = step(referral) | inputs(world, "accept_referral") | {"idempotencyKey": new_key()}
    shape = "referral { status clinical { summary } }"
    first = expert.done("acceptReferral", shape, **given)["referral"]
    assert first == {"status": "ACCEPTED", "clinical": {"summary": "发热 3 天，气促 1 天"}}
    world.take("redirect_referral", Referral.objects.get(pk=referral.pk))
    before = rows()
    again = expert.done("acceptReferral", shape, **given)["referral"]
    assert again == {"status": "REDIRECTED", "clinical": None}
    assert rows() == before


def test_the_step_that_narrows_is_answered_the_same_again(world):
    expert, referral = as_role(world, "province", EXPERT), world.referral(Status.SENT)
    given = step(referral) | inputs(world, "reject_referral") | {"idempotencyKey": new_key()}
    first = expert.attempt("rejectReferral", SHAPE, **given)
    world.take("close_referral", Referral.objects.get(pk=referral.pk))
    assert expert.attempt("rejectReferral", SHAPE, **given).content == first.content


def test_the_secret_of_a_token_is_stored_nowhere_and_shown_once(world, doctor):
    given = {"name": "接口", "scopes": ["read"], "expiresInDays": 1, "idempotencyKey": new_key()}
    shape = "apiToken { id name secret }"
    made = doctor.done("issueApiToken", shape, **given)["apiToken"]
    with connection.cursor() as cursor:
        cursor.execute("select string_agg(k::text, ' ') from consortium_idempotencykey k")
        (stored,) = cursor.fetchone()
    assert made["secret"] not in stored
    again = doctor.done("issueApiToken", shape, **given)["apiToken"]
    assert again == made | {"secret": None}
    assert ApiToken.objects.filter(person=doctor.person).count() == 1


def test_a_fault_after_the_effect_leaves_the_key_free(world, doctor, monkeypatch):
    given = step(world.draft()) | {"idempotencyKey": new_key()}
    with monkeypatch.context() as patch:
        patch.setattr("schema.referrals.lifecycle.choices", lambda *_: 1 / 0)
        answer = doctor.attempt("submitReferral", "referral { availableActions { action } }", **given).json()
    assert (answer["data"], code_of(answer)) == (None, "INTERNAL")
    assert code_of(doctor.attempt("submitReferral", SHAPE, **given).json()) == "OK"


def at_once(calls: list[Any]) -> list[Any]:
    """The results of calls that start together, each on a connection of its own."""
    start, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number: int, call: Any) -> None:
        try:
            start.wait()
            results[number] = call()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.slow
def test_the_same_key_at_once_has_one_effect_and_one_answer(committed):
    edges = [as_role(committed, "county", DOCTOR) for _ in range(8)]
    for _ in range(3):
        draft, key = committed.draft(), new_key()
        given = step(draft) | {"idempotencyKey": key}
        calls = [partial(edge.attempt, "submitReferral", SHAPE, **given) for edge in edges]
        answers = [response.content for response in at_once(calls)]
        assert len(set(answers)) == 1
        assert json.loads(answers[0])["data"]["submitReferral"]["errors"] == []
        kinds = Event.objects.filter(subject_id=draft.pk).order_by("id").values_list("kind", flat=True)
        assert list(kinds) == ["create_referral", "submit_referral"]


@pytest.mark.slow
def test_the_same_key_at_once_for_two_inputs_serves_one(committed):
    edges = [as_role(committed, "county", DOCTOR) for _ in range(6)]
    drafts, key = [committed.draft() for _ in edges], new_key()
    codes = at_once([
        lambda e=edge, d=draft: code_of(e.attempt("submitReferral", **step(d), idempotencyKey=key).json())
        for edge, draft in zip(edges, drafts, strict=True)
    ])  # fmt: skip
    assert sorted(codes) == [MISMATCH] * 5 + ["OK"]
    assert Referral.objects.filter(status=Status.SENT).count() == 1


@pytest.mark.slow
def test_a_created_case_at_once_under_one_key_and_under_many(committed):
    """One key: one case. Other keys for the same patient: told of the open case."""
    edges = [as_role(committed, "county", DOCTOR) for _ in range(6)]
    who = {"name": "甲", "idNumber": patient()["id_number"]}
    given = {"requesterDepartment": gid(committed.departments["county"]), "patient": who}
    keys = ["one", "one", "one", "two", "three", "four"]
    codes = at_once([
        lambda e=edge, k=key: code_of(e.attempt("createReferral", **given, idempotencyKey=k).json())
        for edge, key in zip(edges, keys, strict=True)
    ])  # fmt: skip
    assert Case.objects.count() == 1
    assert len({code for code, key in zip(codes, keys, strict=True) if key == "one"}) == 1
    refused = [code for code in codes if code != "OK"]
    assert set(refused) <= {"OPEN_CASE_EXISTS", "INVALID_INPUT"}  # or that the number was registered this moment
    assert len(refused) in (3, 5)


@pytest.mark.parametrize(("hours", "kept", "left"), [
    (23, True, {"answers": 0, "keys": 0}), (25, False, {"answers": 1, "keys": 0}),
    (90 * 24 - 1, False, {"answers": 1, "keys": 0}), (90 * 24 + 1, None, {"answers": 0, "keys": 1}),
])  # fmt: skip
def test_an_answer_is_forgotten_after_a_day_and_its_key_after_a_quarter(world, doctor, hours, kept, left):
    draft, key = world.draft(), new_key()
    shape = "referral { id status clinical { summary } }"
    given = step(draft) | {"idempotencyKey": key}
    first = doctor.attempt("submitReferral", shape, **given).json()
    later = IdempotencyKey.objects.get(key=key).created_at + timedelta(hours=hours)
    assert asdict(idempotency.forget(later)) == left
    assert asdict(idempotency.forget(later)) == {"answers": 0, "keys": 0}
    if kept is None:
        assert not IdempotencyKey.objects.filter(key=key).exists()
        return
    row = IdempotencyKey.objects.get(key=key)
    assert (row.answer is not None) == kept
    world.take("cancel_referral", Referral.objects.get(pk=draft.pk))
    again = doctor.attempt("submitReferral", shape, **given).json()
    status = "SENT" if kept else "CANCELLED"  # the first answer, or the object as it is now
    assert again["data"]["submitReferral"]["referral"]["status"] == status
    assert first["data"]["submitReferral"]["referral"]["status"] == "SENT"
    assert Event.objects.filter(subject_id=draft.pk, kind="submit_referral").count() == 1


def test_many_answers_are_forgotten_in_portions(world, monkeypatch):
    monkeypatch.setattr(idempotency, "PORTION", 2)
    person = world.actor("county", DOCTOR).person
    made = [IdempotencyKey.objects.create(person=person, key=f"k{n}", fingerprint=b"", answer={}) for n in range(5)]
    day = timedelta(days=1)
    IdempotencyKey.objects.filter(key__in=["k0", "k1", "k2"]).update(created_at=made[0].created_at - 100 * day)
    assert asdict(idempotency.forget(made[4].created_at + 2 * day)) == {"answers": 2, "keys": 3}
    assert list(IdempotencyKey.objects.values_list("key", "answer").order_by("key")) == [("k3", None), ("k4", None)]
