"""The plots of the demo pathology cases as data: what happens in which order, how often, how long each step takes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from telemedicine.models import Kind

HISTORY = timedelta(days=60)
SENT = "write scan submit"
READ = f"{SENT} pass claim start"
CLOSE = "sign acknowledge final"
RESERVED = "write reserve confirm"


@dataclass(frozen=True)
class Plot:
    """A sequence of steps, how many stories follow it, of which kind of case, and whether it comes to an end."""

    times: int
    script: str
    kind: Kind = Kind.ROUTINE
    finished: bool = True

    @property
    def words(self) -> list[str]:
        """The steps in their order, each a method of `Story`."""
        return self.script.split()


def pending(script: str, kind: Kind = Kind.ROUTINE) -> Plot:
    """One story in which somebody still has something to do."""
    return Plot(1, script, kind, finished=False)


PLOTS = [
    Plot(4, f"{READ} {CLOSE}"),
    Plot(1, f"{READ} ask supply second agree {CLOSE}"),
    Plot(1, f"{READ} second disagree third adjudicate {CLOSE}"),
    Plot(1, f"{SENT} fail rescan fix pass assign reassign start {CLOSE}"),
    Plot(1, f"{SENT} pass claim decline claim start sign acknowledge amend acknowledge final"),
    Plot(2, f"{READ} undiagnosable"),
    Plot(1, f"{SENT} cancel"),
    Plot(3, f"{RESERVED} scan submit pass start tell {CLOSE}", Kind.FROZEN),
    Plot(1, f"{READ} {CLOSE}", Kind.CYTOLOGY),
    Plot(1, f"{READ} {CLOSE}", Kind.SECOND_OPINION),
    pending("write"),
    pending(SENT),
    pending(f"{SENT} fail"),
    pending(f"{SENT} pass"),
    pending(f"{SENT} pass", Kind.CYTOLOGY),
    pending(f"{SENT} pass claim"),
    pending(READ),
    pending(f"{READ} ask"),
    pending(f"{READ} tell"),
    pending(f"{READ} second"),
    pending(f"{READ} second disagree"),
    pending(f"{READ} sign"),
    pending(f"{READ} sign_critical refer"),
    pending(f"{READ} sign acknowledge", Kind.SECOND_OPINION),
    pending("write reserve", Kind.FROZEN),
    pending(RESERVED, Kind.FROZEN),
]
# Minutes that a step takes, from and to; in a frozen section they are others.
GAPS = {
    "write": (0, 1), "scan": (30, 120), "submit": (5, 20), "pass": (10, 60), "fail": (10, 60), "rescan": (60, 300),
    "fix": (5, 20), "claim": (20, 240), "assign": (20, 120), "reassign": (60, 300), "decline": (30, 200),
    "start": (10, 120), "ask": (20, 60), "supply": (300, 1400), "tell": (20, 60), "second": (20, 90),
    "agree": (60, 300), "disagree": (60, 300), "third": (20, 60), "adjudicate": (60, 400), "sign": (30, 200),
    "sign_critical": (30, 120), "undiagnosable": (30, 120), "acknowledge": (20, 600), "final": (1000, 6000),
    "amend": (1000, 4000), "refer": (5, 15), "cancel": (20, 100), "reserve": (10, 30), "confirm": (10, 40),
}  # fmt: skip
FROZEN_GAPS = {
    "scan": (100, 200), "submit": (1, 2), "pass": (1, 2), "start": (1, 2), "tell": (4, 9), "sign": (30, 90),
    "acknowledge": (5, 15),
}  # fmt: skip
WAIT = (10, 25)  # minutes since the last step of an unfinished story


def moments(plot: Plot, chance: Random, now: datetime) -> list[datetime]:
    """When each step of a plot is taken: a finished one anywhere in the history, an unfinished one up to now."""
    gaps = GAPS | (FROZEN_GAPS if plot.kind == Kind.FROZEN else {})
    passed, offsets = timedelta(), []
    for word in plot.words:
        passed += timedelta(minutes=max(1, round(chance.uniform(*gaps[word]))))
        offsets.append(passed)
    earliest = (HISTORY - passed) / timedelta(minutes=1)
    since = timedelta(minutes=chance.uniform(60, earliest) if plot.finished else chance.uniform(*WAIT))
    return [now - since - passed + offset for offset in offsets]
