"""The settings of production: Django's own deployment check finds nothing, and what is missing is one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.endpoint import production
from tests.live.server import database_url

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def good(tmp_path) -> dict[str, str]:
    """An environment of production that lacks nothing, on a folder of its own."""
    return {"DATABASE_URL": database_url(), "REFNET_DATA": str(tmp_path)} | production()


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a command of ours says with this environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REFNET_")}
    given = kept | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=given, capture_output=True, text=True, timeout=120, check=False
    )


def test_djangos_deployment_check_finds_nothing(db, good):
    check = ["manage.py", "check", "--deploy", "--database", "default", "--fail-level", "DEBUG"]
    done = run(*check, **good)
    assert (done.returncode, "no issues (1 silenced)" in done.stdout + done.stderr) == (0, True), done.stderr
    assert settings.SILENCED_SYSTEM_CHECKS == ["axes.W002"]  # lock-out answers in our own shape, without its middleware


@pytest.mark.parametrize("command", [["manage.py", "check"], ["-m", "consortium.serve", "--port", "0"]])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REFNET_SECRET_KEY", ""),
        ("REFNET_SECRET_KEY", "short"),
        ("REFNET_SECRET_KEY", "x" * 60),
        ("REFNET_KEYS", ""),
        ("REFNET_KEYS", "{}"),
        ("REFNET_AUDIT_KEY", ""),
        ("REFNET_PRODUCTION", "yes"),
    ],
)
def test_without_what_it_needs_nothing_starts_and_one_sentence_names_it(db, good, command, name, value):
    done = run(*command, **(good | {name: value}))
    assert done.returncode == 1
    (sentence,) = done.stderr.strip().splitlines()
    assert name in sentence
    assert name == "REFNET_PRODUCTION" or not value or value not in sentence  # a secret is not repeated
    assert done.stdout == ""


def test_in_production_nothing_is_open_that_is_open_in_development(db, good):
    asked = "from django.conf import settings as s; print(s.GRAPHIQL, s.INTROSPECTION, s.FREE_DOCUMENTS, s.GRAPHQL_GET)"
    command = ["-c", f"import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'consortium.settings'; {asked}"]
    assert run(*command, **good).stdout.split() == ["False"] * 4
    assert run(*command, **(good | {"REFNET_PRODUCTION": "0"})).stdout.split() == ["True"] * 4
