"""The signed heads of the audit trail, kept outside the database: a file of JSON lines, each holding the hash of the
line before and an Ed25519 signature.

Whoever owns the database can rewrite a chain as a whole, but not these lines. Copy the file to where the database's
administrators cannot write.
"""

import base64
import fcntl
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.utils.translation import gettext as _

from consortium import chain
from consortium.chain import Fault, Finding, Kind, Place
from consortium.models import AuditChain, Hospital

logger = logging.getLogger("refnet.trail")

FIRST = "0" * 64  # the hash before the first line
OF_ALL = "HEADS"  # what a fault of the file itself is told of


@dataclass
class Signed:
    """What the file says: the last head of every chain, where it ends, and the first line that is not ours."""

    last: dict[str, Place] = field(default_factory=dict)
    line: int = 0
    hash: str = FIRST
    fault: Fault | None = None


def seal(*, now: datetime) -> Finding:
    """Recompute what was written since the last heads, then sign the new end of every chain that is sound."""
    with _only_one():
        signed = read()
        found = chain.walk(signed.last)
        _compare_line(found, signed.last, Signed())
        compare(found, signed)
        new = {
            name: place
            for name, place in found.reached.items()
            if name not in found.faults and place != signed.last.get(name)
        }
        if new and OF_ALL not in found.faults:
            _append(signed, new, now)
        else:
            new = {}
        _remember(found, new, now)
        _warn(found)
    return found


def verify(*, now: datetime) -> Finding:
    """Recompute every chain from its first link and compare it with every head that was ever signed."""
    with _only_one():
        found = chain.walk()
        signed = read(found)
        compare(found, signed)
        _remember(found, {}, now)
        _warn(found)
    return found


def read(found: Finding | None = None) -> Signed:
    """The file from its first line to the first that is not ours; each head is compared, if chains were recomputed."""
    signed, trusted = Signed(), trusted_keys()
    for text in _lines():
        number = signed.line + 1
        try:
            line = json.loads(text)
            signature = base64.b64decode(line.pop("signature"))
            trusted[line["key"]].verify(signature, _canonical(line))
            if line["line"] != number or line["previous"] != signed.hash:
                raise ValueError(number)
            heads = {name: Place(place["sequence"], place["hash"]) for name, place in line["heads"].items()}
        except (ValueError, KeyError, TypeError, AttributeError, InvalidSignature):
            signed.fault = Fault(OF_ALL, number, Kind.HEAD_FORGED, f"line {number}")
            break
        if found is not None:
            _compare_line(found, heads, signed)
        signed.last |= heads
        signed.line, signed.hash = number, sha256(text.encode()).hexdigest()
    return signed


def _compare_line(found: Finding, heads: Mapping[str, Place], signed: Signed) -> None:
    """Blame every chain that no longer has the hash that was signed; its fault lies behind the head before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select link.chain, link.sequence, encode(link.hash, 'hex') from consortium_auditlink link"
            " join unnest(%s::text[], %s::bigint[]) as head(chain, sequence) using (chain, sequence)",
            [list(heads), [place.sequence for place in heads.values()]],
        )
        there = {name: Place(sequence, hash) for name, sequence, hash in cursor.fetchall()}
    for name, place in heads.items():
        if name in there and there[name] != place and name not in found.faults:
            since = signed.last.get(name, Place()).sequence + 1
            found.blame(Fault(name, since, Kind.REWRITTEN, f"between {since} and {place.sequence}"))


def compare(found: Finding, signed: Signed) -> None:
    """Blame the file for a line that is not ours or for an early end, and chains that end before their last head."""
    if signed.fault:
        found.blame(signed.fault)
    with connection.cursor() as cursor:
        cursor.execute("select chain, max(sequence) from consortium_auditlink group by chain")
        ends: dict[str, int] = dict(cursor.fetchall())
    for name, place in signed.last.items():
        end = ends.get(name, 0)
        if end < place.sequence:
            found.blame(Fault(name, end + 1, Kind.TRUNCATED, f"{place.sequence} was signed"))
    if signed.fault is None:
        for row in AuditChain.objects.filter(sealed_sequence__gt=0):
            if signed.last.get(row.chain, Place()).sequence < row.sealed_sequence:
                fault = Fault(OF_ALL, signed.line + 1, Kind.HEAD_MISSING, f"{row.chain} {row.sealed_sequence}")
                found.blame(fault)


def _append(signed: Signed, heads: Mapping[str, Place], now: datetime) -> None:
    """Write one line and have it on disk before anybody relies on it."""
    key = private_key()
    line: dict[str, Any] = {
        "line": signed.line + 1,
        "at": now.isoformat(),
        "previous": signed.hash,
        "heads": {name: {"sequence": place.sequence, "hash": place.hash} for name, place in sorted(heads.items())},
        "key": _name_of(key.public_key()),
    }
    line["signature"] = base64.b64encode(key.sign(_canonical(line))).decode()
    with open(_file(), "a", encoding="utf-8") as file:
        file.write(json.dumps(line, sort_keys=True) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _warn(found: Finding) -> None:
    """Log every fault: a job has nobody who reads its output."""
    for fault in found.faults.values():
        logger.error("audit chain %s at %s: %s %s", fault.chain, fault.sequence, fault.kind, fault.detail)


def _remember(found: Finding, sealed: Mapping[str, Place], now: datetime) -> None:
    """Keep in the database, for those who read it there, how far each chain is sound and signed."""
    hospitals = {str(pk) for pk in Hospital.objects.values_list("pk", flat=True)}
    for name in found.reached.keys() | (found.faults.keys() - {OF_ALL}):
        fault, place = found.faults.get(name), found.reached.get(name, Place())
        state = AuditChain.State.BROKEN if fault else AuditChain.State.INTACT
        values: dict[str, Any] = {
            "hospital_id": name if name in hospitals else None,
            "state": state,
            "fault": fault.kind if fault else "",
            "fault_sequence": fault.sequence if fault else None,
            "verified_sequence": place.sequence,
            "verified_at": now,
        }
        if name in sealed:
            values |= {"sealed_sequence": place.sequence, "sealed_at": now}
        AuditChain.objects.update_or_create(chain=name, defaults=values)


def private_key() -> Ed25519PrivateKey:
    """The key that signs: of the configuration, or in development one of the data folder, made when first needed."""
    if settings.AUDIT_KEY:
        return _private(settings.AUDIT_KEY)
    path = Path(settings.AUDIT_KEY_FILE)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw())
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(made)
    return _private(path.read_text().strip())


def _private(text: str) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(text, validate=True))
    except ValueError as error:
        raise ImproperlyConfigured(_("REFNET_AUDIT_KEY 须为 32 字节 Ed25519 私钥的 Base64。")) from error


def _name_of(key: Ed25519PublicKey) -> str:
    """A public key as text, which names it in a line."""
    return base64.b64encode(key.public_bytes_raw()).decode()


def trusted_keys() -> dict[str, Ed25519PublicKey]:
    """The public keys whose signature counts, by name: our own, and the former ones of the configuration."""
    former = {name: Ed25519PublicKey.from_public_bytes(base64.b64decode(name)) for name in settings.AUDIT_FORMER_KEYS}
    own = private_key().public_key()
    return former | {_name_of(own): own}


def _canonical(line: Mapping[str, Any]) -> bytes:
    return json.dumps(line, sort_keys=True, separators=(",", ":")).encode()


def _file() -> Path:
    return Path(settings.AUDIT_HEADS) / "heads.jsonl"


def _lines() -> Iterator[str]:
    """The lines of the file, without their ends; none if there is no file yet."""
    if _file().exists():
        with open(_file(), encoding="utf-8", errors="replace") as file:
            for text in file:
                yield text.rstrip("\n")


@contextmanager
def _only_one() -> Iterator[None]:
    """Let one process at a time read and extend the file."""
    folder = Path(settings.AUDIT_HEADS)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
