"""Checks."""


def begin_checks() -> None:
    """Start."""
