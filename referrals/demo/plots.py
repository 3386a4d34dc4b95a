"""The plots of the demo referrals as data: what happens in which order, how often, and how long each step takes."""

from dataclasses import dataclass

SEND = "write submit approve"
ADMIT = "accept book depart arrive"
GO_HOME = "outcome acknowledge follow_up"


@dataclass(frozen=True)
class Plot:
    """A sequence of steps, how many stories follow it, which way the patient goes, and whether it comes to an end.

    `kind` is the kind of emergency of a story that goes by the green channel.
    """

    times: int
    script: str
    finished: bool = True
    route: str = "UP"
    kind: str = ""

    @property
    def words(self) -> list[str]:
        """The steps in their order, each a method of `Story`."""
        return self.script.split()

    @property
    def targets(self) -> int:
        """How many hospitals are asked one after the other."""
        return 1 + sum(word in ("redirect", "resend") for word in self.words)

    @property
    def reviewed(self) -> bool:
        """Whether the sender must be a hospital whose office reviews everything."""
        return "return_draft" in self.words or self.words[-1] == "submit_for_review"


def ended(times: int, script: str, route: str = "UP") -> Plot:
    """A plot that has come to its end."""
    return Plot(times, script, route=route)


def pending(times: int, script: str, route: str = "UP") -> Plot:
    """A plot in which somebody still has something to do."""
    return Plot(times, script, finished=False, route=route)


PLOTS = [
    ended(20, f"{SEND} {ADMIT} {GO_HOME}"),
    ended(4, f"{SEND} open claim {ADMIT} send_record {GO_HOME}"),
    ended(9, f"{SEND} {ADMIT} refer_down acknowledge_before accept arrive outcome acknowledge"),
    ended(9, f"{SEND} redirect claim accept arrive outcome acknowledge"),
    ended(2, f"{SEND} claim redirect open claim redirect accept book arrive send_record outcome acknowledge"),
    ended(4, f"{SEND} waitlist book depart arrive {GO_HOME}"),
    ended(4, f"{SEND} claim ask supply accept depart arrive {GO_HOME}"),
    ended(8, f"{SEND} advise close"),
    ended(4, f"{SEND} advise resend accept arrive outcome acknowledge"),
    ended(6, f"{SEND} reject close"),
    ended(5, f"{SEND} claim reject resend accept book arrive outcome acknowledge"),
    ended(4, f"{SEND} accept cancel"),
    ended(4, f"{SEND} cancel"),
    ended(2, f"{SEND} accept book miss send_again accept book arrive outcome acknowledge"),
    ended(2, f"{SEND} claim {ADMIT} die"),
    ended(2, f"{SEND} accept die"),
    ended(3, f"{SEND} propose_expiry confirm_expiry"),
    ended(2, f"{SEND} report_error confirm_error"),
    ended(2, "write report_error confirm_error"),
    ended(3, f"{SEND} claim {ADMIT} outcome acknowledge amend acknowledge follow_up"),
    ended(2, f"{SEND} claim accept book hold resume depart arrive outcome acknowledge"),
    ended(2, f"{SEND} claim accept book rebook depart arrive outcome acknowledge"),
    ended(2, f"{SEND} claim accept book lose_booking book depart arrive outcome acknowledge"),
    ended(2, f"{SEND} claim accept book depart turn_back book depart arrive outcome acknowledge"),
    ended(3, f"{SEND} accept_by_office book depart arrive outcome acknowledge"),
    ended(2, f"write submit return_draft rewrite submit approve claim {ADMIT} outcome acknowledge"),
    ended(7, f"{SEND} accept arrive {GO_HOME}", "DOWN"),
    ended(5, f"{SEND} accept depart arrive outcome acknowledge", "LATERAL"),
    pending(8, "write"),
    pending(2, "write submit return_draft"),
    pending(8, "write submit_for_review"),
    pending(16, SEND),
    pending(5, f"{SEND} open"),
    pending(2, f"{SEND} claim release"),
    pending(10, f"{SEND} claim"),
    pending(7, f"{SEND} claim ask"),
    pending(3, f"{SEND} claim ask supply"),
    pending(9, f"{SEND} accept"),
    pending(7, f"{SEND} waitlist"),
    pending(6, f"{SEND} advise"),
    pending(6, f"{SEND} reject"),
    pending(5, f"{SEND} claim redirect"),
    pending(9, f"{SEND} accept book"),
    pending(5, f"{SEND} accept book hold"),
    pending(7, f"{SEND} accept book depart"),
    pending(5, f"{SEND} accept depart arrive send_record"),
    pending(3, f"{SEND} claim {ADMIT}"),
    pending(4, f"{SEND} accept book miss"),
    pending(5, f"{SEND} accept depart arrive outcome"),
    pending(2, f"{SEND} {ADMIT} outcome acknowledge amend"),
    pending(4, f"{SEND} accept book arrive refer_down"),
    pending(2, f"{SEND} propose_expiry"),
    pending(2, f"{SEND} report_error"),
    pending(3, f"{SEND} claim", "DOWN"),
    pending(3, SEND, "LATERAL"),
]

DAY = 24 * 60
# Minutes from the step before, for an URGENT case; `PACE` shortens or lengthens them by priority.
GAPS = {
    "write": (1, 2),
    "rewrite": (10, 60),
    "submit": (5, 25),
    "submit_for_review": (5, 25),
    "return_draft": (20, 120),
    "approve": (5, 60),
    "open": (2, 40),
    "claim": (3, 60),
    "release": (10, 60),
    "ask": (5, 30),
    "supply": (20, 200),
    "accept": (5, 90),
    "accept_by_office": (10, 90),
    "waitlist": (10, 120),
    "advise": (15, 200),
    "reject": (10, 150),
    "redirect": (10, 120),
    "resend": (30, 300),
    "send_again": (60, 600),
    "close": (60, 900),
    "book": (15, 180),
    "rebook": (60, 600),
    "lose_booking": (60, 600),
    "hold": (20, 200),
    "resume": (300, 2 * DAY),
    "depart": (60, 600),
    "turn_back": (15, 50),
    "arrive": (50, 240),
    "miss": (300, 2 * DAY),
    "send_record": (60, 1200),
    "outcome": (3 * DAY, 12 * DAY),
    "refer_down": (4 * DAY, 12 * DAY),
    "acknowledge": (60, 3 * DAY),
    "acknowledge_before": (60, 600),
    "follow_up": (2 * DAY, 6 * DAY),
    "amend": (DAY, 2 * DAY),
    "cancel": (30, 600),
    "die": (60, 2 * DAY),
    "propose_expiry": (31 * DAY, 34 * DAY),
    "confirm_expiry": (60, 2 * DAY),
    "report_error": (10, 600),
    "confirm_error": (60, DAY),
}
# Roads, wards and the clock take the time they take, whatever the priority.
UNSCALED = {
    "turn_back",
    "arrive",
    "send_record",
    "outcome",
    "refer_down",
    "acknowledge",
    "follow_up",
    "amend",
    "die",
    "propose_expiry",
    "confirm_expiry",
    "confirm_error",
}
# How many minutes ago the last step of an unfinished plot was taken, where the priority does not say it.
WAITS = {
    "write": (10, 5 * DAY),
    "depart": (5, 90),
    "arrive": (60, DAY),
    "send_record": (60, 12 * DAY),
    "outcome": (60, 4 * DAY),
    "amend": (60, 3 * DAY),
    "hold": (120, 3 * DAY),
    "propose_expiry": (60, 2 * DAY),
    "report_error": (60, 2 * DAY),
}
