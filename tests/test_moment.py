"""A demonstration's clock runs ahead or faster for every process, never back, and not at all in production."""

import base64
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from consortium import keyring, moment
from consortium.errors import Code, Refused

REAL = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def at(settings, tmp_path: Path, monkeypatch) -> list[datetime]:
    """Real time as the test sets it, beside an empty data folder."""
    settings.DEMO_CLOCK = tmp_path / "clock.json"
    real = [REAL]
    monkeypatch.setattr(timezone, "now", lambda: real[0])
    return real


def test_without_a_clock_it_is_real_time(at):
    assert moment.now() == REAL


def test_time_put_ahead_stays_ahead(at):
    moment.put_ahead(HOUR)
    at[0] += timedelta(minutes=5)
    moment.put_ahead(HOUR)
    assert moment.now() == REAL + 2 * HOUR + timedelta(minutes=5)


def test_it_runs_fast_for_so_much_of_its_own_time_and_then_as_real_time_does(at):
    moment.set_clock(REAL, pace=60, length=HOUR)
    at[0] += timedelta(seconds=30)
    assert moment.now() == REAL + HOUR / 2
    at[0] += timedelta(seconds=40)
    assert moment.now() == REAL + HOUR + timedelta(seconds=10)


@pytest.mark.parametrize(
    ("shown", "settled"), [(REAL + HOUR, REAL + HOUR), (REAL - HOUR, REAL)], ids=["ahead", "behind"]
)
def test_settled_it_is_real_time_or_stays_ahead(at, settings, shown, settled):
    moment.set_clock(shown, pace=60, length=HOUR)
    moment.settle()
    assert moment.now() == settled
    at[0] += timedelta(seconds=1)
    assert moment.now() == settled + timedelta(seconds=1)
    assert settings.DEMO_CLOCK.exists() is (settled > REAL)


def test_in_production_there_is_only_real_time(at, settings):
    moment.put_ahead(HOUR)
    settings.DEMO_CLOCK = None
    assert moment.now() == REAL
    for step in (lambda: moment.put_ahead(HOUR), moment.settle, lambda: moment.set_clock(REAL, pace=2)):
        with pytest.raises(Refused) as refused:
            step()
        assert refused.value.code == Code.INVALID_STATE
    with pytest.raises(CommandError, match="生产环境只有真实时间"):
        call_command("tick", ahead=1.0, stdout=StringIO())


def test_time_does_not_go_back(at):
    with pytest.raises(CommandError, match="does not go back"):
        call_command("tick", ahead=-1.0, stdout=StringIO())


@pytest.mark.parametrize(("production", "clock"), [("0", "clock.json"), ("1", "None")])
def test_the_settings_name_the_file_only_outside_production(tmp_path: Path, production: str, clock: str):
    environment = {
        "PATH": "/usr/bin:/bin",
        "REFNET_DATA": str(tmp_path),
        "REFNET_PRODUCTION": production,
        "REFNET_SECRET_KEY": "0123456789abcdefghij" * 3,
        "REFNET_HOSTS": "refnet.example.org",
        "REFNET_KEYS": keyring.made(),
        "REFNET_AUDIT_KEY": base64.b64encode(bytes(range(32))).decode(),
        "DATABASE_URL": "postgresql://elsewhere/refnet",
    }
    told = "from consortium import settings; print(settings.DEMO_CLOCK)"
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run([sys.executable, "-c", told], cwd=root, env=environment, capture_output=True, text=True)
    assert done.stdout.strip().endswith(clock), done.stderr
