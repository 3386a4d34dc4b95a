"""What the steps of the green channel do: ranking, blindness, one winner, silence, consent, diversion, times."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from consortium import access
from consortium.access import SYSTEM
from consortium.errors import Refused
from consortium.models import Capability, Concept, GreenRule, Patient, TravelTime
from consortium.roles import Role
from referrals import actions
from referrals.actions.green.broadcast import unanswered_broadcasts
from referrals.models import Milestone, Offer, OfferStatus, QualityReview, Referral, Status
from referrals.ranking import targets, travel
from tests.conftest import open_nowhere
from tests.world import DOCTOR, EXPERT, OFFICE, World, id_number

S = OfferStatus
ESTIMATE = "ESTIMATE 直线距离 × 1.4，60 km/h"
CARED = {"county": ("county", DOCTOR), "province": ("province", EXPERT)}


def able(world: World, place: str, free: int | None, *, minutes_old: int = 10) -> Capability:
    """A PICU at a place, with a figure of an age."""
    return Capability.objects.create(
        department=world.departments[place],
        kind=Concept.objects.get(system="CAPABILITY", code="PICU"),
        beds_total=None if free is None else 20,
        beds_free=free,
        as_of=None if free is None else world.now - timedelta(minutes=minutes_old),
    )


def rule() -> GreenRule:
    return GreenRule.objects.get(concept__code="CRITICAL_CHILD")


def ranked(world: World, **given: Any) -> list[tuple[str, bool, int | None, bool]]:
    """The ranking for the county, by place: able, free places, fresh."""
    names = {hospital.pk: name for name, hospital in world.hospitals.items()}
    found = targets(rule(), origin=world.hospitals["county"], now=world.now, **given)
    assert [target.rank for target in found] == list(range(1, len(found) + 1))
    return [(names[t.department.hospital_id], t.able, t.free_places, t.fresh) for t in found]


def offers(leg: Referral) -> dict[str, Offer]:
    """The offers of a leg by the place that is asked."""
    return {row.performer_hospital.name.removesuffix("医院"): row for row in leg.offers.order_by("id")}


def refused(call: Any, **given: Any) -> tuple[str, str | None]:
    """The code and field with which something is refused; nothing is left of it."""
    try:
        with transaction.atomic():
            call(**given)
    except Refused as refusal:
        return str(refusal.code), refusal.field
    return "OK", None


def test_ranking_asks_the_able_then_the_fresh_and_free_then_the_near(world):
    world.picu.as_of = world.now - timedelta(minutes=5)
    world.picu.save()
    assert ranked(world) == [
        ("province", True, 20, True),
        ("city", False, None, False),
        ("province2", False, None, False),
    ]
    able(world, "city", 3, minutes_old=600)
    able(world, "province2", 0)
    able(world, "foreign", None)
    assert ranked(world) == [
        ("province", True, 20, True),
        ("city", True, 3, False),
        ("foreign", True, None, False),
        ("province2", True, 0, True),
    ]
    tried = [world.hospitals["province"].pk]
    assert [place for place, *_rest in ranked(world, tried=tried)] == ["city", "foreign", "province2"]


def test_a_promised_place_is_not_free(world):
    Capability.objects.filter(pk=world.picu.pk).update(held=20)
    able(world, "city", 1)
    assert ranked(world)[:2] == [("city", True, 1, True), ("province", True, 0, True)]


def test_travel_minutes_come_from_the_table_and_else_from_the_distance(world):
    city = able(world, "city", 20)
    Capability.objects.filter(pk__in=[city.pk, world.picu.pk]).update(beds_total=20, as_of=world.now)
    found = {t.department.pk: t for t in targets(rule(), origin=world.hospitals["county"], now=world.now)}
    estimate = found[world.departments["province"].pk]
    assert estimate.travel_source == ESTIMATE
    TravelTime.objects.create(origin_id="430121", destination_id="430000", minutes=7, source="120 指挥中心")
    first = targets(rule(), origin=world.hospitals["county"], now=world.now)[0]
    assert (first.department, first.travel_minutes, first.travel_source) == (
        world.departments["province"],
        7,
        "120 指挥中心",
    )
    assert travel(50, None, None) == (70, ESTIMATE)
    assert travel(2, None, None) == (10, ESTIMATE)
    assert travel(99_999, None, None) == (None, "")


def test_travel_times_are_imported_all_or_none(world, tmp_path):
    file = tmp_path / "travel.csv"
    file.write_text(
        "origin,destination,minutes,source\n430121,430100,35,实测\n430121,430000,40,实测\n", encoding="utf-8"
    )
    call_command("import_travel", file, stdout=open_nowhere())
    file.write_text("origin,destination,minutes,source\n430121,430100,31,导航\n", encoding="utf-8")
    call_command("import_travel", file, stdout=open_nowhere())
    assert set(TravelTime.objects.values_list("destination", "minutes")) == {("430100", 31), ("430000", 40)}
    file.write_text("origin,destination,minutes,source\n430121,430100,9,x\n430121,999999,5,x\n", encoding="utf-8")
    with pytest.raises(CommandError, match="line 3: destination '999999'"):
        call_command("import_travel", file, stdout=open_nowhere())
    file.write_text("origin,destination,minutes,source\n430121,430121,121,x\n430121,430100\n", encoding="utf-8")
    with pytest.raises(CommandError, match=r"(?s)line 2: minutes '121' is more than 120.*line 3: there must be 4"):
        call_command("import_travel", file, stdout=open_nowhere())
    assert TravelTime.objects.get(destination="430100").minutes == 31


def test_one_click_needs_a_kind_and_a_department_only(world):
    leg = actions.activate_green_channel(
        by=world.actor("county", DOCTOR),
        kind="CRITICAL_CHILD",
        requester_department=world.departments["county"].pk,
        now=world.now,
    )
    leg = world.read(leg)
    assert (leg.status, leg.pathway, leg.priority, leg.sent_at, leg.performer_hospital) == (
        Status.BROADCAST,
        "GREEN_CHANNEL",
        1,
        None,
        None,
    )
    assert leg.patient.temporary_identity == f"绿色通道 {leg.number}"
    assert leg.due_at == world.now + timedelta(minutes=10)
    asked = offers(leg)
    assert list(asked) == ["province", "city", "province2"]
    assert {offer.due_at for offer in asked.values()} == {leg.due_at}
    assert asked["province"].free_places == 20
    told = world.told(world.events(asked["city"])[0])
    assert told == {("city", EXPERT, 1), ("city", EXPERT, 2), ("city", OFFICE, 1), ("city", OFFICE, 2)}


def test_a_call_takes_as_many_statements_for_three_hospitals_as_for_one(world):
    counts = []
    for places in (["province"], ["province", "province2", "city"]):
        with CaptureQueriesContext(connection) as queries:
            leg = world.call(targets=[world.departments[place].pk for place in places])
        counts.append(len(queries))
        for place, offer in offers(leg).items():
            world.take("offer_place", offer, by=world.actor(place, EXPERT))
        with CaptureQueriesContext(connection) as queries:
            world.take("choose_offer", world.read(leg), only={"offer": leg.offers.first().pk})
        counts.append(len(queries))
    assert counts[2] == counts[0]
    # Releasing the others is one of each for all of them: what clocks follow from, all that is written, who hears.
    assert counts[3] - counts[1] == 3


def test_who_has_an_open_call_is_not_called_for_twice_but_continues_an_open_case(world):
    known = {"name": "王小一", "id_number": id_number(date(2022, 1, 5), 77), "guardian_name": "李四"}
    routine = world.referral(Status.SENT, patient=known)
    leg = world.call(patient=known)
    assert leg.case_id == routine.case_id
    assert refused(world.call, patient=known) == ("OPEN_CASE_EXISTS", "patient")


def test_the_dead_are_not_called_for_nor_recognised_in_the_living(world):
    """All limits of a dead patient are silent: a call for one would wait for nobody."""
    known = {"name": "王小一", "id_number": id_number(date(2022, 1, 5), 78), "guardian_name": "李四"}
    world.take("record_death", world.referral(Status.SENT, patient=known))
    assert refused(world.call, patient=known) == ("INVALID_STATE", "patient")
    leg = world.call()
    found = refused(world.take, step="identify_patient", referral=leg, only={"patient": known})
    assert found == ("INVALID_STATE", "patient.idNumber")
    assert world.read(leg).silent_since is None


def test_an_asked_hospital_sees_no_identity_until_it_is_chosen(world):
    secret = {"name": "欧阳小红", "guardian_name": "欧阳建国", "phone": "13912345678", "sex": "FEMALE"}
    offer = world.offer(
        S.OFFERED,
        patient=secret | {"birth_date": date(2022, 1, 5), "temporary_identity": "红衣女童"},
        summary="欧阳小红（红衣女童），父欧阳建国 13912345678，高热抽搐",
    )
    expert = world.actor("province", EXPERT)
    assert not access.visible(expert, Referral).filter(pk=offer.referral_id).exists()
    assert access.visible(expert, Offer).get(pk=offer.pk).full_view
    world.take("choose_offer", world.read(offer.referral), only={"offer": offer.pk})
    assert access.visible(expert, Referral).get(pk=offer.referral_id).full_view


def test_the_released_see_the_summary_of_their_offer_only(world):
    offer = world.offer(S.RELEASED)
    seen = access.visible(world.actor("province", EXPERT), Offer).get(pk=offer.pk)
    assert not seen.full_view
    event = world.events(offer)[-1]
    assert (event.kind, event.to_status, event.actor) == ("choose_offer", "RELEASED", world.people["county", DOCTOR, 1])
    assert {place for place, _role, _n in world.told(event)} == {"province"}


def test_only_an_offer_that_stands_can_be_chosen(world):
    leg = world.call()
    (offer,) = leg.offers.all()
    assert refused(world.take, step="choose_offer", referral=leg, only={"offer": offer.pk}) == (
        "INVALID_STATE",
        "offer",
    )
    foreign = world.offer(S.OFFERED)
    assert refused(world.take, step="choose_offer", referral=leg, only={"offer": foreign.pk}) == (
        "INVALID_STATE",
        "offer",
    )


def test_choosing_aims_the_leg_holds_a_place_and_alerts_the_team(world):
    offer = world.offer(S.CHOSEN)
    leg = world.read(offer.referral)
    assert (leg.status, leg.decision, leg.direction, leg.performer_department, leg.sent_at) == (
        Status.ACCEPTED,
        "ACCEPTED",
        "UP",
        world.departments["province"],
        world.now,
    )
    assert world.bed() == (1, 20)
    assert (leg.clock_kind, leg.clock_holder) == ("GREEN_CONSENT", "REQUESTER")
    assert ("province", EXPERT, 1) in world.told(world.events(leg)[-1])


def test_a_full_figure_does_not_outweigh_the_hospitals_word(world):
    offer = world.offer(S.OFFERED)
    Capability.objects.filter(pk=world.picu.pk).update(held=20)
    leg = world.take("choose_offer", world.read(offer.referral), only={"offer": offer.pk})
    assert (leg.status, leg.held_capacity, world.bed()) == (Status.ACCEPTED, None, (20, 20))


def test_a_phone_answer_stays_unconfirmed_until_the_hospital_confirms_it(world):
    offer = world.take("record_phone_answer", world.offer())
    assert (offer.status, offer.unconfirmed, offer.phone_spoken_with) == (S.OFFERED, True, "值班医生")
    world.take("choose_offer", world.read(offer.referral), only={"offer": offer.pk})
    offer = world.take("confirm_phone_answer", Offer.objects.get(pk=offer.pk))
    assert (offer.status, offer.unconfirmed) == (S.CHOSEN, False)
    again = refused(world.take, step="confirm_phone_answer", referral=offer)
    assert again == ("INVALID_STATE", None)
    no = {"answer": "CANNOT_TAKE", "spoken_with": "总值班"}
    assert refused(world.take, step="record_phone_answer", referral=world.offer(), only=no) == (
        "INVALID_INPUT",
        "reason",
    )


def test_silence_calls_the_next_ring_and_asks_the_sender_to_telephone(world):
    leg = world.call()
    assert list(unanswered_broadcasts(world.now + timedelta(minutes=9))) == []
    later = world.now + timedelta(minutes=10)
    assert list(unanswered_broadcasts(later)) == [(leg.pk, 1)]
    leg = actions.widen_on_silence(by=SYSTEM, id=leg.pk, expected_version=1, now=later)
    asked = offers(leg)
    assert {place: (row.ring, row.call_due_at) for place, row in asked.items()} == {
        "province": (1, later),
        "city": (2, None),
        "province2": (2, None),
    }
    event = world.events(leg)[-1]
    assert (event.kind, event.actor, event.detail["silent"], event.detail["asked"]) == ("widen_on_silence", None, 1, 2)
    assert {place for place, _role, _n in world.told(event)} == {"county"}
    # Nobody is left to ask: the sender is reminded all the same, after each time to answer.
    last = later + timedelta(minutes=10)
    leg = actions.widen_on_silence(by=SYSTEM, id=leg.pk, expected_version=2, now=last)
    assert [world.events(leg)[-1].detail[name] for name in ("silent", "asked")] == [3, 0]
    assert list(unanswered_broadcasts(last)) == []
    assert [pk for pk, _version in unanswered_broadcasts(last + timedelta(minutes=10))] == [leg.pk]


def test_an_offer_in_hand_ends_the_silence_and_a_refusal_by_all_does_not_wait(world):
    offered = world.offer(S.OFFERED)
    declined = world.offer(S.DECLINED)
    later = world.now + timedelta(hours=1)
    due_now = {pk for pk, _version in unanswered_broadcasts(world.now)}
    assert declined.referral_id in due_now
    assert offered.referral_id not in {pk for pk, _version in unanswered_broadcasts(later)}


def test_a_patient_leaves_after_consent_and_arrives_after_two_signatures(world):
    leg = world.green(Status.ACCEPTED)
    assert refused(world.take, step="depart_referral", referral=leg)[0] == "CONSENT_REQUIRED"
    alone = {"consent_by": "王小急", "consent_relation": "本人"}
    assert refused(world.take, step="give_consent", referral=leg, only=alone)[0] == "CONSENT_REQUIRED"
    leg = world.take("depart_referral", world.take("give_consent", leg))
    assert refused(world.take, step="arrive_referral", referral=leg)[0] == "INCOMPLETE"
    leg = world.take("sign_handover", world.read(leg))
    assert refused(world.take, step="sign_handover", referral=world.read(leg))[0] == "INVALID_STATE"
    assert refused(world.take, step="arrive_referral", referral=world.read(leg))[0] == "INCOMPLETE"
    leg = world.take("sign_handover", world.read(leg), by=world.actor("province", EXPERT), only={"remarks": "管路在位"})
    leg = world.take("arrive_referral", world.read(leg))
    assert (leg.handover.sender, leg.handover.receiver) == (
        world.people["county", DOCTOR, 1],
        world.people["province", EXPERT, 1],
    )


@pytest.mark.parametrize(("given", "code", "field"), [
    ({}, "CONSENT_REQUIRED", "consentRelation"),  # nobody may stand in without a basis
    ({"emergency_basis": "NOT_A_CASE"}, "INVALID_INPUT", "emergencyBasis"),
    ({"emergency_basis": "OTHER"}, "COMMENT_REQUIRED", "comment"),
    ({"emergency_basis": "RELATIVES_UNKNOWN", "consent_relation": "本人"}, "CONSENT_REQUIRED", "consentRelation"),
    ({"emergency_basis": "RELATIVES_UNKNOWN", "consent_by": "王小急"}, "CONSENT_REQUIRED", "consentRelation"),
    ({"emergency_basis": "RELATIVES_UNKNOWN"}, None, None),
    ({"emergency_basis": "OTHER", "comment": "依法监护争议期间"}, None, None),
])  # fmt: skip
def test_the_head_of_the_hospital_approves_for_a_child_without_a_guardian(world, given, code, field):
    leg = world.green(Status.ACCEPTED)
    Patient.objects.filter(pk=leg.patient.pk).update(guardian_name="", guardian_relation="", guardian_phone="")
    head = {"consent_by": "陈总值班", "consent_relation": "医疗机构负责人"} | given
    if code:
        assert refused(world.take, step="give_consent", referral=world.read(leg), only=head) == (code, field)
        assert world.read(leg).consent_at is None
        return
    leg = world.take("give_consent", world.read(leg), only=head)
    event = world.events(leg)[-1]
    assert (leg.consent_by, leg.consent_relation, leg.consent_at) == ("陈总值班", "医疗机构负责人", world.now)
    assert (event.kind, event.reason_code, event.comment) == (
        "give_consent", given["emergency_basis"], given.get("comment", ""),
    )  # fmt: skip
    assert world.take("depart_referral", leg).status == Status.IN_TRANSIT


def test_refused_consent_ends_the_leg_and_gives_the_place_back(world):
    leg = world.green(Status.CANCELLED)
    assert (leg.ending, leg.consent_refused_at, world.bed()) == ("CANCELLED", world.now, (0, 20))


def test_a_diversion_makes_a_leg_that_is_under_way_and_narrows_the_old_view(world):
    leg = world.take("record_milestone", world.green(Status.IN_TRANSIT))
    old = world.take("divert_referral", world.read(leg))
    (new,) = Referral.objects.filter(based_on=old)
    assert (old.status, old.ending, new.status, new.performer_hospital) == (
        Status.REDIRECTED,
        "REDIRECTED",
        Status.IN_TRANSIT,
        world.hospitals["city"],
    )
    assert (new.consent_at, new.departed_at, new.journeys.count()) == (old.consent_at, old.departed_at, 1)
    assert [row.kind.code for row in new.milestones.all()] == ["FIRST_CONTACT"]
    assert world.bed() == (0, 20)
    assert not access.visible(world.actor("province", EXPERT), Referral).get(pk=old.pk).full_view
    assert access.visible(world.actor("city", EXPERT), Referral).get(pk=new.pk).full_view
    assert ("city", EXPERT, 1) in world.told(world.events(new)[0])
    assert ("province", EXPERT, 1) in world.told(world.events(old)[-1])


@pytest.mark.parametrize("step", ["stand_down", "cancel_referral", "record_death"])
def test_whatever_ends_a_call_withdraws_its_offers(world, step):
    leg = world.call(targets=[world.departments[place].pk for place in ("province", "city")])
    world.take(step, leg)
    assert {row.status for row in leg.offers.all()} == {S.WITHDRAWN}
    for place, offer in offers(leg).items():
        assert offer.closed_at == world.now
        assert {told for told, _role, _n in world.told(world.events(offer)[-1])} == {place}


def test_the_identity_follows_and_a_known_patient_is_recognised(world):
    known = {"name": "王小二", "id_number": id_number(date(2022, 1, 5), 99)}
    before = world.referral(Status.SENT, patient=known | {"guardian_name": "李四"})
    leg = world.take("identify_patient", world.call(), only={"patient": known})
    assert leg.patient == before.patient
    assert Patient.objects.get(pk=leg.case.patient_id).id_number == known["id_number"]
    assert refused(world.take, step="identify_patient", referral=world.read(leg))[0] == "INVALID_STATE"


def stamp(world: World, leg: Referral, kind: str, minutes: int, *, at: str = "county", **given: Any) -> Referral:
    """Record a milestone so many minutes before now."""
    moment = world.now - timedelta(minutes=minutes)
    return world.take(
        "record_milestone", world.read(leg), by=world.actor(*CARED[at]), only={"kind": kind, "at": moment} | given
    )


def test_milestones_keep_their_order_directly_and_through_others(world):
    leg = stamp(world, world.green(Status.ARRIVED), "ONSET", 60)
    leg = stamp(world, leg, "DOOR", 10, at="province")
    for kind, minutes, at in (
        ("FIRST_CONTACT", 61, "county"),
        ("FIRST_DOOR_OUT", 9, "county"),
        ("KNIFE", 11, "province"),
    ):
        assert refused(stamp, world=world, leg=leg, kind=kind, minutes=minutes, at=at) == ("INVALID_INPUT", "at"), kind
    # Through FIRST_CONTACT and FIRST_DOOR_OUT, which are not recorded: onset is not later than the door.
    fix = {"reason": "TYPING_ERROR"}
    assert refused(stamp, world=world, leg=leg, kind="ONSET", minutes=9, **fix) == ("INVALID_INPUT", "at")
    assert refused(stamp, world=world, leg=leg, kind="ONSET", minutes=50) == ("INVALID_INPUT", "reason")
    leg = stamp(world, leg, "ONSET", 50, **fix)
    kept = Milestone.objects.filter(referral=leg, kind__code="ONSET").order_by("id")
    assert [row.superseded_at for row in kept] == [world.now, None]
    assert refused(stamp, world=world, leg=leg, kind="ANTIBIOTIC", minutes=-5, at="province") == ("INVALID_INPUT", "at")


def test_milestones_belong_to_a_side_a_state_and_a_kind(world):
    leg = world.green(Status.IN_TRANSIT)
    assert refused(stamp, world=world, leg=leg, kind="DOOR", minutes=0, at="province") == ("INVALID_STATE", "kind")
    leg = world.green(Status.ARRIVED)
    assert refused(stamp, world=world, leg=leg, kind="DOOR", minutes=0) == ("FORBIDDEN", None)
    assert refused(stamp, world=world, leg=leg, kind="ONSET", minutes=0, at="province") == ("FORBIDDEN", None)
    assert refused(stamp, world=world, leg=leg, kind="BALLOON", minutes=0, at="province") == ("INVALID_INPUT", "kind")


def test_a_review_names_the_interval_its_minutes_and_a_cause(world):
    leg = stamp(world, world.green(Status.ARRIVED), "FIRST_CONTACT", 95)
    given = {"from_kind": "FIRST_CONTACT", "to_kind": "DOOR", "cause": "TRANSPORT_DELAY"}
    assert refused(world.take, step="review_quality", referral=leg, only=given) == ("INCOMPLETE", "toKind")
    leg = stamp(world, leg, "DOOR", 5, at="province")
    leg = world.take("review_quality", leg, only=given)
    assert list(QualityReview.objects.values_list("referral", "minutes", "cause")) == [(leg.pk, 90, "TRANSPORT_DELAY")]


def test_the_downward_fast_track_asks_below_from_the_patients_home_and_one_is_chosen(world):
    up = world.take("broadcast_down", world.green(Status.ARRIVED))
    (leg,) = Referral.objects.filter(based_on=up)
    assert (up.status, leg.status, leg.direction, leg.requester_hospital) == (
        Status.OUTCOME_RETURNED,
        Status.BROADCAST,
        "DOWN",
        world.hospitals["province"],
    )
    asked = offers(leg)
    assert set(asked) == {"county", "city", "foreign"}
    assert next(iter(asked)) == "county"
    world.take("offer_place", asked["foreign"], by=world.actor("foreign", EXPERT))
    leg = world.take("choose_offer", leg, by=world.actor("province", EXPERT), only={"offer": asked["foreign"].pk})
    assert (leg.status, leg.performer_hospital, leg.clock_kind) == (
        Status.ACCEPTED,
        world.hospitals["foreign"],
        "BOOKING",
    )
    above = {"targets": [world.departments["province2"].pk]}
    other = world.green(Status.ARRIVED)
    given = world.inputs("broadcast_down") | above
    assert refused(world.take, step="broadcast_down", referral=other, only=given) == ("INVALID_INPUT", "targets")


def test_the_hotline_sees_the_summary_of_its_own_calls_only(world):
    agent = world.actor("county", Role.HOTLINE_AGENT)
    own, other = world.call(by=agent), world.call()
    assert [(row.pk, row.full_view) for row in access.visible(agent, Referral)] == [(own.pk, False)]
    assert not access.visible(agent, Referral).filter(pk=other.pk).exists()
    assert ("county", DOCTOR, 1) in world.told(world.events(own)[0])
