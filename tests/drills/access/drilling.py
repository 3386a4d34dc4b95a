"""One random network and every question to it: both layers, each layer alone, and with bugs planted."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from django.db import connection, transaction

from tests.drills.access import facts, marks, nodes, plants, quiet, rows
from tests.drills.access.asking import Asker, clock
from tests.drills.access.lists import every_list, of_ones_own
from tests.drills.access.marks import Mark, Sight
from tests.drills.access.steps import every_step
from tests.drills.access.tally import Caught, Tally
from tests.drills.access.worlds import Network
from tests.edge.client import Edge


@dataclass(frozen=True)
class Size:
    """How much of everything: stories told, people asked, cases read with every field, mutations tried."""

    scenes: int = 24
    named: tuple[str, ...] = ()
    people: int = 15
    wide: int = 2
    mutations: int = 16
    every_filter: bool = False
    disturbed: int = 3  # people before whose eyes everything hidden is disturbed


@dataclass
class Drill:
    """One network with marks in all its texts, and the facts about it."""

    net: Network
    facts: facts.Facts
    marks: dict[str, Mark]
    size: Size

    def asker(self, person: Any, tally: Tally) -> Asker:
        """Somebody of the network, signed in."""
        who = self.facts.people[person.pk]
        return Asker(Edge(person), Sight(who, self.facts, self.net.lab.now), self.marks, tally)

    def random(self, person: Any) -> Random:
        """Chance that is the same whenever the same person is asked in the same network."""
        return Random(person.username)  # noqa: S311 - questions, not keys

    def stages(self, asker: Asker) -> dict[str, Callable[[], None]]:
        """Every question to one person's edge, by what it is about."""
        random, size = self.random(asker.edge.person), self.size
        return {
            "nodes": lambda: nodes.every_node(asker, random, wide=size.wide),
            "glass": lambda: nodes.of_glass(asker, random),
            "files": lambda: nodes.files(asker, random),
            "lists": lambda: every_list(asker, random, every_filter=size.every_filter),
            "steps": lambda: every_step(asker, random, most=size.mutations),
        }

    def ask(self, asker: Asker) -> None:
        """Every question."""
        for stage in self.stages(asker).values():
            stage()

    def ask_again(self, asker: Asker) -> None:
        """The questions whose answers nothing hidden may change."""
        random = self.random(asker.edge.person)
        nodes.every_node(asker, random, wide=1)
        nodes.of_glass(asker, random)
        every_list(asker, random, every_filter=False, statistics=False)
        of_ones_own(asker)

    def everybody(self, tally: Tally, report: Callable[[str], None] = lambda text: None) -> None:
        """All questions to all who are asked; then everything hidden from some of them is disturbed."""
        for person in self.net.asked:
            if self.facts.people[person.pk].active:
                self.ask(self.asker(person, tally))
            else:
                self.nothing(person, tally)
            report(".")
        for person in self.net.asked[:: max(1, len(self.net.asked) // (self.size.disturbed or 1))]:
            if self.size.disturbed and self.facts.people[person.pk].active:
                quiet.undisturbed(self.asker(person, tally), self.ask_again)
                report("~")

    def tables(
        self, tally: Tally, report: Callable[[str], None] = lambda text: None, people: Iterable[Any] | None = None
    ) -> None:
        """Plain SQL as the application, in the name of everybody who is asked, and of nobody."""
        stored = rows.every_row()
        rows.nobody(stored, self.net.lab.now, tally)
        for person in people or self.net.asked:
            shown = rows.Rows(self.facts.people[person.pk], self.facts, self.net.lab.now)
            rows.every_table(shown, person, stored, tally)
            report(":")

    def gate_open(self, tally: Tally, people: int, report: Callable[[str], None] = lambda text: None) -> None:
        """Every question to the edge with its gate open to all: what is said must lie in rows that may be read."""
        now = self.net.lab.now
        with plants.no_gate():
            for person in self.net.asked[:people]:
                shown = rows.Rows(self.facts.people[person.pk], self.facts, now)
                unheeded = Tally()  # what the gate should have kept back is not what is asked here
                asker = Asker(Edge(person), shown, self.marks, unheeded)
                self.ask_openly(asker)
                for sentence in unheeded.differences:
                    if sentence.startswith("texts said"):
                        tally.differ(f"past the policies: {sentence}")
                tally.checks["texts said past an open gate"] += unheeded.checks["texts said"]
                report("o")

    def ask_openly(self, asker: Asker) -> None:
        """Everything by its key and every list, whoever asks."""
        random = self.random(asker.edge.person)
        nodes.every_node(asker, random, wide=self.size.wide)
        nodes.of_glass(asker, random)
        every_list(asker, random, every_filter=False, statistics=False)

    def policies_off(self, tally: Tally, people: int, report: Callable[[str], None] = lambda text: None) -> None:
        """Every question with the connection's own role, which no policy binds: the gate must keep back everything."""
        with plants.no_policies():
            for person in self.net.asked[-people:]:
                if self.facts.people[person.pk].active:
                    self.ask(self.asker(person, tally))
                report("g")

    def beneath(self, statement: str) -> list[str]:
        """What plain SQL finds with a bug in the policies: the first difference."""
        tally = Tally(first_is_enough=True)
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("set constraints all immediate")
                cursor.execute(statement)
            with suppress(Caught):
                self.tables(tally, people=self.net.likely)
            transaction.set_rollback(True)
        return tally.differences

    def nothing(self, person: Any, tally: Tally) -> None:
        """A closed account is nobody."""
        answer = Edge(person).answer("{ me { username } worklist(box: OUT) { totalCount } }")
        tally.none("closed account", (answer.get("data") or {}).get("me"), person.username)

    def planted(self, stage: str, plant: Callable[[], Any]) -> list[str]:
        """What the questions of a stage find with a bug in the gate: the first difference."""
        tally = Tally(first_is_enough=True)
        with plants.no_policies(), plants.compiled_anew(), plant(), suppress(Caught):
            for person in self.net.likely:
                if self.facts.people[person.pk].active:
                    self.stages(self.asker(person, tally))[stage]()
        return tally.differences


@contextmanager
def network(seed: int, size: Size) -> Iterator[Drill]:
    """A random network, its texts marked, at a moment that stands still; gone afterwards."""
    with transaction.atomic():
        net = Network.make(seed, scenes=size.scenes, named=size.named)
        found = marks.plant()
        known = facts.read()

        def sees(person: int) -> int:
            sight = Sight(known.people[person], known, net.lab.now)
            return sum(sight.of(case) is not None for case in known.requests.values())

        net.choose(size.people, sees)
        with clock(net.lab.now):
            yield Drill(net, known, found, size)
        transaction.set_rollback(True)


def self_test(drill: Drill, report: Callable[[str, str], None]) -> list[str]:
    """Plant each bug in turn, in the gate and in the policies; the names of those that nobody found."""
    missed = []

    def looked_for(name: str, found: list[str]) -> None:
        report(name, found[0] if found else "")
        if not found:
            missed.append(name)

    for name, (stage, plant) in plants.IN_THE_GATE.items():
        looked_for(name, drill.planted(stage, plant))
    for name, statement in plants.IN_THE_POLICIES.items():
        looked_for(name, drill.beneath(statement))
    return missed
