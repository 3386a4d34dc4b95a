"""A county doctor at work in a real browser: a referral on a phone, over a bad line, by keyboard; the green channel."""

from datetime import date
from uuid import uuid4

import pytest

from consortium.models import Priority
from referrals.models import Attachment, Offer, OfferStatus, Referral, Status
from schema import ids
from tests.browser import clean, told
from tests.edge.client import gid
from tests.world import DOCTOR, EXPERT, id_number

pytestmark = pytest.mark.slow
CHILD = {"idNumber": id_number(date(2022, 1, 5), 801), "name": "示例宁"}


@pytest.fixture
def doctor(front):
    """The county's doctor, who may sign in."""
    return front.login(front.world.people["county", DOCTOR, 1])


def test_an_urgent_referral_goes_from_a_phone(front, script, doctor):
    found = told(script("county.mjs"), front.task(doctor=doctor, **CHILD, walks=["send"]), seconds=300)
    clean(found)
    assert "校验位不符" in found["wrongNumber"]
    assert "4 岁" in found["read"]
    assert "25–45" in found["fever"]
    assert (found["lacks"], found["led"]) == ("同意共享病历的人", "consentBy")
    assert found["seconds"] < 60
    assert "已送达 province医院" in found["sent"]
    referral = Referral.objects.get()
    assert (referral.status, referral.consent_by, referral.consent_relation) == (Status.SENT, "示例母", "母亲")
    assert referral.clinical.vitals == {"temperature": 39.4, "spo2": 91.0}
    assert Attachment.objects.get().name == "film.pdf"


def test_the_same_by_keyboard_alone(front, script, doctor):
    found = told(script("county.mjs"), front.task(doctor=doctor, **CHILD, walks=["keyboard"]), seconds=300)
    clean(found)
    assert found["drafts"] == 1
    assert Referral.objects.get().status == Status.SENT


def test_every_field_is_reached_and_filled_without_a_mouse(front, script, doctor):
    vitals = {"体温": "39.4", "心率": "150", "呼吸": "48", "收缩压": "90", "舒张压": "55", "血氧": "91", "体重": "14"}
    task = front.task(doctor=doctor, **CHILD, vitals=vitals, walks=["fields"], patience=60000)
    found = told(script("county.mjs"), task, seconds=400)
    clean(found)
    assert (found["unreached"], found["again"]) == ([], [])
    assert ["支气管肺炎" in found["diagnoses"][0], "川崎病" in found["diagnoses"][1]] == [True, True]
    assert found["stays"] is True
    assert "过敏史" in found["open"]
    referral = Referral.objects.get()
    assert (referral.status, referral.priority) == (Status.DRAFT, Priority.URGENT)
    assert [float(vitals[name]) for name in vitals] == list(
        map(
            referral.clinical.vitals.get,
            ("temperature", "heart_rate", "respiratory_rate", "systolic", "diastolic", "spo2", "weight"),
        )
    )
    assert (referral.clinical.allergies, referral.clinical.treatment) == ("无", "吸氧")
    assert [(exam["name"], exam["result"]) for exam in referral.clinical.exams] == [("胸片", "双肺斑片影")]
    assert Attachment.objects.get().name == "film.pdf"


def test_nothing_is_lost_in_bad_weather(front, script, doctor):
    world = front.world
    other = world.draft(by=world.actor("county", DOCTOR, 2))
    about = {"open": other.patient.id_number, **CHILD}
    found = told(script("county.mjs"), front.task(doctor=doctor, **about, walks=["weather"]), seconds=300)
    clean(found, complaints=False)
    assert other.case.number in found["open"]
    assert "已存本机" in found["cut"]
    assert found["restored"] == "断线时写下的摘要"
    assert "过敏史" in found["elsewhere"]
    assert (found["mine"], found["purpose"]) == ("两处同时修改", "登录过期时写下的目的")
    assert (found["anew"], found["left"]) == ("", False)
    mine = Referral.objects.exclude(pk=other.pk).get()
    assert (mine.status, mine.clinical.allergies) == (Status.CANCELLED, "青霉素")


def test_the_green_channel_from_the_call_to_the_end(front, script, doctor):
    expert = front.login(front.world.people["province", EXPERT, 1])
    found = told(script("county.mjs"), front.task(doctor=doctor, expert=expert, walks=["green"]), seconds=400)
    clean(found)
    assert found["targets"][0].startswith("province医院")
    assert (found["asked"], found["released"]) == (3, "已另选他院")
    assert "危重儿童" in found["heard"]
    assert "转运" in found["stage"] or "到达" in found["stage"]
    assert "移交方已签" in found["signed"]
    assert "city医院" in found["diverted"]
    assert found["over"] == "已终止"
    assert Offer.objects.filter(status=OfferStatus.CHOSEN).count() == 1


def test_of_two_at_once_the_slower_is_told(front, script, doctor):
    world = front.world
    offer = world.offer(OfferStatus.OFFERED)
    people = {"doctor": doctor, "colleague": front.login(world.people["county", DOCTOR, 2])}
    about = {"call": gid(offer.referral), "nowhere": ids.encode("Referral", uuid4())}
    task = front.task(**people, **about, walks=["faster"])
    found = told(script("county.mjs"), task, seconds=300)
    clean(found, complaints=False)
    assert "情况已变化" in found["faster"]
    assert "不存在，或者不在您的权限范围内" in found["absent"]
