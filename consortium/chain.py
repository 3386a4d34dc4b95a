"""The chains of the audit trail, recomputed: row by row, in constant memory, trusting no function of the database.

A chain is what the people of one hospital did and read; PEOPLE is of those without one, SYSTEM of the clock. Each link
holds the SHA-256 of its content and of the link before; what was signed outside the database is in `heads`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.db import connection, transaction

PEOPLE, SYSTEM = "PEOPLE", "SYSTEM"
NOTHING = "00" * 32  # what stands before the first link
CHUNK = 2000  # rows held at a time
# The content of an entry as text, in the order in which it is hashed; see migration 0012.
CONTENT = """
entry.id::text, entry.action, entry.actor_id::text, entry.actor_role, entry.actor_hospital_id::text, entry.purpose,
entry.object_kind, entry.object_id, array_to_string(entry.objects_seen, ','), entry.patient_id::text,
array_to_string(entry.patients, ','), array_to_string(entry.hospitals, ','),
((extract(epoch from entry.at) * 1000000)::bigint)::text, entry.request_id
"""
# What the content is made of, of the months that the service reads and of those in the archive.
COLUMNS = """id, action, actor_id, actor_role, actor_hospital_id, purpose, object_kind, object_id, objects_seen,
patient_id, patients, hospitals, at, request_id"""
WRITTEN = f"""(select {COLUMNS} from consortium_auditentry
union all select {COLUMNS} from archive.consortium_auditentry)"""  # noqa: S608 - no input in it
LINKS = f"""
select link.chain, link.sequence, encode(link.previous, 'hex'), encode(link.hash, 'hex'), {CONTENT}
from consortium_auditlink link
left join {WRITTEN} entry on entry.id = link.entry_id
left join unnest(%s::text[], %s::bigint[]) as begun(chain, sequence) on begun.chain = link.chain
where link.sequence > coalesce(begun.sequence, 0) order by link.chain, link.sequence
"""  # noqa: S608 - no input in it
ENTRIES = f"""
select link.sequence, {CONTENT} from consortium_auditlink link
join {WRITTEN} entry on entry.id = link.entry_id where link.chain = %s order by link.sequence
"""  # noqa: S608 - no input in it
UNCHAINED = """
select coalesce(entry.actor_hospital_id::text, case when entry.actor_id is null then 'SYSTEM' else 'PEOPLE' end),
    min(entry.id::text)
from consortium_auditentry entry left join consortium_auditlink link on link.entry_id = entry.id
where link.entry_id is null group by 1 order by 1
"""
MOST_RENUMBERED = 100  # how far a link may have been moved and still be told from an edited one


class Kind:
    """What can be wrong with a chain."""

    EDITED = "EDITED"
    DELETED = "DELETED"
    SWAPPED = "SWAPPED"
    TRUNCATED = "TRUNCATED"
    REWRITTEN = "REWRITTEN"
    UNCHAINED = "UNCHAINED"
    HEAD_FORGED = "HEAD_FORGED"
    HEAD_MISSING = "HEAD_MISSING"


@dataclass(frozen=True)
class Fault:
    """The first thing wrong with a chain: which, at which sequence number, and what it looks like."""

    chain: str
    sequence: int
    kind: str
    detail: str = ""


@dataclass(frozen=True)
class Place:
    """A point of a chain: its sequence number and its hash, hexadecimal."""

    sequence: int = 0
    hash: str = NOTHING


@dataclass
class Finding:
    """What a look at the chains found: how far each is sound, and the first fault of each that is not."""

    reached: dict[str, Place] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    rows: int = 0

    def blame(self, fault: Fault) -> None:
        """Keep the fault, unless the chain has one further ahead already."""
        before = self.faults.get(fault.chain)
        if before is None or fault.sequence < before.sequence:
            self.faults[fault.chain] = fault

    def complaint(self) -> str:
        """Every chain that is not sound, in one sentence; "" if all are."""
        faults = sorted(self.faults.values(), key=lambda one: one.chain)
        return "; ".join(f"{one.chain} at {one.sequence}: {one.kind} {one.detail}".rstrip() for one in faults)


@dataclass(frozen=True)
class Link:
    """One link as it is stored, with the content of its entry as text; empty where the entry is gone."""

    chain: str
    sequence: int
    previous: str
    hash: str
    content: tuple[str | None, ...]


def digest(chain: str, sequence: int, previous: str, content: tuple[str | None, ...]) -> str:
    """The SHA-256 of a link, hexadecimal: of a JSON array of its place, the hash before it and its content."""
    return sha256(json.dumps([chain, str(sequence), previous, *content], ensure_ascii=False).encode()).hexdigest()


def walk(since: Mapping[str, Place] | None = None) -> Finding:
    """Recompute every chain behind these places (all of it if there are none) and say what was found."""
    found = Finding(reached=dict(since or {}))
    with transaction.atomic():
        for link in _links(found.reached):
            found.rows += 1
            if link.chain in found.faults:
                continue
            before = found.reached.get(link.chain, Place())
            if fault := fault_of(link, before):
                found.blame(fault)
            else:
                found.reached[link.chain] = Place(link.sequence, link.hash)
        with connection.cursor() as cursor:
            cursor.execute(UNCHAINED)
            for chain, entry in cursor.fetchall():
                after = found.reached.get(chain, Place()).sequence + 1
                found.blame(Fault(chain, after, Kind.UNCHAINED, f"entry {entry}"))
    return found


def _links(since: Mapping[str, Place]) -> Iterator[Link]:
    for chain, sequence, previous, hash, *content in _streamed(
        LINKS, [list(since), [place.sequence for place in since.values()]]
    ):
        yield Link(chain, sequence, previous, hash, tuple(content))


def _streamed(statement: str, given: list[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement, a chunk at a time; within a transaction."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, given)
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


def fault_of(link: Link, before: Place) -> Fault | None:
    """What is wrong with a link that follows a sound place, if anything is."""
    chain, expected = link.chain, before.sequence + 1
    if link.sequence != expected:
        return Fault(chain, expected, Kind.DELETED, f"next is {link.sequence}")
    if link.content[0] is None:
        return Fault(chain, expected, Kind.DELETED, "the entry is gone")
    if link.previous == before.hash:
        if digest(chain, expected, before.hash, link.content) == link.hash:
            return None
        partner = _fitting(link)
        if partner:
            return Fault(chain, expected, Kind.SWAPPED, f"holds what belongs to {partner}")
        return Fault(chain, expected, Kind.EDITED)
    return _misplaced(link, expected)


def _misplaced(link: Link, expected: int) -> Fault:
    """What happened where a link does not hold the hash of the one before: it may belong to another place."""
    chain = link.chain
    for moved in range(-MOST_RENUMBERED, MOST_RENUMBERED + 1):
        if digest(chain, expected + moved, link.previous, link.content) != link.hash:
            continue
        if moved == 0:  # sound by itself, so the one before was changed together with its hash
            return Fault(chain, max(1, expected - 1), Kind.EDITED, "and hashed anew")
        if _stands(chain, link.previous):
            return Fault(chain, expected, Kind.SWAPPED, f"holds what belongs to {expected + moved}")
        return Fault(chain, expected, Kind.DELETED, f"{abs(moved)} taken out, the rest renumbered")
    return Fault(chain, expected, Kind.EDITED)


def _fitting(link: Link) -> int | None:
    """The place of the entry of the same chain whose content belongs to a link instead of its own."""
    own = link.content[0]
    for sequence, id, *content in _streamed(ENTRIES, [link.chain]):
        for name in (id, own):  # the entry itself, or what it says
            if digest(link.chain, link.sequence, link.previous, (name, *content)) == link.hash:
                return int(sequence)
    return None


def _stands(chain: str, hash: str) -> bool:
    """Whether a link of the chain still has this hash."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from consortium_auditlink where chain = %s and hash = decode(%s, 'hex'))",
            [chain, hash],
        )
        return bool(cursor.fetchone()[0])
