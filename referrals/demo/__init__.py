"""The demo referrals: more than three hundred, in every state, told step by step through the real actions.

Patients are invented. The stories of all plots run in the order of time over the last 120 days, so that numbers,
events, clocks and places follow from each other as they would in service; the same moment gives the same stories.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from consortium.demo import loaded as network_is_there
from consortium.models import Priority
from consortium.progress import Progress
from referrals.demo.cast import Cast
from referrals.demo.patients import Patients
from referrals.demo.plots import GAPS, PLOTS, UNSCALED, WAITS, Plot
from referrals.demo.story import Story
from referrals.models import Referral

TITLE = "示范转诊 / demo referrals"
HISTORY = timedelta(days=120)
PACE = {Priority.STAT: 0.1, Priority.ASAP: 0.4, Priority.URGENT: 1.0, Priority.ROUTINE: 4.0}


def load(progress: Progress) -> bool:
    """Play all stories in one transaction and return whether anything was to do; nothing without the demo network."""
    if not network_is_there() or Referral.objects.exists():
        return False
    now = timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        # Planning the join of the eight tables of a case takes ten times as long as running it.
        cursor.execute("set local join_collapse_limit = 1")
        cast = Cast(now)
        scenes = sorted(
            (at, story.number, scene, story) for story in plan(cast, now) for scene, at in enumerate(story.times)
        )
        for done, (at, _number, scene, story) in enumerate(scenes):
            if done % 20 == 0:
                progress(done, len(scenes))
            story.play(scene, at)
        cast.report_places_again()
    progress(len(scenes), len(scenes))
    return True


def plan(cast: Cast, now: datetime) -> list[Story]:
    """Every story with its parties, its patient and the moment of each of its steps."""
    chance = Random("refnet demo referrals")  # noqa: S311 (reproducible, not secret)
    texts, patients = read_texts(), Patients(chance)
    stories: list[Story] = []
    for plot in PLOTS:
        for copy in range(plot.times):
            parties = cast.well_known(plot, texts) if copy == 0 else cast.parties(plot, texts, chance)
            times = moments(plot, Priority[parties.text["priority"]], chance, now)
            person = patients.invent(parties.text, parties.home, times[0])
            stories.append(Story(len(stories), cast, plot, parties, person, times, Random(f"refnet {len(stories)}")))  # noqa: S311
    return stories


def read_texts() -> list[Mapping[str, Any]]:
    """The clinical texts of `referrals/data/demo_stories.json`."""
    path = settings.BASE_DIR / "referrals" / "data" / "demo_stories.json"
    texts: list[Mapping[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return texts


def moments(plot: Plot, priority: Priority, chance: Random, now: datetime) -> list[datetime]:
    """When each step of a plot is taken: a finished one anywhere in the history, an unfinished one up to now."""
    passed = timedelta()
    offsets = []
    for word in plot.words:
        low, high = GAPS[word]
        pace = 1.0 if word in UNSCALED else PACE[priority]
        passed += timedelta(minutes=max(1, round(chance.uniform(low, high) * pace)))
        offsets.append(passed)
    if plot.finished:
        since = timedelta(minutes=chance.uniform(60, (HISTORY - passed) / timedelta(minutes=1)))
    elif plot.words[-1] in WAITS:
        since = timedelta(minutes=chance.uniform(*WAITS[plot.words[-1]]))
    else:  # most within the limit of their priority, some beyond
        since = timedelta(minutes=chance.uniform(20, 1700) * PACE[priority])
    return [now - since - passed + offset for offset in offsets]
