"""Altering the audit trail as the database's owner: `./refnet drill tamper [--entries 600]`.

Real traffic is written, its heads are signed, more is written and signed. Then the trail is altered in every way that
an owner can, triggers switched off, each in a transaction that is undone afterwards. Every alteration must be found, at
its place and for what it is. Exit code 1 if one is not.
"""

import argparse
import base64
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection, transaction

from consortium import chain, heads
from consortium.chain import Fault, Finding, Kind, Place
from referrals.models import Status
from tests.edge.client import as_role, gid
from tests.world import COUNTY_DOCTOR, NOW, World

ENTRY, LINK = "consortium_auditentry", "consortium_auditlink"
READ = "query($id: ID!) { referral(id: $id) { number patient { displayName } } }"
LIST = "{ worklist(box: OUT) { nodes { number patient { displayName } } } }"


@dataclass(frozen=True)
class Scene:
    """A chain with two signed heads: what is altered lies between them, at `at` and `other`."""

    name: str
    first: Place
    last: Place
    at: int
    other: int


@dataclass(frozen=True)
class Alteration:
    """One way to alter the trail, and where and as what it must be found."""

    title: str
    do: Callable[[Any, Scene], None]
    kind: str
    where: Callable[[Scene], int] = lambda scene: scene.at
    chain: str = ""  # of the fault, if not the scene's


def traffic(world: World, entries: int) -> None:
    """Referrals sent, read one by one and in lists, by the county's doctor."""
    doctor = as_role(world, *COUNTY_DOCTOR)
    row = world.referral(Status.SENT)
    for number in range(entries):
        if number % 3:
            doctor.data(READ, id=gid(row))
        else:
            doctor.data(LIST)


def scene(world: World, entries: int) -> Scene:
    """The county's chain after two rounds of traffic, each with its heads."""
    name = str(world.hospitals["county"].pk)
    ends = []
    for _round in range(2):
        traffic(world, entries // 2)
        found = heads.seal(now=NOW)
        if found.faults:
            raise SystemExit(f"the trail is faulty before anybody touched it: {found.faults}")
        ends.append(found.reached[name])
    at = ends[0].sequence + 5
    return Scene(name, ends[0], ends[1], at, at + 7)


@contextmanager
def altered(alteration: Alteration, there: Scene) -> Iterator[None]:
    """The database and the file as an owner left them; both as they were afterwards."""
    file = Path(settings.AUDIT_HEADS) / "heads.jsonl"
    before = file.read_text()
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                for table in (ENTRY, LINK):
                    cursor.execute(f"alter table {table} disable trigger user")
                alteration.do(cursor, there)
            yield
            transaction.set_rollback(True)
    finally:
        file.write_text(before)


def _set(column: str, value: str) -> Callable[[Any, Scene], None]:
    """Change a column of one entry."""

    def do(cursor: Any, there: Scene) -> None:
        cursor.execute(
            f"update {ENTRY} set {column} = {value} where id ="  # noqa: S608 - words of this file
            f" (select entry_id from {LINK} where chain = %s and sequence = %s)",
            [there.name, there.at],
        )

    return do


def _set_link(column: str, value: str) -> Callable[[Any, Scene], None]:
    """Change a column of one link."""

    def do(cursor: Any, there: Scene) -> None:
        cursor.execute(
            f"update {LINK} set {column} = {value} where chain = %s and sequence = %s",  # noqa: S608
            [there.name, there.at],
        )

    return do


def delete_entry(cursor: Any, there: Scene) -> None:
    """Take an entry away and leave its link."""
    cursor.execute(
        f"delete from {ENTRY} where id = (select entry_id from {LINK} where chain = %s and sequence = %s)",  # noqa: S608
        [there.name, there.at],
    )


def delete_both(cursor: Any, there: Scene) -> None:
    """Take an entry and its link away."""
    delete_entry(cursor, there)
    cursor.execute(f"delete from {LINK} where chain = %s and sequence = %s", [there.name, there.at])  # noqa: S608


def delete_and_close(cursor: Any, there: Scene) -> None:
    """Take an entry and its link away, and close the gap by renumbering what follows."""
    delete_both(cursor, there)
    for step in ("-sequence", "-sequence - 1"):  # past the unique index
        cursor.execute(
            f"update {LINK} set sequence = {step} where chain = %s and (sequence > %s or sequence < 0)",  # noqa: S608
            [there.name, there.at],
        )


def swap_contents(cursor: Any, there: Scene) -> None:
    """Exchange what two entries say."""
    columns = "action, actor_role, purpose, object_kind, object_id, objects_seen, patient_id, patients, hospitals, at"
    both = f"select entry_id from {LINK} where chain = %s and sequence = %s"  # noqa: S608
    cursor.execute(
        f"update {ENTRY} mine set ({columns}, request_id) = (select {columns}, request_id from {ENTRY} theirs"  # noqa: S608
        f" where theirs.id = case when mine.id = ({both}) then ({both}) else ({both}) end)"
        f" where mine.id in (({both}), ({both}))",
        [there.name, there.at, there.name, there.other, there.name, there.at, there.name, there.at, there.name,
         there.other],
    )  # fmt: skip


def swap_entries(cursor: Any, there: Scene) -> None:
    """Let two links name each other's entry."""
    cursor.execute(
        f"select entry_id from {LINK} where chain = %s and sequence in (%s, %s) order by sequence",  # noqa: S608
        [there.name, there.at, there.other],
    )
    one, two = (row[0] for row in cursor.fetchall())
    spare = "00000000-0000-7000-8000-000000000000"
    for old, new in ((one, spare), (two, one), (spare, two)):
        cursor.execute(f"update {LINK} set entry_id = %s where entry_id = %s", [new, old])  # noqa: S608


def swap_places(cursor: Any, there: Scene) -> None:
    """Exchange the sequence numbers of two links."""
    for old, new in ((there.at, -1), (there.other, there.at), (-1, there.other)):
        cursor.execute(
            f"update {LINK} set sequence = %s where chain = %s and sequence = %s",  # noqa: S608
            [new, there.name, old],
        )


def cut_tail(cursor: Any, there: Scene) -> None:
    """Take away everything from a place to the end."""
    cursor.execute(f"delete from {LINK} where chain = %s and sequence >= %s returning entry_id", [there.name, there.at])  # noqa: S608
    gone = [row[0] for row in cursor.fetchall()]
    cursor.execute(f"delete from {ENTRY} where id = any(%s::uuid[])", [gone])  # noqa: S608


def cut_all(cursor: Any, there: Scene) -> None:
    """Take away the whole chain."""
    cut_tail(cursor, replace(there, at=1))


def hash_one(cursor: Any, there: Scene) -> None:
    """Change an entry and give its link the right hash."""
    _set("purpose", "'STATISTICS'")(cursor, there)
    rehash(cursor, there, there.at, there.at)


def hash_all(cursor: Any, there: Scene) -> None:
    """Change an entry and hash everything anew from there on, so that the chain is whole again."""
    _set("purpose", "'STATISTICS'")(cursor, there)
    rehash(cursor, there, there.at, sys.maxsize)


def rehash(cursor: Any, there: Scene, since: int, until: int) -> None:
    """Give links the hashes that their content and place ask for."""
    cursor.execute(
        f"select encode(hash, 'hex') from {LINK} where chain = %s and sequence = %s",  # noqa: S608
        [there.name, since - 1],
    )
    (previous,) = cursor.fetchone()
    cursor.execute(chain.ENTRIES, [there.name])
    for sequence, *content in cursor.fetchall():
        if since <= sequence <= until:
            made = chain.digest(there.name, sequence, previous, tuple(content))
            cursor.execute(
                f"update {LINK} set previous = decode(%s, 'hex'), hash = decode(%s, 'hex')"  # noqa: S608
                " where chain = %s and sequence = %s",
                [previous, made, there.name, sequence],
            )
            previous = made


def slip_in(cursor: Any, there: Scene) -> None:
    """Add an entry that no link holds."""
    columns = "action, actor_id, actor_role, actor_hospital_id, purpose, object_kind, object_id, patient_id, at"
    cursor.execute(
        f"insert into {ENTRY} (id, {columns}, request_id) select gen_random_uuid(), {columns}, request_id from {ENTRY}"  # noqa: S608
        f" where id = (select entry_id from {LINK} where chain = %s and sequence = %s)",
        [there.name, there.at],
    )


def _file(change: Callable[[list[str]], list[str]]) -> Callable[[Any, Scene], None]:
    """Change the lines of the file of heads."""

    def do(cursor: Any, there: Scene) -> None:
        file = Path(settings.AUDIT_HEADS) / "heads.jsonl"
        file.write_text("".join(f"{line}\n" for line in change(file.read_text().splitlines())))

    return do


def edit_head(lines: list[str]) -> list[str]:
    """Change a hash in the first line."""
    line = json.loads(lines[0])
    line["heads"] = {name: head | {"hash": "ab" * 32} for name, head in line["heads"].items()}
    return [json.dumps(line, sort_keys=True), *lines[1:]]


def forge_head(lines: list[str]) -> list[str]:
    """Sign the last line anew with a key of one's own."""
    line, key = json.loads(lines[-1]), Ed25519PrivateKey.generate()
    del line["signature"]
    line["key"] = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    text = json.dumps(line, sort_keys=True, separators=(",", ":")).encode()
    line["signature"] = base64.b64encode(key.sign(text)).decode()
    return [*lines[:-1], json.dumps(line, sort_keys=True)]


FIRST_LINE, SECOND_LINE = (lambda there: 1), (lambda there: 2)
ALTERATIONS = [
    Alteration("who did it is changed", _set("actor_id", "(select max(id) from consortium_person)"), Kind.EDITED),
    Alteration("the purpose is changed", _set("purpose", "'STATISTICS'"), Kind.EDITED),
    Alteration("the time is changed by a microsecond", _set("at", "at + interval '1 microsecond'"), Kind.EDITED),
    Alteration("the request is changed", _set("request_id", "'x'"), Kind.EDITED),
    Alteration("a patient is left out", _set("patient_id", "null"), Kind.EDITED),
    Alteration("a link's hash is changed", _set_link("hash", "sha256('x')"), Kind.EDITED),
    Alteration("a link's former hash is changed", _set_link("previous", "sha256('x')"), Kind.EDITED),
    Alteration("an entry is changed and hashed anew", hash_one, Kind.EDITED),
    Alteration("an entry is deleted", delete_entry, Kind.DELETED),
    Alteration("an entry and its link are deleted", delete_both, Kind.DELETED),
    Alteration("the same, the gap closed", delete_and_close, Kind.DELETED),
    Alteration("two entries are exchanged", swap_contents, Kind.SWAPPED),
    Alteration("two links are exchanged", swap_entries, Kind.SWAPPED),
    Alteration("two places are exchanged", swap_places, Kind.SWAPPED),
    Alteration("the tail is cut off", cut_tail, Kind.TRUNCATED),
    Alteration("the whole chain is deleted", cut_all, Kind.TRUNCATED, lambda there: 1),
    Alteration("everything after a change is hashed anew", hash_all, Kind.REWRITTEN, lambda s: s.first.sequence + 1),
    Alteration("an entry is slipped in", slip_in, Kind.UNCHAINED, lambda there: there.last.sequence + 1),
    Alteration("a signed head is changed", _file(edit_head), Kind.HEAD_FORGED, FIRST_LINE, heads.OF_ALL),
    Alteration("a head is signed by another key", _file(forge_head), Kind.HEAD_FORGED, SECOND_LINE, heads.OF_ALL),
    Alteration("a head is taken out", _file(lambda lines: lines[1:]), Kind.HEAD_FORGED, FIRST_LINE, heads.OF_ALL),
    Alteration("the last head is cut off", _file(lambda all_: all_[:-1]), Kind.HEAD_MISSING, SECOND_LINE, heads.OF_ALL),
]  # fmt: skip


def found_as(alteration: Alteration, found: Finding, there: Scene) -> Fault | None:
    """The fault that tells of the alteration: of its kind, at its place; and no other chain is blamed."""
    wanted = alteration.chain or there.name
    fault = found.faults.get(wanted)
    others = found.faults.keys() - {wanted}
    right = fault and (fault.kind, fault.sequence) == (alteration.kind, alteration.where(there))
    return fault if right and not others else None


def main(arguments: list[str] | None = None) -> int:
    """Write, alter, look, print; 1 if an alteration was missed or misplaced."""
    parser = argparse.ArgumentParser(prog="refnet drill tamper")
    parser.add_argument("--entries", type=int, default=600, help="readings, half before the first heads")
    options = parser.parse_args(arguments)
    settings.ALLOWED_HOSTS = ["testserver"]
    logging.getLogger("refnet.trail").setLevel(logging.CRITICAL)  # the table below tells
    world = World.make()
    there = scene(world, options.entries)
    began = time.monotonic()
    clean = heads.verify(now=NOW)
    seconds = time.monotonic() - began
    print(
        f"  {clean.rows} entries in {len(clean.reached)} chains verified in {seconds:.2f} s, {len(clean.faults)} faults"
    )
    missed = len(clean.faults)
    for alteration in ALTERATIONS:
        with altered(alteration, there):
            found = heads.verify(now=NOW)
        fault = found_as(alteration, found, there)
        missed += fault is None
        told = fault or next(iter(found.faults.values()), None)
        place = f"{told.kind} at {told.sequence} {told.detail}" if told else "nothing"
        print(f"  {'✓' if fault else '✗'} {alteration.title:45} {place}", flush=True)
    print(f"\n  {len(ALTERATIONS)} alterations, {missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
