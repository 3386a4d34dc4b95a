"""A database with so many referrals: made once from the empty one, used again as long as neither it nor we changed."""

import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg2
from django.conf import settings
from django.db import connection, connections, transaction
from django.db.migrations.recorder import MigrationRecorder

from bench.network import legs, places
from bench.network.table import Table
from consortium import moment
from consortium.database import months
from consortium.progress import shown

OWNER = "postgres"  # of the private cluster: loads without asking each row for its references
BATCH = 5_000
HERE = Path(__file__).parent


def use(rows: int, *, of: str = "") -> str:
    """Let this process speak to the database of so many referrals, loaded if it is not there; its name.

    It is made from the empty one that the process speaks to, or that is named.
    """
    if of:
        _speak_to(of)
    name, mark = f"refnet_bench_{rows}", _mark()
    if _marked(name) != mark:
        _copy_empty(name)
        _speak_to(name)
        load(rows)
        _as_owner(f"comment on database \"{name}\" is '{mark}'")
    _speak_to(name)
    return name


def load(rows: int) -> None:
    """Fill the database that this process speaks to; progress on the terminal."""
    began = time.monotonic()
    with transaction.atomic():
        network = places.stored()
    until = moment.real()
    source = legs.Legs(network, seed=7, until=until)
    months.ahead(until, months=1, since=until - legs.SPAN)
    progress = shown(sys.stdout, f"  {rows} referrals")
    with closing(_owner(connection.settings_dict["NAME"])) as link, ThreadPoolExecutor(1) as sending:
        with link.cursor() as cursor:
            cursor.execute("set session_replication_role = replica; set synchronous_commit = off")
        sent: Future[None] | None = None
        for start in range(0, rows, BATCH):
            for number in range(start, min(rows, start + BATCH)):
                source.write(number, rows)
            if sent:
                sent.result()
            sent = sending.submit(_send, link, [(table, table.taken()) for table in source.tables.values()])
            progress(min(rows, start + BATCH), rows)
        if sent:
            sent.result()
        link.commit()
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute("set session_replication_role = origin")
            cursor.execute("select referrals_recount_legs()")
            cursor.execute("vacuum (analyze)")
    print(f"  loaded in {time.monotonic() - began:.0f} s", flush=True)


def _send(link: Any, files: list[tuple[Table, Any]]) -> None:
    with link.cursor() as cursor:
        for table, file in files:
            cursor.copy_expert(f'copy "{table.name}" ({table.columns}) from stdin', file)
    link.commit()


def _mark() -> str:
    """What decides how the database would be made: the migrations, the keys that seal, and the loader itself."""
    applied = sorted(MigrationRecorder(connection).applied_migrations())
    texts = [path.read_text(encoding="utf-8") for path in sorted(HERE.glob("*.py"))]
    keys = sorted(settings.KEYRING.index.known.items())
    return sha256(repr((applied, texts, keys)).encode()).hexdigest()


def _marked(name: str) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("select shobj_description(oid, 'pg_database') from pg_database where datname = %s", [name])
        found = cursor.fetchone()
    return found[0] if found else None


def _copy_empty(name: str) -> None:
    """Make the database anew from the one that was only set up."""
    empty, owner = connection.settings_dict["NAME"], connection.settings_dict["USER"]
    connections.close_all()
    _as_owner(f'drop database if exists "{name}" with (force)')
    _as_owner(f'create database "{name}" template "{empty}" owner "{owner}"')


def _speak_to(name: str) -> None:
    connections.close_all()
    connection.settings_dict["NAME"] = name


def _owner(database: str) -> Any:
    given = connection.settings_dict
    return psycopg2.connect(dbname=database, user=OWNER, host=given["HOST"], port=given["PORT"] or None)


def _as_owner(statement: str) -> None:
    link = _owner("postgres")
    link.autocommit = True
    with link.cursor() as cursor:
        cursor.execute(statement)
    link.close()
