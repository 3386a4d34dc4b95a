"""The pages in `docs/` say what the code says."""

import inspect
import re
from itertools import chain
from pathlib import Path
from types import NoneType
from typing import get_type_hints

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from consortium import lifecycle
from consortium.drawing import module_of
from consortium.management.commands.load_registry import rows
from consortium.roles import every_permission
from referrals.models import OfferStatus, Status
from schema.management.commands import draw_docs
from schema.management.commands.draw_docs import DOCS, DRAWINGS, PARTS, drawn
from telemedicine.models import Status as Reading

ROOT = settings.BASE_DIR
PAGES = [*sorted(DOCS.rglob("*.md")), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]
every_drawing = pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda drawing: drawing.model.KIND)
# The points of pathology that only some of a step's cases reach.
POINTS = {
    "frozen_alone", "frozen_behind", "routine_sent", "cytology_sent", "opinion_sought", "frozen_pooled", "frozen_told",
    "report_sent", "critical_sent", "final_due",
}  # fmt: skip
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def test_the_generated_parts_are_current(capsys):
    call_command("draw_docs", check=True)


def test_every_part_stands_in_some_page():
    written = re.findall(r"<!-- generated: (\w+) -->", "".join(page.read_text("utf-8") for page in PAGES))
    assert sorted(written) == sorted(PARTS)


def test_a_page_that_differs_is_named_and_drawn_anew(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(draw_docs, "DOCS", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- generated: errors -->\nold\n<!-- end -->\nafter\n", "utf-8")
    with pytest.raises(CommandError, match=r"page\.md"):
        call_command("draw_docs", check=True)
    assert "old" in page.read_text("utf-8")
    call_command("draw_docs")
    text = page.read_text("utf-8")
    assert text.startswith("before\n<!-- generated: errors -->\n| code | meaning |\n")
    assert text.endswith("|\n<!-- end -->\nafter\n")
    assert "old" not in text
    assert drawn(text) == text


def test_every_kind_of_case_is_drawn():
    assert {drawing.model for drawing in DRAWINGS} == set(lifecycle.STEPS)


@every_drawing
def test_branches_are_declared_for_exactly_the_steps_that_choose_their_state(drawing):
    steps = drawing.table.items()
    choosing = {name for name, step in steps if get_type_hints(step.apply)["return"] is not NoneType}
    assert set(drawing.branches) == choosing


@every_drawing
def test_branches_lead_where_the_steps_lead(drawing):
    """Every state that such a step names in its own text is one of its branches."""
    for name, states in drawing.branches.items():
        step = drawing.table[name]
        named = set(re.findall(r"\b\w*Status\.(\w+)", inspect.getsource(step.apply).partition('"""')[2]))
        assert named | ({step.target} - {None}) <= states <= set(drawing.labels), name


@every_drawing
def test_what_steps_begin_is_declared_for_exactly_those_that_begin_a_case(drawing):
    begins = re.compile(r"\b(lifecycle\.begin|begin_broadcast)\(")
    found = {name for name, step in drawing.table.items() if begins.search(inspect.getsource(step.apply))}
    assert found == set(drawing.begins)


@every_drawing
def test_every_step_is_drawn_in_one_diagram_or_stays_in_place(drawing):
    modules = {module_of(step) for step in drawing.table.values()}
    assert modules == {module for shown in drawing.diagrams.values() for module in shown.split()}
    text = "\n".join(drawing.states())
    arrows = re.findall(r"(?m)^    \w+ --> \w+: (.+)$", text)
    for name in drawing.table:
        moving = drawing.targets(name) and drawing.targets(name) != drawing.sources(name)
        assert any(name in shown.replace(",", "").split() for shown in arrows) == bool(moving), name


@every_drawing
def test_every_state_is_drawn_and_can_be_reached(drawing):
    text = "\n".join(drawing.states())
    reached = set(re.findall(r"(?m)^    \S+ --> (\w+): ", text))
    assert reached == set(drawing.labels)
    assert {state for state in drawing.labels if f"    {state} --> [*]" in text} == drawing.final


@every_drawing
def test_every_step_has_its_line(drawing):
    lines = "\n".join(drawing.steps())
    assert [name for name in drawing.table if f"| `{name}` |" not in lines] == []


def test_every_permission_has_its_line():
    lines = "\n".join(PARTS["roles"]())
    assert [name for name in every_permission() if f"| `{name}` |" not in lines] == []


def test_every_time_limit_begins_and_ends_at_a_point_that_exists():
    """A step, a point that a step names, a state that is reached, a step or a point with a state, or a milestone."""
    named = {"consent_due", "consent_held", *POINTS}
    steps = {*chain(*lifecycle.STEPS.values()), *named, "any_step", ""}
    states = {*Status, *OfferStatus, *Reading, ""}
    milestones = {f"milestone:{row['code']}" for row in rows("green_milestones.csv")}
    for row in rows("clocks.csv"):
        for point in (*row["start_step"].split("|"), *row["stop_step"].split("|")):
            step, _to, state = point.partition(">")
            named = (
                point in milestones if point.startswith("milestone:") else step in steps and state in states and point
            )
            assert named, row
        assert set(row["paused_in"].split("|")) <= states, row


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    dead = [
        target
        for target in LINK.findall(page.read_text("utf-8"))
        if not target.startswith(("http:", "https:", "#")) and not (page.parent / target.partition("#")[0]).exists()
    ]
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_a_heading_lead_to_one(page):
    lost = []
    for target in LINK.findall(page.read_text("utf-8")):
        file, _hash, title = target.partition("#")
        if (
            title
            and not target.startswith(("http:", "https:"))
            and title not in headings(page.parent / file if file else page)
        ):
            lost.append(target)
    assert lost == []


def headings(page: Path) -> set[str]:
    """The anchors of a page."""
    return {anchor(title) for title in re.findall(r"(?m)^#+ (.+)$", page.read_text("utf-8"))}


def anchor(title: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def test_the_variables_of_the_environment_are_all_documented():
    sources = [*ROOT.glob("consortium/**/*.py"), *ROOT.glob("launcher/*.py"), *ROOT.glob("web/*.py")]
    text = "".join(source.read_text("utf-8") for source in sources)
    named = set(re.findall(r"\b(?:REFNET_[A-Z_]+|DATABASE_URL)\b", text))
    page = (DOCS / "operations.md").read_text("utf-8")
    assert {name for name in named if f"`{name}`" not in page} == set()


def test_the_pictures_are_small_and_each_stands_in_the_readme():
    pictures = sorted((DOCS / "pictures").iterdir())
    shown = re.findall(r'src="docs/pictures/([^"]+)"[^>]* alt="[^"]+"', (ROOT / "README.md").read_text("utf-8"))
    assert [picture.name for picture in pictures] == sorted(shown)
    assert sum(picture.stat().st_size for picture in pictures) <= 300_000
