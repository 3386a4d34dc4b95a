"""Draw the generated parts of `docs/` from the tables of the code, or check that the committed pages agree with them.

A part stands in its page between `<!-- generated: NAME -->` and `<!-- end -->`; what is between is replaced.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import product
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import override

from consortium import lifecycle, tokens
from consortium.access import SYSTEM
from consortium.errors import MEANINGS
from consortium.management.commands.load_registry import rows
from consortium.models import Priority, ServiceRequest
from consortium.roles import HELD_AT, ON_BEHALF, PERMISSIONS, READING, Role, every_permission, roles_with
from referrals.actions import create_referral
from referrals.actions.withdraw import BEFORE_DEPARTURE, OPEN
from referrals.models import Referral, Status
from telemedicine.actions import create_pathology
from telemedicine.actions.send import BEFORE_ISSUE
from telemedicine.experts import IN_HAND
from telemedicine.models import PathologyCase
from telemedicine.models import Status as Reading

DOCS = settings.BASE_DIR / "docs"


@dataclass(frozen=True)
class Life:
    """How cases of one kind live, with what their table of transitions cannot say.

    The functions themselves decide `branches` and `new_legs`; tests/test_docs.py holds both to the functions.
    """

    model: type[ServiceRequest]
    status: type[Any]
    create: Callable[..., Any]
    label: str
    branches: dict[str, set[str]]
    new_legs: dict[str, str]
    wide: dict[frozenset[str], str]  # sets of states too wide to draw line by line, by the words that stand for them
    final: list[str]
    diagrams: dict[str, str]  # the title of each diagram, and the modules of the actions whose steps it shows

    @property
    def table(self) -> dict[str, lifecycle.Step]:
        """The steps by name."""
        return lifecycle.STEPS[self.model]

    def targets(self, name: str) -> list[str]:
        """The states to which a step leads, in the order of the states; none if it stays where it is."""
        found = self.branches.get(name, set()) | ({self.table[name].target} - {None})
        return [status for status in self.status.values if status in found]

    def sources(self, name: str) -> list[str]:
        """The states from which a step may be taken, or the words for a wide set of them."""
        found = self.table[name].sources
        return [self.wide[found]] if found in self.wide else [s for s in self.status.values if s in found]


REFERRAL = Life(
    model=Referral,
    status=Status,
    create=create_referral,
    label="新建",
    branches={
        "submit_referral": {Status.OFFICE_REVIEW},
        "resume_referral": set(lifecycle.STEPS[Referral]["hold_referral"].sources),
    },
    new_legs={
        "redirect_referral": Status.SENT,
        "resend_referral": Status.SENT,
        "refer_down": Status.SENT,
        "divert_referral": Status.IN_TRANSIT,
        "broadcast_down": Status.BROADCAST,
    },
    wide={
        frozenset(OPEN): "any open",
        frozenset(BEFORE_DEPARTURE): "any open, before departure",
        frozenset(Status) - {Status.ENTERED_IN_ERROR}: "any",
    },
    final=[status for status in Status if status not in OPEN],
    diagrams={
        "From the draft to the answer": "send answer",
        "The green channel": "broadcast journey downward times",
        "From the acceptance to the closed loop": "travel finish",
        "How a leg ends early": "withdraw",
    },
)
PATHOLOGY = Life(
    model=PathologyCase,
    status=Reading,
    create=create_pathology,
    label="新建病理会诊",
    branches={
        "pass_quality": {Reading.ASSIGNED},
        "reassign_pathology": {Reading.MORE_NEEDED},
        "acknowledge_report": {Reading.RECONCILED},
    },
    new_legs={"refer_pathology": Status.SENT},
    wide={
        frozenset(BEFORE_ISSUE): "before issue",
        frozenset(IN_HAND): "in hand",
    },
    final=[Reading.UNDIAGNOSABLE, Reading.RECONCILED, Reading.CANCELLED],
    diagrams={
        "From the specimen to the reader": "write send share",
        "From the reading to the final result": "read report",
    },
)
LIVES = (REFERRAL, PATHOLOGY)


class Command(BaseCommand):
    """`manage.py draw_docs`: rewrites the generated parts; `--check` fails, naming each page that differs."""

    help = "Draw diagrams and tables into docs/ from the code, or check that they are current."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--check`."""
        parser.add_argument("--check", action="store_true", help="Only compare with the committed pages.")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """Write or compare every page that has generated parts."""
        stale = []
        for page in sorted(DOCS.glob("*.md")):
            found = page.read_text(encoding="utf-8")
            wanted = drawn(found)
            if found != wanted:
                stale.append(page.name)
                if not check:
                    page.write_text(wanted, encoding="utf-8")
        if check and stale:
            raise CommandError(f"{', '.join(stale)}: not as the code is; run manage.py draw_docs and read the diff.")
        self.stdout.write(f"drawn anew: {', '.join(stale)}" if stale else "the generated parts of docs/ are current")


def drawn(page: str) -> str:
    """The text of a page with every generated part as the code says now, the Chinese terms in Chinese."""

    def part(marks: re.Match[str]) -> str:
        return f"{marks[1]}\n" + "\n".join(PARTS[marks[2]]()) + f"\n{marks[3]}"

    with override("zh-hans"):
        return re.sub(r"(?s)(<!-- generated: (\w+) -->)\n.*?(<!-- end -->)", part, page)


def table(head: str, lines: Iterable[Iterable[object]]) -> Iterator[str]:
    """A Markdown table; `head` names the columns, parted by bars."""
    yield f"| {head} |"
    yield "|" + "---|" * (head.count("|") + 1)
    yield from (f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def states(life: Life) -> Iterator[str]:
    """One state diagram for each stage of a case; steps that leave the state as it is are only in the table."""
    for title, modules in life.diagrams.items():
        arrows: dict[tuple[str, str], list[str]] = {}
        for name in sorted(life.table, key=lambda name: modules.find(module_of(life.table[name]))):
            if module_of(life.table[name]) in modules.split():
                for arrow in product(life.sources(name), life.targets(name)):
                    arrows.setdefault(arrow, []).append(name)
        ends = dict.fromkeys(end for arrow in arrows for end in arrow)
        yield from (f"### {title}", "", "```mermaid", "stateDiagram-v2")
        for end in ends:
            label = f"{end} {life.status(end).label}" if end in life.status.values else f"({end})"
            yield f'    state "{label}" as {node(end)}'
        if life.status.DRAFT in ends:
            yield f"    [*] --> {life.status.DRAFT}: {life.create.__name__}"
        for (source, to), names in arrows.items():
            if source != to:
                yield f"    {node(source)} --> {node(to)}: {', '.join(names)}"
        yield from (f"    {end} --> [*]" for end in ends if end in life.final)
        yield from ("```", "")


def module_of(step: lifecycle.Step) -> str:
    """The last part of the name of the module in which a step stands."""
    return step.apply.__module__.rpartition(".")[2]


def node(end: str) -> str:
    """The name of a state or of a wide set of states inside a diagram."""
    return re.sub(r"\W+", "_", end)


def steps(life: Life) -> Iterator[str]:
    """Every step: from where, to where, who, its Chinese name, what it does."""
    who = {choice.step.name: choice.who for choice in lifecycle.choices(life.model(), SYSTEM)}
    name = life.create.__name__
    writers = ", ".join(roles_with(name))
    first = ["—", f"`{name}`", "DRAFT", f"{writers} (requester)", life.label, summary(life.create)]
    yield from table(
        "from | step | to | who | 名称 | what it does",
        [first]
        + [
            [
                ", ".join(life.sources(name)),
                f"`{name}`",
                " or ".join(life.targets(name) or ["same"])
                + (f" + new leg {life.new_legs[name]}" if name in life.new_legs else ""),
                "; ".join(people(name, side, roles) for side, roles in who.get(name, ())) or "the clock",
                step.label,
                summary(step.apply),
            ]
            for name, step in life.table.items()
        ],
    )


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
                points(plain["start_step"]),
                points(plain["stop_step"]),
                points(plain["paused_in"]),
            ]
            for kind, found in kinds.items()
            if (plain := next(iter(found.values())))
        ),
    )


def points(text: str) -> str:
    """The points of a limit as code, so that a state's `>` is not read as a quotation."""
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
    """What a request, a file, a page, a token and a late entry may be at most."""
    most = settings.GRAPHQL_LIMITS
    yield from table(
        "what | at most",
        [
            ("body of a GraphQL request", f"{most['body_bytes'] // 1024} KiB"),
            ("tokens of a document", most["tokens"]),
            ("depth of a selection", most["depth"]),
            ("aliases in a document", most["aliases"]),
            ("mutations in a request", 1),
            ("rows on a page (`first`; 20 if not given)", most["page"]),
            ("one attachment", f"{settings.ATTACHMENT_BYTES // 2**20} MiB"),
            ("redirections of one case", settings.MAX_HOPS),
            ("life of a token", f"{tokens.LONGEST} d"),
            ("event time ahead of our clock", minutes(lifecycle.CLOCK_SKEW)),
            ("event time in the past without a `backdatingReason`", minutes(lifecycle.LATE_ENTRY)),
        ],
    )


def minutes(time: timedelta) -> str:
    """A time span in minutes."""
    return span(str(time // timedelta(minutes=1)))


PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "states": partial(states, REFERRAL),
    "steps": partial(steps, REFERRAL),
    "pathology_states": partial(states, PATHOLOGY),
    "pathology_steps": partial(steps, PATHOLOGY),
    **{part.__name__: part for part in (roles, clocks, reasons, errors, limits)},
}
