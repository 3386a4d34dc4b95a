"""The frame of the front in a real browser: the way in and out, keys, both languages, cut lines, live notices."""

import threading
import time
from pathlib import Path

import pytest
from django.db import connection

from consortium.models import ApiToken
from referrals.models import Status
from tests.browser import clean, told
from tests.edge.client import gid
from tests.world import DOCTOR, EXPERT

pytestmark = pytest.mark.slow


def test_the_frame_holds_in_every_weather(front, script):
    doctor = front.world.people["county", DOCTOR, 1]
    found = told(script("front.mjs"), front.task(doctor=front.login(doctor), walks=["frame"]), seconds=300)
    clean(found)
    assert found["door"] == "/app/"
    assert "script-src 'self'" in found["policy"]
    assert "unsafe" not in found["policy"]
    assert found["empty"] == ["请填写用户名。", "请填写密码。"]
    assert "联系本院管理员" in found["wrong"]
    assert doctor.name in found["who"][1]
    assert {"显示快捷键", "打开“通知”", "打开“我的”"} <= set(found["keys"])
    assert (found["focus"], found["title"]) == ("H1", "通知 · 转诊协作网")
    assert found["english"] == ["en", "Profile · Refnet", "Profile"]
    assert found["absent"] == "There is no such page"
    assert "连接中断" in found["cut"]
    assert "登录已过期" in found["ended"]
    assert found["fixed"] is True
    assert (found["kept"], found["out"]) == ("/app/notices?show=all", False)


@pytest.fixture
def sent(front) -> dict[str, object]:
    """A referral on its way, and the two people it concerns."""
    world = front.world
    referral = world.referral(Status.SENT)
    return {
        "doctor": front.login(world.people["county", DOCTOR, 1]),
        "expert": front.login(world.people["province", EXPERT, 1]),
        "referral": gid(referral),
        "version": referral.version,
    }


def test_a_notice_arrives_by_itself_and_the_first_look_is_light(front, script, sent):
    found = told(script("front.mjs"), front.task(**sent, walks=["live"]), seconds=300)
    clean(found)
    assert found["read"] == 0
    assert len(found["cost"]["requests"]) <= 8, found["cost"]
    assert found["cost"]["bytes"] <= 150_000, found["cost"]


def test_more_pages_than_the_browser_has_lines_hear_it_all_the_same(front, script, sent):
    found = told(script("front.mjs"), front.task(**sent, walks=["crowd"]), seconds=300)
    clean(found)
    assert found["heard"] == [True] * 7


def test_what_was_done_in_silence_is_done_once_and_every_failure_has_a_word(front, script):
    doctor = front.world.people["county", DOCTOR, 1]
    found = told(script("front.mjs"), front.task(doctor=front.login(doctor), walks=["silence"]), seconds=300)
    clean(found, complaints=False)
    assert "不会重复提交" in found["cutWord"]
    assert (found["tokens"], found["sent"], ApiToken.objects.filter(person=doctor).count()) == (1, 4, 1)
    assert "7c1e" in found["fault"]
    assert "系统已更新" in found["old"]
    assert "页面没有载入" in found["part"]


def test_a_restart_of_the_server_loses_no_notice(front, script, tmp_path):
    world, flag = front.world, tmp_path / "flag"
    expert = front.login(world.people["province", EXPERT, 1])
    helper = threading.Thread(target=restart_when_told, args=(front, flag))
    helper.start()
    try:
        found = told(script("front.mjs"), front.task(expert=expert, flag=str(flag), walks=["restart"]), seconds=300)
    finally:
        flag.touch()
        helper.join()
    clean(found, complaints=False)


def restart_when_told(front, flag: Path) -> None:
    """Stop the server once the flag is there, let a referral be sent, and start it again."""
    while not flag.exists():
        time.sleep(0.1)
    front.server.kill()
    try:
        front.world.referral(Status.SENT)
    finally:
        connection.close()
        front.server.start()
