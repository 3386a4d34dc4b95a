"""Before it is chosen, an asked hospital learns by no way who the patient is: no name, no number, no telephone."""

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from consortium.channels import webhook
from consortium.models import Alliance, Delivery, Notice, Patient, Preference, WebhookEndpoint
from consortium.roles import Role
from referrals.attachments import add_attachment
from referrals.blind import HIDDEN, blinded
from referrals.models import Case, Offer, OfferStatus, Referral
from tests.edge.client import Edge, as_role, code_of, gid, inputs, step, widest
from tests.edge.tables import CARE, DOCTOR, EXPERT, NOT_FOUND, OFFICE
from tests.world import NOW, World, patient

NAME, GUARDIAN, CONSENTER = "欧阳密语", "密语母亲", "密语外婆"
PHONE, OTHER_PHONE, ADDRESS = "13912345678", "13787654321", "密语路 1 号"
# What a doctor in a hurry types into every field; the clinical part must arrive, the rest must not.
TYPED = (
    f"{NAME}（欧阳 密语，欧·阳·密·语），住{ADDRESS}，母{GUARDIAN} {PHONE} / 137-8765-4321 / 139 1234 5678 / "
    f"１３９１２３４５６７８，{CONSENTER}在场，身份证 %s，"
)

pytestmark = pytest.mark.usefixtures("documents_of_any_size")
ASKED = ("province", "city", "province2")  # the last one by telephone
PLACES = (*ASKED, "province.other", "foreign")  # of one of them every role, of the others those who treat
WIDE = widest("Offer", depth=4)
OFFER = "query($id: ID!) { offer(id: $id) " + WIDE + " }"
WHOLE = {kind: f"query($id: ID!) {{ {kind.lower()}(id: $id) {widest(kind)} }}" for kind in ("Referral", "Case")}


@dataclass
class Planted:
    """A call in which every field names the patient, and what must not be found anywhere."""

    leg: Referral
    secrets: set[str]
    file: Any

    def offer(self, world: World, place: str) -> Offer:
        """The offer to a hospital, as it is now."""
        return Offer.objects.select_related(*Offer.LOADED).get(
            referral=self.leg, performer_hospital=world.hospitals[place]
        )

    def found(self, said: Any) -> set[str]:
        """The secrets in a text, however they are spaced, cut and spelt."""
        text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
        folded = re.sub(r"[\s·.\-—_]", "", unicodedata.normalize("NFKC", text))
        return {secret for secret in self.secrets if secret.replace(" ", "") in folded}


@pytest.fixture(scope="module")
def planted(_module_world: World, tmp_path_factory) -> Planted:
    """The call with its offers: one read and discussed, one answered by telephone, all notices on their way."""
    world = _module_world
    Alliance.objects.create(code="walk", name="测试联盟", lead=world.hospitals["province"])
    for place in ASKED:
        hospital, url = world.hospitals[place], "https://his.example.org/in"
        WebhookEndpoint.objects.create(hospital=hospital, name="HIS", url=url, salt=b"1" * 32, created_at=NOW)
        for person in (world.people[place, role, 1] for role in CARE):
            Preference.objects.create(person=person, channel="EMAIL", address="a@example.org")
    who = patient(name=NAME, phone=PHONE, address=ADDRESS, guardian_name=GUARDIAN, guardian_phone=OTHER_PHONE)
    number = who["id_number"]
    typed = TYPED % f"{number} {number[:6]} {number[6:14]} {number[14:]}"
    leg = world.call(
        patient=who,
        targets=[world.departments[place].pk for place in ASKED],
        consent_by=CONSENTER,
        consent_relation="外婆",
        **{name: typed + name for name in ("reason", "summary", "treatment", "allergies")},
        exams=[{"name": typed + "exam", "result": typed + "result"}],
        vitals={"temperature": 39.4747},
        diagnoses=["J18.900"],
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.core.files.storage.default_storage.base_location", str(tmp_path_factory.mktemp("files")))
        scan = SimpleUploadedFile("x.pdf", b"%PDF-1.7 blind")
        by = world.actor("county", DOCTOR)
        file = add_attachment(by=by, id=leg.pk, name=f"{NAME}.pdf", file=scan, now=NOW)
    made = Planted(leg, {NAME, GUARDIAN, CONSENTER, PHONE, OTHER_PHONE, ADDRESS, number}, file)
    offer = made.offer(world, "province")
    world.take("negotiate_offer", world.take("read_offer", offer), message=f"是{NAME}吗？家属 {PHONE}？")
    by_phone = {"answer": "CAN_TAKE", "spoken_with": f"{NAME}家属"}
    world.take("record_phone_answer", made.offer(world, "province2"), only=by_phone)
    return made


def everything(planted: Planted) -> list[tuple[str, dict[str, Any]]]:
    """Every query by which something about a patient could be read."""
    number = planted.leg.patient.id_number
    asked: list[tuple[str, dict[str, Any]]] = [
        ("{ offers(first: 100) { totalCount nodes " + WIDE + " } }", {}),
        (WHOLE["Referral"], {"id": gid(planted.leg)}),
        (WHOLE["Case"], {"id": gid(planted.leg.case)}),
        ("{ notices(first: 100) { nodes " + widest("Notice") + " } me " + widest("Me") + " }", {}),
        ("{ deliveries(first: 100) { nodes " + widest("Delivery") + " } }", {}),
        ("{ webhookEndpoints " + widest("WebhookEndpoint") + " }", {}),
        ('{ breachForecast(alliance: "walk", minutes: 1000) ' + widest("BreachForecast", depth=3) + " }", {}),
        (f'{{ patientLookup(idNumber: "{number}") {widest("PatientLookup", depth=4)} }}', {}),
    ]
    asked += [(OFFER, {"id": gid(offer)}) for offer in planted.leg.offers.all()]
    for box, about in (("IN", NAME), ("IN", number), ("OUT", planted.leg.number), ("MINE", NAME)):
        listed = widest("Referral", depth=3)
        asked.append((f'{{ worklist(box: {box}, patient: "{about}") {{ totalCount nodes {listed} }} }}', {}))
    return asked


@pytest.mark.parametrize("place", PLACES)
def test_no_query_of_any_role_names_the_patient(world, planted, place):
    for role in Role if place == "province" else sorted(CARE):
        if (place, role, 1) not in world.people:
            continue  # an office works for its whole hospital
        edge = as_role(world, place, role)
        for document, variables in everything(planted):
            answer = edge.answer(document, **variables)
            assert planted.found(answer) == set(), (role, document[:60])
            assert answer.get("errors") is None or code_of(answer) in ("FORBIDDEN", NOT_FOUND), (role, answer["errors"])
            for page in (answer["data"] or {}).values():
                if "worklist" in document:
                    assert page is None or page["totalCount"] == 0


@pytest.mark.parametrize("place", ASKED)
@pytest.mark.parametrize("role", [EXPERT, OFFICE])
def test_the_clinical_facts_do_arrive(world, planted, place, role):
    """So that the tests here look for the right words with a wide enough selection."""
    edge = as_role(world, place, role)
    offer = edge.data(OFFER, id=gid(planted.offer(world, place)))["offer"]
    facts = offer["facts"]
    for name in ("reason", "summary", "treatment", "allergies"):
        assert facts[name].endswith(name)
        assert HIDDEN in facts[name]
    assert [exam["result"][-6:] for exam in facts["exams"]] == ["result"]
    assert (facts["vitals"]["temperature"], facts["diagnoses"][0]["code"]) == (39.4747, "J18.900")
    assert offer["message"] == {"province": f"是{HIDDEN}吗？家属 {HIDDEN}？"}.get(place, "")
    assert offer["phoneSpokenWith"] == {"province2": f"{HIDDEN}家属"}.get(place, "")
    assert as_role(world, "county", DOCTOR).data(OFFER, id=gid(planted.offer(world, place)))["offer"]["facts"] == facts


@pytest.mark.parametrize("place", ASKED)
def test_no_answer_to_a_step_names_the_patient(world, planted, place):
    edge, offer = as_role(world, place, EXPERT), planted.offer(world, place)
    for action in ("read_offer", "negotiate_offer", "offer_place", "confirm_phone_answer", "decline_offer"):
        name = action.split("_")[0] + "".join(word.capitalize() for word in action.split("_")[1:])
        offer = planted.offer(world, place)
        answer = edge.attempt(name, "offer " + WIDE, **inputs(world, action) | step(offer)).json()
        assert planted.found(answer) == set(), action
    assert planted.offer(world, place).status == OfferStatus.DECLINED
    for action in ("openReferral", "acceptReferral", "identifyPatient", "standDown", "signHandover"):
        more = {"patient": {}} if action == "identifyPatient" else {"reason": "X"} if action == "standDown" else {}
        answer = edge.attempt(action, "referral { number }", **step(planted.leg) | more).json()
        assert code_of(answer) == NOT_FOUND


def test_no_file_is_handed_out_or_taken_in(world, planted):
    for place in PLACES:
        edge = as_role(world, place, EXPERT)
        response = edge.client.get(f"/attachments/{gid(planted.file)}/", headers=edge.headers)
        assert (response.status_code, planted.found(response.content.decode())) == (404, set())
        sent = {"referral": gid(planted.leg), "file": SimpleUploadedFile("y.pdf", b"%PDF-1.7 y")}
        response = edge.client.post("/attachments/", sent, headers=edge.headers)
        assert (response.status_code, planted.found(response.content.decode())) == (404, set())


def test_no_text_that_leaves_the_house_names_the_patient(world, planted):
    deliveries = list(Delivery.objects.select_related("event", "endpoint"))
    assert {(row.channel, row.hospital_id) for row in deliveries} >= {
        (channel, world.hospitals[place].pk) for channel in ("EMAIL", "WEBHOOK") for place in ASKED
    }
    for row in deliveries:
        assert planted.found(row.text) == set()
        assert planted.found(webhook.body(row).decode()) == set()
    assert Notice.objects.filter(person=world.people["province", EXPERT, 1]).exists()


def test_who_was_not_chosen_sees_nothing_clinical_any_more_and_the_chosen_one_the_patient(world, planted):
    offer = world.take("offer_place", planted.offer(world, "province"))
    leg = world.take("choose_offer", world.read(planted.leg), only={"offer": offer.pk})
    for place in ("city", "province2"):
        seen = as_role(world, place, EXPERT).data(OFFER, id=gid(planted.offer(world, place)))["offer"]
        assert (seen["accessLevel"], seen["facts"], seen["message"], seen["kind"]) == ("SUMMARY", None, None, None)
        assert {event["comment"] for event in seen["events"]} == {""}
        assert "39.4747" not in json.dumps(seen)
        assert as_role(world, place, EXPERT).code(WHOLE["Referral"], id=gid(leg)) == NOT_FOUND
    chosen = as_role(world, "province", EXPERT)
    assert planted.found(chosen.data(WHOLE["Referral"], id=gid(leg))) == planted.secrets
    assert planted.found(chosen.data(OFFER, id=gid(planted.offer(world, "province")))) == set()


def test_an_identity_that_follows_is_hidden_from_then_on(world):
    """What was typed while the patient was unknown cannot be told from other words, but numbers can."""
    leg = world.call(patient={}, summary=f"家属称 {NAME}，电话 {PHONE}，身份证 11010519491231002x，血压 60/30")
    offer, expert = leg.offers.get(), as_role(world, "province", EXPERT)
    shape = "query($id: ID!) { offer(id: $id) { facts { summary } } }"
    before = expert.data(shape, id=gid(offer))["offer"]["facts"]["summary"]
    assert before == f"家属称 {NAME}，电话 {HIDDEN}，身份证 {HIDDEN}，血压 60/30"
    world.take("identify_patient", world.read(leg), patient=patient(name=NAME))
    after = expert.data(shape, id=gid(offer))["offer"]["facts"]["summary"]
    assert after == f"家属称 {HIDDEN}，电话 {HIDDEN}，身份证 {HIDDEN}，血压 60/30"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("王小和王小明", f"{HIDDEN}和{HIDDEN}"),  # the longer word first: no part of it is left over
        ("王 小 明、王·小·明、王-小-明", f"{HIDDEN}、{HIDDEN}、{HIDDEN}"),
        ("sats 98%, 2026-03-02 09:00, 13800 mL", "sats 98%, 2026-03-02 09:00, 13800 mL"),
        ("ab-12 Ａｂ１２ AB 12", f"{HIDDEN} {HIDDEN} {HIDDEN}"),
        ("本人同意，身份待查", "本人同意，身份待查"),
        ("(王小明)[王小]", f"({HIDDEN})[{HIDDEN}]"),
        ("", ""),
    ],
)
def test_a_word_is_hidden_however_it_is_written_and_nothing_else(text, expected):
    who = Patient(name="王小明", guardian_name="王小", temporary_identity="AB12", phone="", guardian_phone="")
    leg = Referral(consent_by="本人", case=Case(patient=who))
    assert blinded({"a": [text], "b": 1, "c": None}, leg) == {"a": [expected], "b": 1, "c": None}


def test_nobody_signed_out_reads_an_offer(world, planted):
    for document, variables in everything(planted):
        answer = Edge().answer(document, **variables)
        assert (set((answer["data"] or {"": None}).values()), planted.found(answer)) == ({None}, set())
        assert code_of(answer) == "UNAUTHENTICATED"
