"""The pages with commands do what they say: these run against a server, and answer in the shape that is printed."""

import json
import os
import re
import shutil
import subprocess
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from consortium import demo, tokens
from consortium.models import Alliance, ApiToken, AuditEntry, Hospital, Membership, Person, PractitionerRole
from consortium.roles import READING, Role
from telemedicine.wsi.generate import make_svs
from tests.lab import Lab
from tests.live.server import running
from tests.walks import client as walker
from tests.world import ADMIN, DOCTOR, EXPERT, OFFICE

DOCS, README = settings.BASE_DIR / "docs", settings.BASE_DIR / "README.md"
# A command and, where the page prints it, the answer to the last call within.
BLOCK = re.compile(r"```bash\n(.*?)```\n(?:```json\n(.*?)```)?", re.DOTALL)
CURL, BASH = shutil.which("curl"), shutil.which("bash")
LOGGING_CURL = """#!{bash}
number=$(ls "$ANSWERS" | wc -l)
{curl} "$@" | tee "$ANSWERS/$(printf %03d "$number")-$BLOCK"
exit "${{PIPESTATUS[0]}}"
"""
ACCOUNTS = {
    "county.doctor": ("county", DOCTOR, 1),
    "county.office": ("county", OFFICE, 1),
    "county.admin": ("county", ADMIN, 1),
    "city.doctor": ("city", DOCTOR, 1),
    "province.expert": ("province", EXPERT, 1),
    "alliance.admin": ("province", Role.ALLIANCE_ADMIN, 1),
    "lab": ("county", Role.PATHOLOGY_LAB, 1),
    "province.lab": ("province", Role.PATHOLOGY_LAB, 1),
    "pathologist": ("province", Role.PATHOLOGIST, 1),
}


@pytest.fixture
def network(committed_lab: Lab) -> Lab:
    """The small world with the accounts, the policy, the fresh figure and the alliance of the demo network."""
    committed, now = committed_lab, timezone.now()
    PractitionerRole.objects.update(starts_at=now - timedelta(days=1))
    for username, key in ACCOUNTS.items():
        person = committed.people[key]
        person.username = username
        person.set_password(demo.PASSWORD)
        person.save()
    Hospital.objects.filter(level="COUNTY").update(outgoing_review=Hospital.OutgoingReview.ALWAYS)
    committed.picu.as_of = now
    committed.picu.save()
    alliance = Alliance.objects.create(code="pediatric", name="儿科联盟", lead=committed.hospitals["province"])
    for name in ("province", "county"):
        Membership.objects.create(
            alliance=alliance, hospital=committed.hospitals[name], joined_date=now.date() - timedelta(days=100)
        )
    return committed


def run(page: Path, url: str, folder: Path) -> list[tuple[str, list[Any], Any]]:
    """Run the blocks of a page in one shell; of each its text, the answers it got, and the one that the page prints."""
    blocks = BLOCK.findall(page.read_text("utf-8"))
    answers, programs = folder / "answers", folder / "programs"
    answers.mkdir()
    programs.mkdir()
    (programs / "curl").write_text(LOGGING_CURL.format(bash=BASH, curl=CURL), "utf-8")
    (programs / "curl").chmod(0o755)
    script = "\n".join(f"export BLOCK={number}\n{command}" for number, (command, _shown) in enumerate(blocks))
    done = subprocess.run(
        [BASH, "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "ANSWERS": str(answers), "REFNET": url},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    files = sorted(answers.iterdir())
    return [
        (
            command,
            [json.loads(f.read_text("utf-8")) for f in files if f.name.endswith(f"-{number}") and is_json(f)],
            json.loads(shown) if shown else None,
        )
        for number, (command, shown) in enumerate(blocks)
    ]


def is_json(file: Path) -> bool:
    return file.read_bytes().startswith(b"{")


def errors_in(answer: Any) -> list[Any]:
    """The errors of an answer, of GraphQL or of a payload."""
    if isinstance(answer, list):
        return [error for inner in answer for error in errors_in(inner)]
    if not isinstance(answer, dict):
        return []
    return [
        *(answer.get("errors") or ()),
        *(e for n, inner in answer.items() if n != "errors" for e in errors_in(inner)),
    ]


def shape(answer: Any) -> Any:
    """The names in an answer; of a list, those of its first row."""
    if isinstance(answer, dict):
        return {name: shape(inner) for name, inner in answer.items()}
    return [shape(answer[0])] if isinstance(answer, list) and answer else None


@pytest.mark.slow
@pytest.mark.parametrize("name", ["api.md", "pathology.md"])
def test_the_commands_of_the_page_run_and_answer_as_printed(network, tmp_path, name):
    """Against the server as it is served, streams and the check of slides included."""
    page = DOCS / name
    if not (CURL and BASH):
        loudly = f"{page} IS NOT CHECKED: that needs curl and bash, and one of them is not here"
        warnings.warn(loudly, stacklevel=1)
        pytest.skip(loudly)
    with running(REFNET_DATA=str(tmp_path)) as server:
        make_svs(tmp_path / "slide.svs", width=1200, height=900, seed=26)
        blocks = run(page, server.url, tmp_path)
    assert len(blocks) == page.read_text("utf-8").count("```bash")
    for command, answers, printed in blocks:
        assert [e for a in answers[:-1] for e in errors_in(a)] == [], command
        if answers:
            assert bool(errors_in(answers[-1])) == bool(errors_in(printed)), f"{command}\n{answers[-1]}"
        if printed:
            assert shape(answers[-1]) == shape(printed), f"{command}\n{answers[-1]}"
        codes = [error.get("code") or error["extensions"]["code"] for error in errors_in(printed)]
        assert codes == [error.get("code") or error["extensions"]["code"] for error in errors_in(answers[-1:])]


def test_issue_token_prints_a_secret_that_works_within_its_scopes(world, capsys):
    call_command("issue_token", f"county-{DOCTOR}-1", name="HIS", scopes="read", days=30)
    printed = capsys.readouterr()
    secret, now = printed.out.strip(), timezone.now()
    assert secret.startswith(tokens.PREFIX)
    assert secret not in printed.err
    actor = tokens.actor(secret, now=now)
    assert (actor.person, actor.scopes) == (world.people["county", DOCTOR, 1], {"read"})
    assert frozenset().union(*actor.permissions.values()) <= READING
    token = ApiToken.objects.get()
    assert (token.expires_at - token.created_at, token.name) == (timedelta(days=30), "HIS")
    assert AuditEntry.objects.get(action="issue_api_token").actor == actor.person


@pytest.mark.slow
def test_the_walk_of_the_readme_ends_in_an_accepted_referral(network, live_server):
    said: dict[str, Any] = {}
    people = {name: walker.Person(live_server.url, name, demo.PASSWORD) for name in ("city.doctor", "province.expert")}
    for document in re.findall(r"```graphql\n(.*?)```", README.read_text("utf-8"), re.DOTALL):
        for path in re.findall(r"<([^>]+)>", document):
            document = document.replace(f"<{path}>", at(said, path))
        who = "province.expert" if "worklist" in document or "acceptReferral" in document else "city.doctor"
        data = people[who].ask(document)
        assert errors_in(data) == []
        said |= data | next(iter(data.values()))
    assert said["referral"]["status"] == "ACCEPTED"


def at(said: Any, path: str) -> str:
    """The value at a path such as `nodes[0].id`."""
    for name in re.findall(r"\w+", path):
        said = said[int(name)] if name.isdigit() else said[name]
    return str(said)


@pytest.mark.parametrize(
    ("username", "given"),
    [
        ("nobody", {}),
        (f"county-{ADMIN}-1", {"scopes": "read,everything"}),
        (f"county-{ADMIN}-1", {"days": 367}),
        (f"county-{ADMIN}-1", {"name": " "}),
        ("inactive", {}),
    ],
)
def test_issue_token_refuses_with_a_sentence(world, username, given):
    Person.objects.create(username="inactive", name="离职", is_active=False)
    with pytest.raises(CommandError, match=r"[\u4e00-\u9fff]"):
        call_command("issue_token", username, **({"name": "HIS"} | given))
    assert not ApiToken.objects.exists()
