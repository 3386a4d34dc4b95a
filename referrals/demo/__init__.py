"""The demo referrals: more than three hundred, in every state, told step by step through the real actions.

Patients are invented. The stories of all plots, emergencies among them, run in the order of time over the last 120
days, so that numbers, events, clocks and places follow from each other as they would in service; the same moment gives
the same stories. In the end the clock takes its round, so that whoever is late has been reminded.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from consortium import demo_rosters, moment
from consortium.demo import loaded as network_is_there
from consortium.models import Priority
from consortium.progress import Progress
from referrals.demo.cast import Cast
from referrals.demo.emergencies import EMERGENCIES, EMERGENCY_GAPS, EMERGENCY_WAITS
from referrals.demo.emergency import Emergency
from referrals.demo.patients import Patients
from referrals.demo.plots import GAPS, PLOTS, UNSCALED, WAITS, Plot
from referrals.demo.story import Story
from referrals.models import Referral
from referrals.rounds import take_round

TITLE = "示范转诊 / demo referrals"
HISTORY = timedelta(days=120)
EMERGENCIES_FROM = 1000  # their numbers among the stories
PACE = {Priority.STAT: 0.1, Priority.ASAP: 0.4, Priority.URGENT: 1.0, Priority.ROUTINE: 4.0}


def load(progress: Progress) -> bool:
    """Play all stories in one transaction and return whether anything was to do; nothing without the demo network."""
    if not network_is_there() or Referral.objects.exists():
        return False
    now = moment.now()
    with transaction.atomic(), connection.cursor() as cursor:
        # Planning the join of the eight tables of a case takes ten times as long as running it.
        cursor.execute("set local join_collapse_limit = 1")
        cast = Cast(now)
        stories = [*plan(cast, now), *plan_emergencies(cast, now)]
        scenes = sorted((at, story.number, scene, story) for story in stories for scene, at in enumerate(story.times))
        for done, (at, _number, scene, story) in enumerate(scenes):
            if done % 20 == 0:
                progress(done, len(scenes))
            story.play(scene, at)
        cast.report_places_again()
        take_round(now)
        demo_rosters.prefer()
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
            dice = Random(f"refnet {len(stories)}")  # noqa: S311 (reproducible, not secret)
            stories.append(Story(len(stories), cast, plot, parties, person, times, dice))
    return stories


def plan_emergencies(cast: Cast, now: datetime) -> list[Story]:
    """Every story that goes by the green channel; the first of each plot begins at the named accounts' hospital."""
    chance = Random("refnet demo emergencies")  # noqa: S311 (reproducible, not secret)
    patients = Patients(chance)
    stories: list[Story] = []
    for plot in EMERGENCIES:
        for copy in range(plot.times):
            number = EMERGENCIES_FROM + len(stories)
            stories.append(plan_emergency(cast, plot, number, chance, patients, now, at_home=copy == 0))
    return stories


def plan_emergency(
    cast: Cast, plot: Plot, number: int, chance: Random, patients: Patients, now: datetime, *, at_home: bool
) -> Emergency:
    """One emergency with its parties, its patient and the moment of each of its steps."""
    text = chance.choice([text for text in read_texts() if text.get("emergency") == plot.kind])
    parties = cast.callers(text, chance, at_home=at_home)
    times = moments(plot, Priority.STAT, chance, now)
    patient = patients.invent(text, parties.home, times[0])
    dice = Random(f"refnet {number}")  # noqa: S311 (reproducible, not secret)
    return Emergency(number, cast, plot, parties, patient, times, dice)


@cache
def read_texts() -> list[Mapping[str, Any]]:
    """The clinical texts of `referrals/data/demo_stories.json`."""
    path = settings.BASE_DIR / "referrals" / "data" / "demo_stories.json"
    texts: list[Mapping[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return texts


def moments(plot: Plot, priority: Priority, chance: Random, now: datetime) -> list[datetime]:
    """When each step of a plot is taken: a finished one anywhere in the history, an unfinished one up to now."""
    gaps, waits = (GAPS | EMERGENCY_GAPS, EMERGENCY_WAITS) if plot.kind else (GAPS, WAITS)
    passed = timedelta()
    offsets = []
    for word in plot.words:
        low, high = gaps[word]
        pace = 1.0 if word in UNSCALED or word in EMERGENCY_GAPS else PACE[priority]
        passed += timedelta(minutes=max(1, round(chance.uniform(low, high) * pace)))
        offsets.append(passed)
    if plot.finished:
        since = timedelta(minutes=chance.uniform(60, (HISTORY - passed) / timedelta(minutes=1)))
    elif plot.words[-1] in waits:
        since = timedelta(minutes=chance.uniform(*waits[plot.words[-1]]))
    else:  # most within the limit of their priority, some beyond
        since = timedelta(minutes=chance.uniform(20, 1700) * PACE[priority])
    return [now - since - passed + offset for offset in offsets]
