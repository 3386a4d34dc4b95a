"""A short night for real: hospitals act while the clock runs fast; stopped, it leaves the clock at real pace."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from consortium import demo, moment
from consortium.models import Event, Notice
from consortium.progress import silent
from referrals import actions
from referrals.demo import night
from referrals.demo.cast import Cast
from referrals.models import Offer, Referral
from tests.demo.known import tally
from tests.live.server import PROJECT, database_url

pytestmark = pytest.mark.slow
HALF_AN_HOUR = timedelta(minutes=30)
LINE = re.compile(r"\d\d:\d\d [GRO]\d\d-\d{7} .+ · .+ — .+|\d\d:\d\d (🔔|⏰) .+")


@pytest.fixture
def network(transactional_db: None, settings, tmp_path: Path) -> Iterator[Path]:
    """The demo network, committed, with a data folder whose clock may run fast."""
    settings.DEMO_CLOCK = tmp_path / "clock.json"
    demo.load(silent)
    yield tmp_path
    settings.DEMO_CLOCK = None


def test_half_an_hour_goes_by_within_seconds(network: Path):
    began, out = timezone.now(), StringIO()
    call_command("night", minutes=30, pace=600, stdout=out)
    assert moment.now() - began >= HALF_AN_HOUR
    *lines, last = out.getvalue().splitlines()
    assert re.fullmatch(r"天亮了，共 \d+ 步 · morning, \d+ steps", last)
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    kinds = tally(Event.objects, "kind")
    for step in ("activate_green_channel", "read_offer", "offer_place", "choose_offer", "create_referral"):
        assert kinds[step] > 0, (step, kinds)
    assert Referral.objects.exists()
    assert Offer.objects.exists()
    assert Notice.objects.exists()
    stamped = Event.objects.order_by("-recorded_at").values_list("recorded_at", flat=True)[0]
    assert began <= stamped <= moment.now()


def test_a_story_in_which_a_visitor_stepped_in_is_left_to_the_visitor(network: Path):
    lines: list[str] = []
    since = moment.now()
    scenes = night.plan(Cast(since), since, length=HALF_AN_HOUR, seed=1)
    first = next(scene for scene in scenes if scene.story.plot.words[:2] == ["call", "look"])
    assert night._play(first, lines.append)
    first.story.take(actions.stand_down, first.story.sender(moment.now()), moment.now(), reason="FALSE_ALARM")
    pick = next(s for s in scenes if s.number == first.number and s.story.plot.words[s.place] == "pick")
    assert not night._play(pick, lines.append)
    assert "✋" in lines[-1]
    assert Referral.objects.get(pk=first.story.leg.pk).status == "CANCELLED"


def test_the_same_seed_plans_the_same_night(network: Path):
    since = timezone.now()

    def planned(seed: int) -> list:
        scenes = night.plan(Cast(since), since, length=8 * HALF_AN_HOUR, seed=seed)
        return [(scene.at, scene.story.plot.words[scene.place], str(scene.story.parties.sender)) for scene in scenes]

    assert planned(1) == planned(1)
    assert planned(1) != planned(2)
    words = {word for _at, word, _sender in planned(1)}
    assert words >= {"call", "look", "talk", "can", "cannot", "pick", "agree", "leave", "divert", "come", "treat"}
    assert max(at for at, _word, _sender in planned(1)) < since + 8 * HALF_AN_HOUR


def test_told_to_stop_it_ends_at_once_and_the_clock_runs_as_real_time_does(network: Path):
    environment = os.environ | {"DATABASE_URL": database_url(), "REFNET_DATA": str(network), "REFNET_PRODUCTION": "0"}
    command = [sys.executable, "manage.py", "night", "--minutes", "480", "--pace", "60"]
    program = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True)
    assert program.stdout
    assert LINE.fullmatch(program.stdout.readline().strip())
    program.send_signal(signal.SIGTERM)
    assert program.wait(timeout=30) == 0
    assert program.stdout.read().splitlines()[-1] == "夜晚提前结束 · the night was ended early"
    one, real = moment.now(), timezone.now()
    assert one >= real
    assert (moment.now() - one) < timedelta(seconds=5)


@pytest.mark.parametrize(("minutes", "pace"), [(0, 60), (-5, 60), (10, 0.5)])
def test_a_night_without_length_or_pace_is_refused(network: Path, minutes: float, pace: float):
    with pytest.raises(CommandError, match="夜晚的分钟数须大于 0"):
        call_command("night", minutes=minutes, pace=pace, stdout=StringIO())


def test_a_night_passes_on_demo_data_only(db, settings, tmp_path: Path):
    settings.DEMO_CLOCK = tmp_path / "clock.json"
    with pytest.raises(CommandError, match="模拟夜晚只在示范数据上进行"):
        call_command("night", minutes=10, pace=60, stdout=StringIO())
