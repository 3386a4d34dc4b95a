"""Behind a pool that hands out connections by transaction: nobody is ever answered as somebody else."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from consortium import access
from referrals.models import Referral, Status
from tests.live.server import PROJECT
from tests.world import DOCTOR, EXPERT, World

POOL = """
[databases]
{name} = host={host} {port} dbname={name}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = 6432
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 2
max_client_conn = 50
ignore_startup_parameters = options, extra_float_digits
logfile = {folder}/log
pidfile = {folder}/pid
"""
# Six threads, each in turn as two people and as nobody, over two connections of the pool.
MANY = """
import json, sys, threading
from datetime import datetime
import django
django.setup()
from django.db import connection
from consortium import access
from consortium.database.acting import acting
from consortium.models import Person
from referrals.models import Referral
people = json.loads(sys.argv[1])
wrong, done = [], []
def ask(turn):
    for number in range(30):
        name, wanted = people[(turn + number) % len(people)]
        with acting(None):
            if Referral.objects.count():
                wrong.append("nobody")
        by = access.actor(Person.objects.get(username=name), now=datetime.fromisoformat(sys.argv[2]))
        with acting(by):
            found = sorted(str(pk) for pk in Referral.objects.values_list("pk", flat=True))
        if found != wanted:
            wrong.append((name, found))
        if Referral.objects.count():
            wrong.append("outside")
        done.append(number)
    connection.close()
threads = [threading.Thread(target=ask, args=(turn,)) for turn in range(6)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
with connection.cursor() as cursor:
    cursor.execute("select current_user, coalesce(current_setting('refnet.person', true), '')")
    print(json.dumps({"wrong": wrong[:5], "done": len(done), "left": cursor.fetchone()}))
"""


@pytest.fixture
def pool(tmp_path: Path, transactional_db: None) -> Iterator[str]:
    """The address of the test database behind a PgBouncer in transaction mode, signed in as the application."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        warnings.warn("NOT TESTED behind PgBouncer: there is none here (apt install pgbouncer)", stacklevel=1)
        pytest.skip("there is no pgbouncer; apt install pgbouncer")
    at = connection.settings_dict
    folder = Path("/tmp") / f"refnet-pool-{os.getpid()}"  # noqa: S108 - a socket's path must be short
    folder.mkdir(mode=0o700)
    port = f"port={at['PORT']}" if at["PORT"] else ""
    (folder / "ini").write_text(POOL.format(name=at["NAME"], host=at["HOST"], port=port, folder=folder))
    (folder / "users").write_text('"refnet_app" ""\n')
    account = []
    if os.geteuid() == 0:  # it refuses to run as root; the embedded server's own account may enter its socket
        who = pwd.getpwuid(Path(at["HOST"]).stat().st_uid) if at["HOST"].startswith("/") else pwd.getpwnam("nobody")
        account = ["-u", who.pw_name]
        for path in (folder, folder / "ini", folder / "users"):
            os.chown(path, who.pw_uid, who.pw_gid)
    running = subprocess.Popen([program, *account, str(folder / "ini")])
    try:
        end = time.monotonic() + 30
        while not (folder / ".s.PGSQL.6432").exists():
            assert running.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end
            time.sleep(0.1)
        yield f"postgresql://refnet_app@{quote(str(folder), safe='')}:6432/{at['NAME']}"
    finally:
        running.terminate()
        running.wait()
        shutil.rmtree(folder)


def test_people_who_share_the_connections_of_a_pool_are_never_taken_for_each_other(pool: str, committed: World):
    world = committed
    world.referral(Status.SENT)
    world.draft()
    people = []
    for place, role in (("county", DOCTOR), ("province", EXPERT), ("foreign", DOCTOR)):
        by = world.actor(place, role)
        seen = access.visible(by, Referral).values_list("pk", flat=True)
        people.append((by.person.username, sorted(str(pk) for pk in seen)))
    assert [len(seen) for _name, seen in people] == [2, 1, 0]
    environment = os.environ | {"DATABASE_URL": pool, "DJANGO_SETTINGS_MODULE": "consortium.settings"}
    done = subprocess.run(
        [sys.executable, "-c", MANY, json.dumps(people), world.now.isoformat()],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"wrong": [], "done": 180, "left": ["refnet_app", ""]}
