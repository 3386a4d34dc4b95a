"""Many live streams on one server process: `./refnet drill streams [--streams 300] [--rounds 1]`.

As many people, each with a stream of their own, hear of referrals, of calls and of their offers while these are taken
step by step. Every stream must get exactly its own events, once and in order, also those that are cut and come back;
and the process must hold one database connection for all of them.
"""

import argparse
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

from django.db import connection
from django.utils import timezone

from consortium import grants
from consortium.models import Person
from consortium.roles import Role
from tests.live.server import Ended, Reader, Server, running
from tests.live.ways_in import bearer
from tests.world import DOCTOR, EXPERT, World

PATIENCE = 170  # seconds for all of it, once the streams are open; a bound on the drill, no promise
CLAIMS = ("claim_referral",)
ANSWERS = ("offer_place",)
WORKLIST = "subscription { worklistChanged(box: %s) { event { kind } referral { number } } }"
OFFERS = "subscription { offersChanged { event { kind } offer { number } } }"
Step = tuple[str, str]  # what was done to which number
# Who listens: (place, role, to what). The steps that concern them are told by `Story`.
GROUPS: dict[str, tuple[str, Role, str]] = {
    "receivers": ("province", EXPERT, WORKLIST % "IN"),
    "senders": ("county", DOCTOR, WORKLIST % "OUT"),
    "elsewhere": ("province2", EXPERT, WORKLIST % "IN"),
    "called": ("city", EXPERT, OFFERS),
}
AT = {place: group for group, (place, role, _document) in GROUPS.items() if role == EXPERT}


@dataclass
class Story:
    """Steps that are really taken, and by group what was to be heard of them, in order."""

    world: World
    due: dict[str, list[Step]] = field(default_factory=lambda: {group: [] for group in GROUPS})

    def referral(self, place: str, *further: str) -> Iterator[None]:
        """A referral from the county, step by step: the sender hears of the draft too, the receiver of the rest."""
        leg = self.world.draft(
            performer_department=self.world.departments[place].pk, needed_capability=None, now=timezone.now()
        )
        yield self._told("create_referral", leg.number, "senders")
        for step in ("submit_referral", *further):
            by = None if step == "submit_referral" else self.world.actor(place, EXPERT)
            leg = self.world.take(step, leg, by=by, now=timezone.now())
            yield self._told(step, leg.number, "senders", AT[place])

    def call(self, *further: str) -> Iterator[None]:
        """A call of the green channel, step by step: the sender hears of the leg, the asked hospital of its offer."""
        leg = self.world.call(targets=[self.world.departments["city"].pk], now=timezone.now())
        offer = leg.offers.get()
        self._told("activate_green_channel", offer.number, "called")
        yield self._told("activate_green_channel", leg.number, "senders")
        for step in further:
            offer = self.world.take(step, offer, by=self.world.actor("city", EXPERT), now=timezone.now())
            yield self._told(step, offer.number, "called")

    def round(self, *, fully: bool = True) -> None:
        """Something for everybody."""
        for _step in (
            *self.referral("province", *(CLAIMS if fully else ())),
            *self.referral("province2", *(CLAIMS if fully else ())),
            *self.call(*(ANSWERS if fully else ())),
        ):
            pass

    def _told(self, step: str, number: str, *groups: str) -> None:
        for group in groups:
            self.due[group].append((step, number))


@dataclass
class Listener:
    """One person's stream, over as many connections as it takes, and all that it was told."""

    group: str
    open: Callable[[str], Reader]
    reader: Reader = field(init=False)
    heard: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reader = self.open("")

    def listen(self, wanted: int, end: float) -> None:
        """Read until so many steps were heard; TimeoutError if that is not before the end."""
        while len(self.heard) < wanted:
            (told,) = self.reader.next(end - time.monotonic())["data"].values()
            self.heard.append((told["event"]["kind"], (told.get("referral") or told["offer"])["number"]))

    def leave(self) -> None:
        """Be cut off."""
        self.reader.close()

    def come_back(self) -> None:
        """Go on where it was cut off."""
        self.reader = self.open(self.reader.last).opened()


@dataclass
class Found:
    """What came of the drill."""

    streams: int
    opened: float = 0.0  # seconds until all were open
    waits: list[float] = field(default_factory=list)  # seconds until all whom a step concerns had it
    resumed: int = 0
    steps: int = 0
    messages: int = 0
    connections: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Everything was told, nothing twice, over one connection."""
        return self.messages > 0 and not self.faults and set(self.connections) == {1}

    def __str__(self) -> str:
        waits = sorted(self.waits) or [0.0]
        median, worst = waits[len(waits) // 2], waits[-1]
        return "\n".join(
            [
                f"streams {self.streams} · opened in {self.opened:.1f} s · database connections {self.connections}",
                f"one step told to all whom it concerns: median {median:.2f} s, worst {worst:.2f} s",
                f"steps {self.steps} · messages {self.messages} · cut and resumed {self.resumed}",
                *(f"✗ {fault}" for fault in self.faults[:20]),
                "PASSED" if self.passed else f"FAILED ({len(self.faults)} faults)",
            ]
        )


def people(world: World, streams: int) -> Iterator[tuple[str, Person]]:
    """So many new people, spread over the groups."""
    groups = [list(GROUPS)[n % len(GROUPS)] for n in range(streams)]
    made = Person.objects.bulk_create(
        Person(username=f"listener-{n}", name=f"{group} {n}") for n, group in enumerate(groups)
    )
    roles = [
        (person, GROUPS[group][1], world.departments[GROUPS[group][0]])
        for person, group in zip(made, groups, strict=True)
    ]
    grants.enrol(roles, starts_at=world.now)
    grants.sync()
    return zip(groups, made, strict=True)


def listeners(world: World, server: Server, streams: int, leaving: ExitStack) -> list[Listener]:
    """The streams, all open; at the end they leave."""

    def at(headers: dict[str, str], document: str) -> Callable[[str], Reader]:
        return lambda last: leaving.enter_context(closing(Reader(server, document, headers=headers, last=last)))

    found = [Listener(group, at(bearer(person), GROUPS[group][2])) for group, person in people(world, streams)]
    for listener in found:
        listener.reader.opened()
    return found


def drill(world: World, *, streams: int, rounds: int) -> Found:
    """Run it against a server of its own on the database of the settings."""
    found, story = Found(streams), Story(world)
    with running() as server, ExitStack() as leaving:
        began = time.monotonic()
        everybody = listeners(world, server, streams, leaving)
        found.opened = time.monotonic() - began
        found.connections.append(server.connections())
        try:
            end = time.monotonic() + PATIENCE
            _one_by_one(story, everybody, found, end)
            _all_at_once(story, everybody, found, end, rounds)
            found.connections.append(server.connections())
            _nothing_more(story, everybody, end)
        except (TimeoutError, Ended) as error:
            found.faults.append(f"a stream ended or fell silent: {type(error).__name__}")
    for n, listener in enumerate(everybody):
        if listener.heard != story.due[listener.group]:
            missing = len(set(story.due[listener.group]) - set(listener.heard))
            found.faults.append(f"stream {n} ({listener.group}): {missing} missing, {len(listener.heard)} heard")
    found.messages = sum(len(listener.heard) for listener in everybody)
    found.steps = len({step for due in story.due.values() for step in due})
    return found


def _one_by_one(story: Story, everybody: list[Listener], found: Found, end: float) -> None:
    """The steps of one referral, each told to all before the next: how long until the last one has it."""
    for _step in story.referral("province", *CLAIMS):
        began = time.monotonic()
        for listener in everybody:
            listener.listen(len(story.due[listener.group]), end)
        found.waits.append(time.monotonic() - began)


def _all_at_once(story: Story, everybody: list[Listener], found: Found, end: float, rounds: int) -> None:
    """Rounds as fast as they go while all listen; every fifth is cut off, before or meanwhile, and comes back."""

    def take() -> None:
        try:
            for _round in range(rounds):
                story.round()
        finally:
            connection.close()

    cut = everybody[:: len(GROUPS) + 1]  # of every group some
    for listener in cut[: len(cut) // 2]:
        listener.leave()  # away before anything happens
    taking = threading.Thread(target=take)
    taking.start()
    for listener in cut[len(cut) // 2 :]:
        listener.listen(len(listener.heard) + 1, end)
        listener.leave()  # away in the middle
    taking.join()
    for listener in cut:
        listener.come_back()
    found.resumed = len(cut)
    for listener in everybody:
        listener.listen(len(story.due[listener.group]), end)


def _nothing_more(story: Story, everybody: list[Listener], end: float) -> None:
    """One more round, heard by all: whatever was told too much stands before it."""
    story.round(fully=False)
    for listener in everybody:
        listener.listen(len(story.due[listener.group]), end)


def main() -> int:
    """Run the drill on the database of the settings, print what was found, and return 0 if nothing was amiss."""
    parser = argparse.ArgumentParser(prog="refnet drill streams", description=__doc__)
    parser.add_argument("--streams", type=int, default=300, help="people who listen, each by a stream")
    parser.add_argument("--rounds", type=int, default=1, help="rounds of two referrals and a call")
    options = parser.parse_args()
    world = World.make()
    found = drill(world, streams=options.streams, rounds=options.rounds)
    print(found, flush=True)
    return 0 if found.passed else 1


if __name__ == "__main__":
    sys.exit(main())
