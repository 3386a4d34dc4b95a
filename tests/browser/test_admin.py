"""What administrators do, in a real browser: coverage, beds, roles, rosters, limits, webhooks."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from consortium.models import (
    Alliance,
    AuditEntry,
    Capability,
    ClockRule,
    Duty,
    Hospital,
    Membership,
    Post,
    PractitionerRole,
    WebhookEndpoint,
)
from consortium.roles import Role
from referrals.models import Export, Status
from tests.browser import clean, told
from tests.edge.client import gid
from tests.edge.many import copies
from tests.test_members import GOOD, text_of
from tests.world import ADMIN, CHINA, DOCTOR

pytestmark = pytest.mark.slow
PERIOD = {"since": "2026-02-01", "until": "2026-03-02"}
LEAD, OBSERVER = Role.ALLIANCE_ADMIN, Role.COMMISSION_OBSERVER


@pytest.fixture
def alliance(front) -> Alliance:
    """An alliance of three hospitals with six legs, four of them answered."""
    world = front.world
    made = Alliance.objects.create(code="walk", name="测试联盟", lead=world.hospitals["province"])
    for name in ("province", "city", "county"):
        Membership.objects.create(alliance=made, hospital=world.hospitals[name], joined_date=date(2025, 1, 1))
    leg = world.referral(Status.SENT)
    sent = {"sent_at": datetime(2026, 2, 10, 8, tzinfo=CHINA)}
    answered = sent | {"decision": "ACCEPTED"}
    copies(leg, [answered, answered, answered, sent | {"decision": "ADVISED"}, sent])
    return made


def walked(front: Any, script: Any, *walks: str, **given: Any) -> dict[str, Any]:
    """What was seen of the walks; none of them met anything serious."""
    found = told(script("admin.mjs"), front.task(walks=list(walks), **given), seconds=400)
    clean(found)
    return found


def person(front: Any, *key: Any) -> dict[str, str]:
    """Somebody of the world who may sign in, with their name."""
    found = front.world.people[key]
    return front.login(found) | {"name": found.name}


def test_where_the_network_is_blind(front, script, alliance):
    people = {"lead": person(front, "province", LEAD, 1), "county": front.world.hospitals["county"].division_id}
    found = walked(front, script, "coverage", **people, **PERIOD)
    assert ["期内送达", "6"] in found["tiles"]
    assert ["接受率", "75.0%"] in found["tiles"]
    assert (found["map"], len(found["legend"])) == (122, 4)
    assert (found["overlaps"], found["narrow"]) == ([0, 0, 0], [0, 0, 0])
    assert found["meaning"].startswith("期内送达且已答复的转诊中")
    assert found["drill"] == "只提供计数"
    assert found["back"] == "tile"
    assert None not in found["moved"]
    assert (found["address"], found["served"]) == (people["county"], 1)
    assert any(front.world.hospitals["county"].name in line for line in found["county"])
    assert "表格仍可使用" in found["without"]
    assert found["still"] > 0
    assert len(found["reports"]) == 6
    assert all(address.startswith("/reports/coverage/walk/20") for address in found["reports"])
    assert [row.state for row in Export.objects.all()] == ["CANCELLED"]


def test_an_observer_sees_no_small_count(front, script, alliance):
    found = walked(front, script, "observer", observer=person(front, "province", OBSERVER, 1), **PERIOD)
    assert "不等于 0" in found["withheld"]
    assert set(found["small"]) <= {"<5", "5", "6"}
    assert found["opens"] == 0


def test_a_bed_is_one_tap_and_never_lost(front, script):
    department = front.world.departments["county"]
    place = Capability.objects.filter(department=department).first() or Capability(
        department=department, kind_id=Capability.objects.values_list("kind", flat=True)[0]
    )
    place.beds_total, place.beds_free, place.as_of = 8, 5, timezone.now() - timedelta(days=2)
    place.save()
    found = walked(front, script, "beds", admin=person(front, "county", ADMIN, 1))
    assert (found["start"], found["old"]) == ("/app/admin/capacity", ["超过 24 小时"])
    assert (found["places"], found["kept"]) == ("3", "6")
    assert "空床 3、共 8 张" in found["stale"]
    assert found["wrong"] == ["请填写 0 或以上的整数，空床不超过总床位。"]
    assert min(found["thumbs"]) >= 44
    place.refresh_from_db()
    assert (place.beds_free, place.beds_total) == (5, 8)
    assert timezone.now() - place.as_of < timedelta(minutes=5)


def test_roles_and_webhooks_of_the_house(front, script):
    doctor = person(front, "county", DOCTOR, 1)
    found = walked(front, script, "house", admin=person(front, "county", ADMIN, 1), doctor=doctor)
    assert found["lacks"] == ["请填写人员。", "请填写岗位。"]
    assert len(found["elsewhere"]) == 1
    assert "https" in found["address"][0]
    assert (found["secret"], found["stays"], found["gone"]) == ("whsec_", True, 0)
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.name, bool(endpoint.deactivated_at)) == ("院内平台", True)
    held = PractitionerRole.objects.get(person__username=doctor["username"], role=Role.REFERRAL_OFFICE)
    assert held.ends_at is not None


def test_a_roster_is_set_and_two_swap(front, script):
    world, now = front.world, timezone.localtime()
    monday = (now + timedelta(days=14 - now.weekday())).replace(hour=8, minute=0, second=0, microsecond=0)
    department = world.departments["county"]
    one, other = world.people["county", DOCTOR, 1], world.people["county", DOCTOR, 2]
    theirs = Duty.objects.create(
        department=department, person=other, post=Post.DUTY, starts_at=monday, ends_at=monday + timedelta(days=1)
    )
    found = walked(
        front,
        script,
        "roster",
        admin=person(front, "county", ADMIN, 1),
        doctor=person(front, "county", DOCTOR, 1),
        colleague=person(front, "county", DOCTOR, 2),
        week=f"{monday:%Y-%m-%d}",
        department=gid(department),
    )
    assert "无人值班" in found["gap"]
    assert found["twice"] == ["此人在该时段已有这个班次。"]
    assert "等待对方同意" in found["waits"]
    assert one.name in found["wants"]
    theirs.refresh_from_db()
    assert theirs.person_id == one.pk


def test_a_list_of_members_is_tried_corrected_and_imported(front, script, alliance):
    row = GOOD | {"alliance": "walk"}
    wrong = [row | {"specialty": "7"}, row | {"department": "急诊医学科", "specialty": "20", "phone": "1"}]
    found = told(
        script("admin.mjs"),
        front.task(walks=["list"], lead=person(front, "province", LEAD, 1), right=text_of([row]), wrong=text_of(wrong)),
        seconds=400,
    )
    clean(found, complaints=False)  # a line that is cut is told on the console
    assert found["template"] == "members.xlsx"
    assert [(line, column, value) for line, column, value, _remedy in found["mistakes"]] == [
        ("第 2 行", "诊疗科目代码", "7"),
        ("第 3 行", "电话", "1"),
    ]
    assert "2 处错误" in found["refused"]
    assert found["focus"] == "tried"
    assert found["changes"] == [
        ["医院", "1", "0", "0"],
        ["科室", "1", "0", "0"],
        ["能力", "2", "0", "0"],
        ["联盟成员", "1", "0", "0"],
    ]
    assert "新增 长沙县人民医院" in found["listed"]
    assert "5 处变化已写入" in found["imported"]
    assert "不需要导入" in found["again"]
    assert found["offered"] == 0
    assert AuditEntry.objects.filter(action="import_members").count() == 1
    assert Hospital.objects.get(credit_code=row["credit_code"]).alliances.get() == alliance


def test_an_alliance_sets_its_own_limit(front, script, alliance):
    found = walked(front, script, "limits", lead=person(front, "province", LEAD, 1))
    assert found["missing"] == ["请填写时限。", "请填写目标（分钟）。", "请填写依据。"]
    assert "25 分钟" in found["set"]
    assert ClockRule.objects.get(alliance=alliance).target_minutes == 25
