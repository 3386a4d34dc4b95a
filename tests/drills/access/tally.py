"""How much was compared, and what differed."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


class Caught(Exception):
    """Raised at the first difference where one is enough."""


@dataclass
class Tally:
    """Checks by what they compared, and every difference as a sentence."""

    first_is_enough: bool = False
    checks: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def same(self, what: str, found: Any, expected: Any, about: Any = "") -> None:
        """One comparison."""
        self.checks[what] += 1
        if found != expected:
            self.differ(f"{what} {about}: found {found!r}, expected {expected!r}")

    def none(self, what: str, found: Any, about: Any = "") -> None:
        """One comparison with nothing."""
        self.checks[what] += 1
        if found:
            self.differ(f"{what} {about}: {found!r}")

    def differ(self, sentence: str) -> None:
        """Remember a difference."""
        self.differences.append(sentence[:600])
        if self.first_is_enough:
            raise Caught

    def add(self, other: "Tally") -> None:
        """Count another one in."""
        self.checks += other.checks
        self.differences += other.differences
