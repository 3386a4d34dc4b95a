"""The worklist and the case page in real browsers: a referral's story by screens, and every kind of weather."""

import pytest

from referrals.models import Referral, Status
from tests.browser import clean, told
from tests.edge.client import gid
from tests.world import DOCTOR, EXPERT, OFFICE

pytestmark = pytest.mark.slow


def test_a_referral_goes_from_the_draft_to_the_closed_loop_by_screens(front, script):
    world = front.world
    draft = world.referral(Status.DRAFT)
    people = {
        "doctor": front.login(world.people["county", DOCTOR, 1]),
        "expert": front.login(world.people["province", EXPERT, 1]),
        "office": front.login(world.people["province", OFFICE, 1]),
    }
    found = told(
        script("referrals.mjs"), front.task(**people, draft=gid(draft), walks=["story"], patience=60000), seconds=560
    )
    clean(found)
    assert "这里没有要处理的转诊" in found["empty"]
    assert found["fresh"].startswith("新到 1 条")
    assert "新到一条" in found["announced"]
    assert "重症肺炎" in found["row"]
    assert found["focused"] == "TEXTAREA"
    assert "已接受" in found["accepted"]
    assert "闭环完成" in found["closed"]
    steps = ["提交", "查看回执", "认领", "接受", "预约", "出发", "到达", "送达完整病历", "回传结果", "确认结果"]
    assert found["story"] == [*reversed(steps), "新建"]
    assert "无创通气" in found["outcome"]
    assert "Acknowledge" in found["english"]
    assert len(found["cost"]["requests"]) <= 8, found["cost"]
    assert found["cost"]["bytes"] <= 150_000, found["cost"]
    row = Referral.objects.get(pk=draft.pk)
    assert (row.status, row.events.all().filter(kind="open_referral").count()) == (Status.CLOSED, 1)


def test_the_list_holds_in_every_weather(front, script):
    world = front.world
    first, second, third, fourth = (world.referral(Status.SENT) for _ in range(4))
    people = {
        "expert": front.login(world.people["province", EXPERT, 1]),
        "colleague": front.login(world.people["province", EXPERT, 2]),
        "office": front.login(world.people["province", OFFICE, 1]),
    }
    rows = {
        name: {"id": gid(row), "number": row.number, "version": row.version}
        for name, row in {"first": first, "second": second, "third": third}.items()
    }
    about = {"number": fourth.number, "stranger": gid(fourth)}
    found = told(
        script("referrals.mjs"), front.task(**people, **rows, **about, walks=["weather"], patience=60000), seconds=560
    )
    clean(found)
    assert "priority=STAT" in found["address"]
    assert world.people["province", EXPERT, 2].name in found["faster"][0]
    assert "“接受”" in found["faster"][0]
    assert found["faster"][1] == "我来收治"
    assert found["kept"] == "可以收治"
    assert "更新" in found["changed"]
    assert "连接" in found["cut"]
    # Once over the cut line, whose repeated key had one effect, and once more among many.
    assert second.events.all().filter(kind="claim_referral").count() == 2
    assert "已送达" in found["after"]
    assert "已认领 2 条" in found["bulk"]
    assert found["overlaps"] == []
    experts = [world.people["province", EXPERT, n] for n in (1, 2)]
    assert len(found["specialists"]) == len(experts)
    assert all(any(one.name in said for one in experts) for said in found["specialists"])
    assert fourth.events.all().get(kind="accept_referral").on_behalf_of in experts
    assert "没有这个病例" in found["stranger"]
