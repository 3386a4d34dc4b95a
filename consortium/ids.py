"""Opaque, typed ids of the wire: what a client holds says nothing and cannot be taken for something else."""

import base64


def encode(kind: str, key: object) -> str:
    """The global id of a row."""
    return base64.urlsafe_b64encode(f"{kind}:{key}".encode()).decode().rstrip("=")


def subject(kind: str, key: object) -> str:
    """The global id of the case that an event is about, by its kind of subject: `pathology_case` is a PathologyCase."""
    return encode("".join(part.capitalize() for part in kind.split("_")), key)
