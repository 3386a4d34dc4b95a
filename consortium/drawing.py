"""The parts of `docs/` that are drawn from the tables of the code, for every kind of case and for what all share.

A room above says of its cases what their tables cannot (`Drawing`); `draw_docs` puts all parts into the pages.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import Any

from django.conf import settings

from consortium import lifecycle, tokens
from consortium.access import SYSTEM
from consortium.errors import MEANINGS
from consortium.lifecycle import Step
from consortium.management.commands.load_registry import rows
from consortium.models import Priority, Rung, ServiceRequest
from consortium.roles import HELD_AT, ON_BEHALF, PERMISSIONS, READING, Role, every_permission, roles_with

Part = Callable[[], Iterator[str]]


@dataclass(frozen=True)
class Drawing:
    """The states and steps of one kind of case, and what its table of steps cannot say, since the functions decide it.

    `tests/test_docs.py` holds both to the functions.
    """

    model: type[ServiceRequest]
    diagrams: Mapping[str, str]  # the title of each diagram, and the modules whose steps it shows
    creators: Mapping[str, Callable[..., Any]] = field(
        default_factory=dict
    )  # state: the action that makes a case in it
    asked_by: Mapping[str, str] = field(default_factory=dict)  # state: the steps of other cases that make one in it
    carried: tuple[tuple[Iterable[str], str, str], ...] = ()  # from states, to state: a step of another case
    branches: Mapping[str, set[str]] = field(default_factory=dict)  # step: the states between which it chooses
    begins: Mapping[str, str] = field(default_factory=dict)  # step: the new case that it begins, with its state
    wide: Mapping[frozenset[str], str] = field(default_factory=dict)  # states too many to draw: words for them
    final: frozenset[str] = frozenset()  # where it ends

    @property
    def table(self) -> dict[str, Step]:
        """The steps of this kind of case."""
        return lifecycle.STEPS[self.model]

    @property
    def labels(self) -> dict[str, str]:
        """The states with their names in the reader's language, in order."""
        of_this_kind: Any = self.model._meta  # every kind of case has states of its own
        return {state: str(label) for state, label in of_this_kind.get_field("status").choices}

    def targets(self, name: str) -> list[str]:
        """The states to which a step leads, in the order of the states; none if it stays where it is."""
        found = self.branches.get(name, set()) | ({self.table[name].target} - {None})
        return [state for state in self.labels if state in found]

    def sources(self, name: str) -> list[str]:
        """The states from which a step may be taken, or the words for a wide set of them."""
        found = self.table[name].sources
        return [self.wide[found]] if found in self.wide else [state for state in self.labels if state in found]

    def states(self) -> Iterator[str]:
        """One state diagram for each stage; steps that leave the state as it is are only in the table."""
        for title, modules in self.diagrams.items():
            arrows = self._arrows(modules.split())
            if title == list(self.diagrams)[-1]:
                self._carry(arrows)
            ends = dict.fromkeys(end for arrow in arrows for end in arrow)
            yield from (f"### {title}", "", "```mermaid", "stateDiagram-v2")
            for end in ends:
                label = f"{end} {self.labels[end]}" if end in self.labels else f"({end})"
                yield f'    state "{label}" as {node(end)}'
            made = {state: action.__name__ for state, action in self.creators.items()} | dict(self.asked_by)
            yield from (f"    [*] --> {state}: {by}" for state, by in made.items() if state in ends)
            for (source, to), names in arrows.items():
                if source != to:
                    yield f"    {node(source)} --> {node(to)}: {', '.join(names)}"
            yield from (f"    {end} --> [*]" for end in ends if end in self.final)
            yield from ("```", "")

    def _arrows(self, modules: list[str]) -> dict[tuple[str, str], list[str]]:
        arrows: dict[tuple[str, str], list[str]] = {}
        shown = [name for name in self.table if module_of(self.table[name]) in modules]
        for name in sorted(shown, key=lambda name: modules.index(module_of(self.table[name]))):
            for arrow in product(self.sources(name), self.targets(name)):
                arrows.setdefault(arrow, []).append(name)
        return arrows

    def _carry(self, arrows: dict[tuple[str, str], list[str]]) -> None:
        """Add what steps of other cases do to one of this kind."""
        for found, to, words in self.carried:
            wide = self.wide.get(frozenset(found))
            for source in [wide] if wide else found:
                arrows.setdefault((source, to), []).append(words)

    def steps(self) -> Iterator[str]:
        """Every step: from where, to where, who, its Chinese name, what it does."""
        who = {choice.step.name: choice.who for choice in lifecycle.choices(self.model(), SYSTEM)}
        yield from table(
            "from | step | to | who | 名称 | what it does",
            [
                *self._creation(),
                *(
                    [
                        ", ".join(self.sources(name)),
                        f"`{name}`",
                        " or ".join(self.targets(name) or ["same"]) + self._begun(name),
                        "; ".join(people(name, side, roles) for side, roles in who.get(name, ())) or "the clock",
                        step.label,
                        summary(step.apply),
                    ]
                    for name, step in self.table.items()
                ),
            ],
        )

    def _creation(self) -> Iterator[list[str]]:
        """The line of what makes a case, which is no step of one."""
        for state, action in self.creators.items():
            name = action.__name__
            makers = f"{', '.join(roles_with(name))} (requester)"
            yield ["—", f"`{name}`", state, makers, str(lifecycle.label_of(name)), summary(action)]

    def _begun(self, name: str) -> str:
        return f" + new {self.begins[name]}" if name in self.begins else ""


def module_of(step: Step) -> str:
    """The last name of the module in which a step is written."""
    return step.apply.__module__.rpartition(".")[2]


def table(head: str, lines: Iterable[Iterable[object]]) -> Iterator[str]:
    """A Markdown table; `head` names the columns, parted by bars."""
    yield f"| {head} |"
    yield "|" + "---|" * (head.count("|") + 1)
    yield from (f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def node(end: str) -> str:
    """The name of a state or of a wide set of states inside a diagram."""
    return re.sub(r"\W+", "_", end)


def people(step: str, side: str, roles: Iterable[Role]) -> str:
    """The roles that may take a step on one side."""
    named = (f"{role} on behalf of a specialist" if step in ON_BEHALF.get(role, ()) else role.value for role in roles)
    return f"{', '.join(named)} ({side.lower()})"


def summary(action: Callable[..., Any]) -> str:
    """What an action promises: its docstring on one line."""
    return " ".join((action.__doc__ or "").split())


def roles() -> Iterator[str]:
    """The roles and where each is held, then every permission with the roles that give it."""
    yield from table(
        "role | 中文 | held at | permissions",
        (
            [
                role.value,
                role.label,
                ", ".join(sorted(place.value for place in HELD_AT[role])),
                len(PERMISSIONS[role]) or "none yet",
            ]
            for role in Role
        ),
    )
    yield ""
    holders = [role for role in Role if PERMISSIONS[role]]
    yield from table(
        f"permission | {' | '.join(holders)} | token scope",
        (
            [
                f"`{name}`",
                *("●" if role in roles_with(name) else "" for role in holders),
                "read" if name in READING else "write",
            ]
            for name in sorted(every_permission())
        ),
    )


def clocks() -> Iterator[str]:
    """The shipped time limits by kind and priority."""
    kinds: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows("clocks.csv"):
        kinds.setdefault(row["kind"], {})[row["priority"]] = row
    yield from table(
        f"limit | 名称 | green channel | {' | '.join(Priority.names)} | holder | from | until | pauses in",
        (
            [
                f"`{kind}`",
                plain["label_zh"].partition("（")[0],
                plain["emergency"].lower(),
                *(span((found.get(name) or plain)["target_minutes"]) for name in Priority.names),
                plain["holder"].lower(),
                codes(plain["start_step"]),
                codes(plain["stop_step"]),
                codes(plain["paused_in"]),
            ]
            for kind, found in kinds.items()
            if (plain := next(iter(found.values())))
        ),
    )


def ladder() -> Iterator[str]:
    """Who is reminded of a limit, when first and how often, by priority."""
    found = {(row["rung"], row["priority"]): row for row in rows("escalation.csv")}
    yield from table(
        f"rung | 中文 | {' | '.join(Priority.names)}",
        ([f"`{rung}`", rung.label, *(reminder(found[rung.value, name]) for name in Priority.names)] for rung in Rung),
    )


def reminder(row: Mapping[str, str]) -> str:
    """When a rung is reached, how often it repeats, and when it is quiet."""
    after = int(row["after_minutes"])
    first = "at the end" if not after else f"{span(str(abs(after)))} {'before' if after < 0 else 'after'}"
    quiet = f"; not {row['quiet_from']}–{row['quiet_to']}" if row["quiet_from"] else ""
    return f"{first}, every {span(row['repeat_minutes'])}{quiet}"


def codes(text: str) -> str:
    """A list of codes or of the points of a limit as code, so that a state's `>` is not read as a quotation."""
    return ", ".join(f"`{name}`" for name in text.split("|") if name)


def span(minutes: str) -> str:
    """A number of minutes in the largest unit that keeps it whole."""
    found = int(minutes)
    return next(f"{found // size} {unit}" for size, unit in ((1440, "d"), (60, "h"), (1, "min")) if found % size == 0)


def reasons() -> Iterator[str]:
    """Every catalogue of coded reasons with its codes."""
    found: dict[str, list[str]] = {}
    for row in rows("reasons.csv"):
        needs_words = "*" if row["comment_required"] == "true" else ""
        found.setdefault(row["catalogue"], []).append(f"`{row['code']}`{needs_words} {row['label_zh']}")
    yield from table("catalogue | codes", ([f"`{name}`", " · ".join(codes)] for name, codes in found.items()))


def errors() -> Iterator[str]:
    """Every code of refusal with its meaning."""
    yield from table("code | meaning", ([f"`{code}`", meaning] for code, meaning in MEANINGS.items()))


def limits() -> Iterator[str]:
    """What a request, a file, a page, a stream, a token and a late entry may be at most."""
    most, live = settings.GRAPHQL_LIMITS, settings.LIVE_LIMITS
    patience = settings.DATABASE_PATIENCE
    seconds = (settings.REQUEST_SECONDS, patience["statement_timeout"], patience["lock_timeout"])
    spans = ", ".join(f"{each:g} s" for each in seconds)
    yield from table(
        "what | at most",
        [
            ("body of a GraphQL request", f"{most['body_bytes'] // 1024} KiB"),
            ("tokens of a document", most["tokens"]),
            ("depth of a selection", most["depth"]),
            ("aliases in a document", most["aliases"]),
            ("levels of JSON in a body", most["nesting"]),
            ("[cost](#what-a-document-costs) of a document", f"{most['cost']:,}"),
            ("a request as a whole; one of its statements; waiting for a lock", spans),
            ("mutations in a request", 1),
            ("rows on a page (`first`; 20 if not given)", most["page"]),
            ("one attachment", f"{settings.ATTACHMENT_BYTES // 2**20} MiB"),
            ("redirections of one case", settings.MAX_HOPS),
            ("life of a token", f"{tokens.LONGEST} d"),
            ("event time ahead of our clock", minutes(lifecycle.CLOCK_SKEW)),
            ("event time in the past without a `backdatingReason`", minutes(lifecycle.LATE_ENTRY)),
            ("streams of one person, of one process", f"{live['per_person']}, {live['per_process']}"),
            ("missed events that a stream tells after an interruption", live["replay"]),
            ("attempts to deliver a message", settings.DELIVERY_ATTEMPTS),
        ],
    )


def minutes(time: timedelta) -> str:
    """A time span in minutes."""
    return span(str(time // timedelta(minutes=1)))


PARTS: dict[str, Part] = {part.__name__: part for part in (roles, clocks, ladder, reasons, errors, limits)}
