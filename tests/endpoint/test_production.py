"""The settings of production: Django's own deployment check finds nothing, and what is missing is one sentence."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.server import database_url

ROOT = Path(__file__).resolve().parents[2]
GOOD = {"REFNET_PRODUCTION": "1", "REFNET_HOSTS": "refnet.example.cn", "REFNET_SECRET_KEY": secrets.token_urlsafe(60)}


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a command of ours says with this environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REFNET_")}
    given = kept | {"PYTHONPATH": str(ROOT), "REFNET_DATA": os.environ.get("REFNET_DATA", "")} | environment
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=given, capture_output=True, text=True, timeout=120, check=False
    )


def test_djangos_deployment_check_finds_nothing(db):
    check = ["manage.py", "check", "--deploy", "--database", "default", "--fail-level", "DEBUG"]
    done = run(*check, DATABASE_URL=database_url(), **GOOD)
    assert (done.returncode, "no issues (0 silenced)" in done.stdout + done.stderr) == (0, True), done.stderr


@pytest.mark.parametrize("command", [["manage.py", "check"], ["-m", "consortium.serve", "--port", "0"]])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REFNET_SECRET_KEY", ""),
        ("REFNET_SECRET_KEY", "short"),
        ("REFNET_SECRET_KEY", "x" * 60),
        ("REFNET_PRODUCTION", "yes"),
    ],
)
def test_without_what_it_needs_nothing_starts_and_one_sentence_names_it(db, command, name, value):
    done = run(*command, **({"DATABASE_URL": database_url()} | GOOD | {name: value}))
    assert done.returncode == 1
    (sentence,) = done.stderr.strip().splitlines()
    assert name in sentence
    assert name == "REFNET_PRODUCTION" or not value or value not in sentence  # a secret is not repeated
    assert done.stdout == ""


def test_in_production_nothing_is_open_that_is_open_in_development(db):
    asked = "from django.conf import settings as s; print(s.GRAPHIQL, s.INTROSPECTION, s.FREE_DOCUMENTS, s.GRAPHQL_GET)"
    command = ["-c", f"import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'consortium.settings'; {asked}"]
    assert run(*command, DATABASE_URL=database_url(), **GOOD).stdout.split() == ["False"] * 4
    assert run(*command, DATABASE_URL=database_url()).stdout.split() == ["True"] * 4
