"""A night in the demo network: its hospitals act through the real actions while the demonstration's clock runs fast.

Whoever looks on sees the boards move: calls, answers, choices, journeys, arrivals, milestones, reminders. The same seed
plans the same night. Where a visitor steps in, that story is left to the visitor.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle, groupby
from random import Random

from django.db import transaction
from django.utils import timezone
from django.utils.translation import override

from consortium import lifecycle, moment
from consortium.errors import Refused
from consortium.models import Event, uuid7
from referrals.demo import plan_emergency, read_texts
from referrals.demo.cast import Cast
from referrals.demo.emergencies import CHEST_PAIN, CHILD, EMERGENCY_GAPS, MATERNAL, NEWBORN, STROKE, TRAUMA, pending
from referrals.demo.patients import Patients
from referrals.demo.plots import ADMIT, SEND
from referrals.demo.plots import pending as waiting
from referrals.demo.story import Story
from referrals.models import Offer
from referrals.rounds import take_round

AGREED = "agree onset leave"
DOOR = "sign countersign come treat"
# By turns; a story that outlasts the night stays where it is.
CALLS = [
    pending(1, CHILD, f"call look look can cannot pick {AGREED} {DOOR}"),
    pending(1, STROKE, f"call look talk look can can pick {AGREED} {DOOR} review"),
    pending(1, CHEST_PAIN, f"call look can pick {AGREED} divert {DOOR}"),
    pending(1, TRAUMA, f"call look cannot look can pick know {AGREED} {DOOR}"),
    pending(1, MATERNAL, "call"),  # nobody answers: the clock widens, reminds, alarms
    pending(1, NEWBORN, f"call phone confirm pick {AGREED} {DOOR}"),
    pending(1, STROKE, f"call look can pick {AGREED} {DOOR} step_down look can pick"),
    pending(1, CHILD, "call look can pick refuse"),
    pending(1, CHEST_PAIN, "call look abandon"),
]
ROUTINE = [
    waiting(1, f"{SEND} open claim {ADMIT}"),
    waiting(1, f"{SEND} claim ask supply accept book"),
    waiting(1, f"{SEND} reject resend accept"),
    waiting(1, f"{SEND} advise close"),
    waiting(1, f"{SEND} waitlist"),
    waiting(1, f"{SEND} claim redirect open claim accept"),
]
BETWEEN_CALLS, BETWEEN_REFERRALS = (4, 9), (8, 20)  # minutes from one story to the next
STEP = (2, 14)  # minutes from one step to the next, where the green channel does not say
SHORT = {"step_down": (40, 80), "sign": (20, 45), "review": (15, 30)}  # what would outlast a night
FIRST_NUMBER = 5000
ROUND = timedelta(minutes=1)

Say = Callable[[str], None]


@dataclass(order=True)
class Scene:
    """One step of one story at its moment."""

    at: datetime
    number: int
    place: int
    story: Story


def plan(cast: Cast, since: datetime, *, length: timedelta, seed: int) -> list[Scene]:
    """Every step of the night in the order of time; the same seed on the same network gives the same night."""
    chance = Random(f"refnet night {seed}")  # noqa: S311 (reproducible, not secret)
    patients = Patients(chance)
    stories = [*_calls(cast, since, length, chance, patients), *_referrals(cast, since, length, chance, patients)]
    scenes = [Scene(at, story.number, place, story) for story in stories for place, at in enumerate(story.times)]
    return sorted(scene for scene in scenes if scene.at < since + length)


def _calls(cast: Cast, since: datetime, length: timedelta, chance: Random, patients: Patients) -> Iterator[Story]:
    kinds = cycle(CALLS)
    for count, at in enumerate(_beginnings(since, length, BETWEEN_CALLS, chance)):
        plot = next(kinds)
        story = plan_emergency(cast, plot, FIRST_NUMBER + 2 * count, chance, patients, at, at_home=count % 3 == 0)
        story.times = _times(plot.words, at, chance)
        yield story


def _referrals(cast: Cast, since: datetime, length: timedelta, chance: Random, patients: Patients) -> Iterator[Story]:
    plots = cycle(ROUTINE)
    for count, at in enumerate(_beginnings(since, length, BETWEEN_REFERRALS, chance)):
        plot = next(plots)
        parties = cast.well_known(plot, read_texts()) if count % 3 == 0 else cast.parties(plot, read_texts(), chance)
        number = FIRST_NUMBER + 2 * count + 1
        times, patient = _times(plot.words, at, chance), patients.invent(parties.text, parties.home, at)
        dice = Random(f"refnet {number}")  # noqa: S311 (reproducible, not secret)
        yield Story(number, cast, plot, parties, patient, times, dice)


def _beginnings(since: datetime, length: timedelta, between: tuple[int, int], chance: Random) -> Iterator[datetime]:
    at = since + timedelta(seconds=20)
    while at < since + length:
        yield at
        at += timedelta(minutes=chance.uniform(*between))


def _times(words: list[str], at: datetime, chance: Random) -> list[datetime]:
    gaps = EMERGENCY_GAPS | SHORT
    times = [at]
    for word in words[1:]:
        times.append(times[-1] + timedelta(minutes=chance.uniform(*gaps.get(word, STEP))))
    return times


def act(*, length: timedelta, pace: float, seed: int, say: Say) -> int:
    """Let the night pass and return how many steps were taken; the clock is real again, or stays ahead, in the end."""
    since = moment.now()
    scenes, steps = plan(Cast(since), since, length=length, seed=seed), 0
    left_alone: set[int] = set()
    moment.set_clock(since, pace=pace, length=length)
    try:
        rounds = since
        for scene in [*scenes, None]:
            until = scene.at if scene else since + length
            while rounds + ROUND <= until:
                rounds += ROUND
                _wait(rounds, pace)
                _go_round(say)
                rounds = max(rounds, moment.now() - ROUND)  # on a slow machine, rather one round than all that were due
            _wait(until, pace)
            if scene and scene.number not in left_alone:
                if _play(scene, say):
                    steps += 1
                else:
                    left_alone.add(scene.number)
    finally:
        moment.settle()
    return steps


def _wait(until: datetime, pace: float) -> None:
    """Sleep until the clock shows a moment."""
    while (left := until - moment.now()) > timedelta(0):
        time.sleep(min(1.0, left.total_seconds() / pace))


def _play(scene: Scene, say: Say) -> bool:
    """Take one step, and tell what came of it; whether it was possible."""
    mark, story = uuid7(), scene.story
    try:
        with transaction.atomic():
            story.look_again()
            story.play(scene.place, moment.now())
    except Refused as refused:
        say(f"{clock()} ✋ {story.leg.number if story.legs else '—'} {refused.message}")
        return False
    events = Event.objects.filter(pk__gt=mark, thread_id=story.leg.case_id).select_related("actor_hospital")
    for kind, group in groupby(events.order_by("kind", "pk"), key=lambda event: event.kind):
        say(f"{clock()} {story.leg.number} {told(kind, list(group))}")
    return True


def _go_round(say: Say) -> None:
    """Let the clock do what is due, and tell of it in one line."""
    done = take_round(moment.now())
    reminders = sum(tally.reminders for tally in done.reminded.values())
    alarms = sum(tally.alarms for tally in done.reminded.values())
    if done.widened:
        say(f"{clock()} ⏰ 无人应答，扩大询问 {done.widened} · nobody answered, calls widened {done.widened}")
    if reminders:
        say(f"{clock()} 🔔 超时提醒 {reminders}，无人值班 {alarms} · reminders {reminders}, empty rosters {alarms}")


def clock() -> str:
    """The demonstration's time of day."""
    return f"{timezone.localtime(moment.now()):%H:%M}"


def told(kind: str, events: list[Event]) -> str:
    """The events of one kind that a step left, in a line: Chinese, English, who, and whom or what it concerned."""
    labels = []
    for language in ("zh-hans", "en"):
        with override(language):
            labels.append(str(lifecycle.label_of(kind)))
    by = events[0].actor_hospital
    line = f"{' · '.join(labels)} — {by.name if by else '系统'}"
    offers = Offer.objects.filter(pk__in=[event.subject_id for event in events]).exclude(performer_hospital=by)
    concerned = [*offers.order_by("rank").values_list("performer_hospital__name", flat=True)]
    concerned += [event.detail["milestone"]["kind"] for event in events if "milestone" in event.detail]
    return f"{line} → {'、'.join(concerned)}" if concerned else line
