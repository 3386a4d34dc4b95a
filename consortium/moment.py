"""What time it is for the service: real time, or, on the data of a demonstration, a clock that runs ahead or faster.

A demonstration's clock is one small file beside its data, read by every process that serves or works on them; in
production there is none. Such a clock never goes back, so that whatever happened stays in the past.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium.errors import Code, Refused


@dataclass(frozen=True)
class Clock:
    """At the real moment `real` it showed `shown`; until `until` it runs `pace` times as fast as real time."""

    real: datetime
    shown: datetime
    pace: float
    until: datetime

    def at(self, real: datetime) -> datetime:
        """What it shows at a real moment."""
        fast = max(timedelta(0), min(real, self.until) - self.real)
        return self.shown + fast * self.pace + (real - self.real - fast)


def real() -> datetime:
    """Real time, by which sessions, guesses and locks go, whatever a demonstration's clock shows."""
    return timezone.now()


def now() -> datetime:
    """The present moment, by which everything is stamped and judged."""
    real = timezone.now()
    clock = _running()
    return clock.at(real) if clock else real


def set_clock(shown: datetime, *, pace: float = 1.0, length: timedelta = timedelta(0)) -> None:
    """Let the demonstration's clock show a moment, and run at a pace for so much of its own time; INVALID_STATE in
    production. Should whoever sets it be killed, it runs as fast as real time after that."""
    path, real = _path(), timezone.now()
    written = {name: str(value) for name, value in asdict(Clock(real, shown, pace, real + length / pace)).items()}
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(written), encoding="utf-8")
    draft.replace(path)


def put_ahead(by: timedelta) -> None:
    """Let so much time have passed; INVALID_STATE in production."""
    set_clock(now() + by)


def settle() -> None:
    """Let the clock run as fast as real time again, and be real time if it had fallen behind."""
    shown = now()
    if shown <= timezone.now():
        _path().unlink(missing_ok=True)
    else:
        set_clock(shown)


def _path() -> Path:
    if settings.DEMO_CLOCK is None:
        raise Refused(Code.INVALID_STATE, _("生产环境只有真实时间。"))
    path: Path = settings.DEMO_CLOCK
    return path


def _running() -> Clock | None:
    """The demonstration's clock, if there is one."""
    path: Path | None = settings.DEMO_CLOCK
    try:
        changed = path.stat().st_mtime_ns if path else None
    except FileNotFoundError:
        return None
    return _read(path, changed) if path and changed else None


@lru_cache(maxsize=2)
def _read(path: Path, changed: int) -> Clock:
    """What the file said when it was last changed."""
    written: Mapping[str, str] = json.loads(path.read_text(encoding="utf-8"))
    real, shown, until = (datetime.fromisoformat(written[name]) for name in ("real", "shown", "until"))
    return Clock(real, shown, float(written["pace"]), until)
