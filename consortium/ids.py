"""Opaque, typed ids of the wire: what a client holds says nothing and cannot be taken for something else."""

import base64


def kind_of(subject_kind: str) -> str:
    """The kind of id that names the subject of an event, such as DutySwap for dutySwap."""
    return subject_kind[:1].upper() + subject_kind[1:]


def encode(kind: str, key: object) -> str:
    """The global id of a row."""
    return base64.urlsafe_b64encode(f"{kind}:{key}".encode()).decode().rstrip("=")
