"""What nobody may read who is not treating the patient: identities in lists, clinical words in narrowed views."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from graphql import GraphQLNonNull, GraphQLObjectType

from consortium.models import Alliance, AuditEntry, Patient, Person
from consortium.roles import Role
from referrals.attachments import add_attachment
from referrals.models import Referral
from schema.base import FULL, IDENTITY
from schema.schema import rule_of, schema
from tests.edge.client import Edge, as_role, code_of, gid, inputs, step, widest
from tests.world import NOW, World, patient

pytestmark = pytest.mark.usefixtures("documents_of_any_size")

DOCTOR, OFFICE, EXPERT, ADMIN = Role.REFERRING_DOCTOR, Role.REFERRAL_OFFICE, Role.EXPERT, Role.HOSPITAL_ADMIN
# Who never treats a patient.
STRANGERS = [
    Role.ALLIANCE_ADMIN, Role.COMMISSION_OBSERVER, Role.HOTLINE_AGENT, Role.AUDITOR, ADMIN, Role.PATHOLOGIST,
    Role.PATHOLOGY_LAB,
]  # fmt: skip
WHOLE = "query($id: ID!) { referral(id: $id) " + widest("Referral", without=("legs",)) + " }"
WHOLE_CASE = "query($id: ID!) { case(id: $id) " + widest("Case", without=("followedBy",)) + " }"
LIST = "{ worklist(box: %s, first: 100) { totalCount nodes " + widest("Referral") + " } }"


@dataclass
class Planted:
    """One case with a word of its own in every place where a word about the patient can stand."""

    city: Referral  # passed on, so narrowed for the city
    province: Referral  # completed, and reported as entered in error
    identity: dict[str, str]
    numbers: dict[str, str]
    clinical: dict[str, str] = field(default_factory=dict)

    def found(self, response: Any) -> set[str]:
        """The names of the planted words that an answer contains."""
        text = json.dumps(response.json(), ensure_ascii=False)
        return {name for name, word in (self.identity | self.numbers | self.clinical).items() if word in text}


@pytest.fixture(scope="module")
def planted(_module_world: World, tmp_path_factory) -> Planted:
    """The case, brought by real steps through the city to the province and to its end."""
    world, words = _module_world, {}

    def word(name: str) -> str:
        words[name] = f"密语{len(words):02}{name}"
        return words[name]

    who = patient(name="欧阳密语", phone="13912345678", address="密语路 1 号", guardian_name="密语母亲")
    who |= {"guardian_phone": "13787654321", "guardian_relation": "密语关系"}
    leg = world.draft(
        patient=who,
        performer_department=world.departments["city"].pk,
        **{name: word(name) for name in ("reason", "summary", "treatment", "allergies")},
        exams=[{"name": word("exam"), "result": word("result")}],
        vitals={"temperature": 39.4747, "weight": 17.1717},
        consent_by=word("consentBy"),
        consent_relation=word("relation"),
    )
    words |= {"temperature": "39.4747", "weight": "17.1717", "diagnosis": "J18.900"}
    expert = world.actor("city", EXPERT)
    leg = world.take("submit_referral", leg)
    leg = world.take("claim_referral", leg, by=expert)
    leg = world.take("request_information", leg, by=expert, items=["BLOOD_GAS"], note=word("note"))
    leg = world.take("supply_information", leg, answer=word("answer"))
    leg = world.take("accept_referral", leg, by=expert, only={"instructions": word("instructions")})
    given = {"performer_department": world.departments["province"].pk, "reason": "OTHER", "comment": word("redirect")}
    city = world.take("redirect_referral", leg, by=expert, **given)
    leg = Referral.objects.get(based_on=city)
    leg = world.take("accept_referral", leg, instructions=word("instructions2"))
    leg = world.take("book_referral", leg, place=word("place"))
    leg = world.take("depart_referral", leg, vehicle=word("vehicle"), escort=word("escort"), condition=word("state"))
    leg = world.take("arrive_referral", leg)
    leg = world.take("send_record", leg, note=word("record"))
    texts = ("diagnosis_note", "treatment", "drugs", "red_flags", "rehabilitation")
    outcome = {"diagnoses": ["A09.900"], **{name: word("o" + name) for name in texts}}
    leg = world.take("return_outcome", leg, outcome=outcome)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.core.files.storage.default_storage.base_location", str(tmp_path_factory.mktemp("files")))
        file = SimpleUploadedFile("x.pdf", b"%PDF-1.7 masking")
        doctor = world.actor("county", DOCTOR)
        add_attachment(by=doctor, id=leg.pk, name=word("file") + ".pdf", file=file, now=NOW)
    leg.refresh_from_db()
    leg = world.take("acknowledge_outcome", leg)
    leg = world.take("record_follow_up", leg, note=word("followUp"))
    leg = world.take("report_error", leg, reason="WRONG_PATIENT", comment=word("error"))
    stored = Patient.objects.get(pk=leg.case.patient_id)
    names = ("name", "address", "guardian_name", "guardian_relation")
    numbers = {name: getattr(stored, name) for name in ("id_number", "phone", "guardian_phone")}
    identity = {name: getattr(stored, name) for name in names}
    return Planted(city, leg, identity, numbers, words | {"odiagnosis": "A09.900"})


def test_the_senders_single_read_shows_every_planted_word(world, planted):
    """So that the tests below look for the right words with a wide enough selection."""
    doctor = as_role(world, "county", DOCTOR)
    seen = set()
    for leg in (planted.city, planted.province):
        response = doctor.send({"query": WHOLE, "variables": {"id": gid(leg)}})
        assert code_of(response.json()) == "OK"
        seen |= planted.found(response)
    assert seen == set(planted.identity | planted.clinical), "every word, and no number"
    shown = response.json()["data"]["referral"]["patient"]["identity"]
    assert shown["idNumber"] == "*" * 14 + planted.numbers["id_number"][-4:]
    assert (shown["phone"], shown["guardianPhone"]) == ("*******5678", "*******4321")


@pytest.mark.parametrize("document", ["referral", "case"])
def test_a_narrowed_view_shows_no_planted_word(world, planted, document):
    """The city passed the patient on; the administrator only confirms the reported error."""
    for place, role, leg in (
        ("city", EXPERT, planted.city),
        ("city", OFFICE, planted.city),
        ("county", ADMIN, planted.province),
    ):
        query, named = (WHOLE, gid(leg)) if document == "referral" else (WHOLE_CASE, gid(leg.case))
        response = as_role(world, place, role).send({"query": query, "variables": {"id": named}})
        found = response.json()["data"][document]
        assert planted.found(response) == set()
        legs = [found] if document == "referral" else found["legs"]
        assert [(row["number"], row["accessLevel"]) for row in legs] == [(leg.number, "SUMMARY")]
        assert (legs[0]["patient"] if document == "referral" else found["patient"])["displayName"] == "欧***"
        for name, rule in ((name, rule_of(KINDS["Referral"], name)) for name in KINDS["Referral"].fields):
            assert rule is not FULL or legs[0][name] is None


KINDS = {kind.name: kind for kind in schema.graphql_schema.type_map.values() if isinstance(kind, GraphQLObjectType)}


def test_what_a_rule_may_hide_is_nullable_so_that_hiding_it_is_no_error():
    for kind in KINDS.values():
        if not kind.name.startswith("__"):
            hiding = {name for name in kind.fields if rule_of(kind, name) in (FULL, IDENTITY)}
            assert not {name for name in hiding if isinstance(kind.fields[name].type, GraphQLNonNull)}


@pytest.mark.parametrize("role", STRANGERS)
def test_those_who_treat_nobody_find_no_planted_word_by_any_query(world, planted, role):
    """Not of another hospital's patients, and not of their own's."""
    world.take("report_error", world.draft())  # so that an administrator's worklist could have rows at all
    Alliance.objects.create(code="walk", name="测试联盟", lead=world.hospitals["county"])
    asked = [(WHOLE, gid(planted.city)), (WHOLE_CASE, gid(planted.city.case)), (WHOLE, gid(planted.province))]
    asked += [(LIST % box, "") for box in ("IN", "OUT", "MINE")]
    asked += [
        ("{ notices(first: 100) { nodes " + widest("Notice") + " } me " + widest("Me") + " }", ""),
        ('{ coverage(alliance: "walk") ' + widest("Coverage", depth=3) + " }", ""),
        ("{ staff(first: 100) { nodes " + widest("PractitionerRole", depth=3) + " } }", ""),
        ('{ patientLookup(idNumber: "' + planted.numbers["id_number"] + '") ' + widest("PatientLookup") + " }", ""),
    ]
    for place in ("county", "city", "province", "foreign"):
        edge = as_role(world, place, role)
        for document, named in asked:
            response = edge.send({"query": document, "variables": {"id": named} if named else {}})
            assert response.status_code == 200
            assert planted.found(response) - {"id_number"} == set(), (place, document[:40])
            by_number = role == Role.PATHOLOGY_LAB and "patientLookup" in document  # the lab registers patients too
            assert "欧" not in response.content.decode() or (place, role) == ("county", ADMIN) or by_number


def test_a_superuser_without_a_role_reads_no_patient_and_takes_no_step(world, planted):
    root = Edge(Person.objects.create_superuser("root", name="root"))
    codes = [root.code(WHOLE, id=gid(planted.city)), root.code(WHOLE_CASE, id=gid(planted.city.case))]
    codes += [root.code(LIST % "IN"), root.code("{ staff { nodes { role } } }")]
    codes += [root.code('{ patientLookup(idNumber: "' + planted.numbers["id_number"] + '") { known } }')]
    assert codes == ["FORBIDDEN"] * 5
    refused = root.attempt("cancelReferral", **inputs(world, "cancel_referral") | step(planted.city))
    assert code_of(refused.json()) == "NOT_FOUND"


def test_lists_mask_every_identity(world, planted):
    leg = world.referral("SENT", patient=patient(name="司马密语丁", phone="13900000001"))
    secrets = {"司马密语丁", "13900000001", leg.case.patient.id_number}
    identities: list[Any] = []
    for place, role, box in (("county", DOCTOR, "OUT"), ("county", DOCTOR, "MINE"), ("province", EXPERT, "IN")):
        response = as_role(world, place, role).send({"query": LIST % box})
        text = response.content.decode()
        assert "司****" in text
        assert not [secret for secret in secrets | set((planted.identity | planted.numbers).values()) if secret in text]
        identities += [node["patient"]["identity"] for node in response.json()["data"]["worklist"]["nodes"]]
    assert set(identities) == {None}


@pytest.mark.parametrize("first", ["referral", "case", "worklist"])
def test_a_single_read_beside_a_list_unmasks_nothing_in_the_list(world, planted, first):
    """In one document, in any order."""
    other = world.referral("SENT", patient=patient(name="司马密语丁"))
    names = "patient { identity { name } } case { patient { identity { name } } }"
    parts = {
        "referral": f"referral(id: $id) {{ {names} }}",
        "case": "case(id: $case) { patient { identity { name } } }",
        "worklist": f"worklist(box: OUT) {{ nodes {{ {names} }} }}",
    }
    ordered = " ".join([parts.pop(first), *parts.values()])
    document = f"query($id: ID!, $case: ID!) {{ {ordered} }}"
    leg = planted.province
    data = as_role(world, "county", DOCTOR).data(document, id=gid(leg), case=gid(leg.case))
    shown = {"identity": {"name": "欧阳密语"}}
    assert (data["referral"]["patient"], data["referral"]["case"]["patient"]) == (shown, shown)
    assert data["case"]["patient"] == shown
    rows = data["worklist"]["nodes"]
    assert len(rows) == Referral.objects.filter(requester_hospital=other.requester_hospital).count()
    assert {str(row["patient"]) for row in rows} == {str({"identity": None})}
    assert {str(row["case"]["patient"]) for row in rows} == {str({"identity": None})}


def test_a_lookup_tells_what_is_known_and_masks_the_patient(world, planted):
    document = '{ patientLookup(idNumber: "%s") { known patient { displayName identity { name } } openCaseNumber } }'
    doctor = as_role(world, "foreign", DOCTOR)
    assert doctor.data(document % planted.numbers["id_number"])["patientLookup"] == {
        "known": True,
        "patient": {"displayName": "欧***", "identity": None},
        "openCaseNumber": None,
    }
    unknown = patient()["id_number"]
    nothing = {"known": False, "patient": None, "openCaseNumber": None}
    assert doctor.data(document % unknown)["patientLookup"] == nothing


def test_every_single_read_and_lookup_is_on_the_audit_trail(world, planted):
    doctor, leg = as_role(world, "county", DOCTOR), planted.province
    entries = AuditEntry.objects.filter(patient=leg.case.patient_id)
    before = entries.count()
    doctor.data("query($id: ID!) { referral(id: $id) { number } }", id=gid(leg))
    doctor.data("query($id: ID!) { case(id: $id) { number } }", id=gid(leg.case))
    doctor.data('{ patientLookup(idNumber: "' + planted.numbers["id_number"] + '") { known } }')
    doctor.data("{ worklist(box: OUT) { nodes { number } } }")
    as_role(world, "foreign", DOCTOR).answer("query($id: ID!) { referral(id: $id) { number } }", id=gid(leg))
    written = [(row.action, row.actor_id, row.actor_role) for row in entries.order_by("id")[before:]]
    person = world.people["county", DOCTOR, 1].pk
    names = ("read_referral", "read_case", "look_up_patient")
    assert written == [(name, person, "REFERRING_DOCTOR") for name in names]


def test_the_performers_access_ends_a_year_after_the_end(world, planted, monkeypatch):
    """Domain, 7: it ends after close and retention; the sender's own record stays."""
    document = "query($id: ID!) { referral(id: $id) { accessLevel } }"
    end = planted.province.closed_at + timedelta(days=365)
    found = {}
    for seconds in (-1, 0):
        moment = end + timedelta(seconds=seconds)
        monkeypatch.setattr("schema.views.gate.moment", SimpleNamespace(now=lambda at=moment: at))
        for place, role in (("province", EXPERT), ("county", DOCTOR)):
            found[place, seconds] = as_role(world, place, role).code(document, id=gid(planted.province))
    assert found == {
        ("province", -1): "OK", ("province", 0): "NOT_FOUND", ("county", -1): "OK", ("county", 0): "OK",
    }  # fmt: skip
