"""Who hears of offers: the sender of every one of its calls, the asked hospital of its own, nobody of a name."""

import json
from datetime import date

from django.utils import timezone

from consortium.models import PractitionerRole
from consortium.roles import Role
from referrals.models import Offer
from tests.edge.client import widest
from tests.live.conftest import Subscribe
from tests.live.server import Reader, Server
from tests.live.test_streams import refused
from tests.live.ways_in import bearer
from tests.world import DOCTOR, EXPERT, OFFICE, World

OFFERS = """subscription { offersChanged { event { kind comment }
    offer { id number status accessLevel facts { summary reason } performerHospital { name } } } }"""
WIDE = "subscription { offersChanged " + widest("OfferChange", depth=4) + " }"
MINE = "subscription { worklistChanged(box: MINE) { event { kind } referral { accessLevel } } }"
SECRETS = ("欧阳密语", "密语母亲", "13912345678", "密语路 1 号")


def heard(reader: Reader) -> tuple[str, str, str, str]:
    """What the next message tells: the step, the asked hospital, its answer, and how much is seen."""
    told = reader.next()["data"]["offersChanged"]
    offer = told["offer"]
    return told["event"]["kind"], offer["performerHospital"]["name"], offer["status"], offer["accessLevel"]


def called(world: World, *places: str) -> dict[str, Offer]:
    """The offers of a new call to these places."""
    leg = world.call(targets=[world.departments[place].pk for place in places])
    names = {hospital.pk: name for name, hospital in world.hospitals.items()}
    return {names[offer.performer_hospital_id]: offer for offer in leg.offers.order_by("rank")}


def test_the_sender_hears_of_all_offers_and_each_asked_hospital_of_its_own(
    committed: World, subscribe: Subscribe
) -> None:
    sender = subscribe("county", DOCTOR, OFFERS)
    asked = {place: subscribe(place, EXPERT, OFFERS) for place in ("province", "city")}
    office = subscribe("province", OFFICE, OFFERS)
    strangers = [
        subscribe(*who, OFFERS) for who in (("foreign", DOCTOR), ("province2", EXPERT), ("county.other", DOCTOR))
    ]
    offers = called(committed, "province", "city")
    begun = {heard(sender), heard(sender)}  # each is told as it is when it is told
    assert begun == {("activate_green_channel", f"{place}医院", "ASKED", "FULL") for place in ("province", "city")}
    for place, reader in asked.items():
        assert heard(reader) == ("activate_green_channel", f"{place}医院", "ASKED", "FULL")
    assert heard(office) == heard_at("province", "activate_green_channel", "ASKED")
    standing = committed.take("offer_place", offers["province"])
    committed.take("decline_offer", offers["city"], by=committed.actor("city", EXPERT))
    for reader in (sender, asked["province"], office):
        assert heard(reader) == heard_at("province", "offer_place", "OFFERED")
    assert heard(sender) == heard_at("city", "decline_offer", "DECLINED")
    assert heard(asked["city"]) == heard_at("city", "decline_offer", "DECLINED", "SUMMARY")
    leg = committed.read(standing.referral)
    committed.take("choose_offer", leg, only={"offer": standing.pk})
    for reader in (sender, asked["province"], office):
        assert heard(reader) == heard_at("province", "choose_offer", "CHOSEN")
    called(committed, "province2")  # and this is the next thing that they hear of
    assert heard(sender) == heard_at("province2", "activate_green_channel", "ASKED")
    assert heard(strangers[1]) == heard_at("province2", "activate_green_channel", "ASKED")
    for reader in (*asked.values(), office, strangers[0], strangers[2]):
        assert reader.silent()


def heard_at(place: str, step: str, status: str, level: str = "FULL") -> tuple[str, str, str, str]:
    """What `heard` returns."""
    return step, f"{place}医院", status, level


def test_an_asked_hospital_hears_no_name_in_any_field(committed: World, subscribe: Subscribe) -> None:
    reader = subscribe("province", EXPERT, WIDE)
    name, guardian, phone, address = SECRETS
    who = {"name": name, "guardian_name": guardian, "guardian_phone": phone, "address": address, "sex": "FEMALE"}
    leg = committed.call(
        patient=who | {"birth_date": date(2022, 1, 5)}, summary=f"{name}，{address}，家属 {guardian} {phone}，高热"
    )
    offer, told = leg.offers.get(), [reader.next()]  # as it is before it is answered
    words = {"spoken_with": f"{name}的主治", "reason": "OTHER", "comment": f"{guardian}（{phone}）来电：{name}"}
    committed.take("record_phone_answer", offer, only={"answer": "CANNOT_TAKE"} | words)
    told.append(reader.next())
    assert [each["data"]["offersChanged"]["event"]["kind"] for each in told] == [
        "activate_green_channel",
        "record_phone_answer",
    ]
    assert told[1]["data"]["offersChanged"]["offer"]["phoneSpokenWith"] == "＊＊＊的主治"
    text = json.dumps(told, ensure_ascii=False)
    assert "高热" in text
    assert [secret for secret in SECRETS if secret in text] == []


def test_a_cut_stream_goes_on_where_it_was(committed: World, subscribe: Subscribe) -> None:
    reader = subscribe("province", EXPERT, OFFERS)
    (offer,) = called(committed, "province").values()
    assert heard(reader)[0] == "activate_green_channel"
    reader.close()
    offer = committed.take("read_offer", offer)
    again = subscribe("province", EXPERT, OFFERS, last=reader.last)
    committed.take("offer_place", offer)
    assert [heard(again)[0] for _step in range(2)] == ["read_offer", "offer_place"]


def test_a_revoked_role_ends_it(committed: World, subscribe: Subscribe) -> None:
    reader, colleague = (subscribe("province", EXPERT, OFFERS, n=n) for n in (1, 2))
    PractitionerRole.objects.filter(person=committed.people["province", EXPERT, 1]).update(ends_at=timezone.now())
    called(committed, "province")
    assert reader.ended()
    assert heard(colleague)[0] == "activate_green_channel"


def test_who_reads_no_offer_is_told_at_the_door(committed: World, server: Server) -> None:
    assert refused(server, OFFERS) == (401, "UNAUTHENTICATED")
    found = {role: bearer(committed.people["county", role, 1]) for role in Role if role not in (DOCTOR, OFFICE, EXPERT)}
    for headers in found.values():
        assert refused(server, OFFERS, headers=headers) == (403, "FORBIDDEN")


def test_a_hotline_agent_hears_of_the_call_they_made(committed: World, subscribe: Subscribe) -> None:
    reader = subscribe("county", Role.HOTLINE_AGENT, MINE)
    committed.call()
    leg = committed.call(by=committed.actor("county", Role.HOTLINE_AGENT))
    told = {"event": {"kind": "activate_green_channel"}, "referral": {"accessLevel": "SUMMARY"}}
    assert reader.next()["data"]["worklistChanged"] == told
    offer = committed.take("offer_place", leg.offers.get())
    committed.take("choose_offer", leg, only={"offer": offer.pk})
    assert reader.next()["data"]["worklistChanged"]["event"]["kind"] == "choose_offer"
