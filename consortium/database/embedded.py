"""The private PostgreSQL of this project: the first process to attach starts it, it stops when the last is gone.

Each user process holds a shared kernel lock on one file for as long as it lives, its forked children with it. A
keeper process waits for the exclusive lock on that file: the kernel grants it when no user is left, however each
ended, and the keeper stops the server. So nothing has to be cleaned up after a `kill -9`.

Reads two settings from the environment itself, because Django's settings ask it for the database: REFNET_DATA, the
data folder, and REFNET_THROWAWAY=1, for data that need not survive a power loss. Linux and macOS.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import psycopg2

from consortium.database.cluster import Cluster, Unavailable

__all__ = ["Unavailable", "attach", "data_folder", "reset", "stop", "this_cluster", "url"]

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 120  # seconds; recovery after a power loss may take most of it

# The shared lock of this process, kept open for its life: closing it is what "this user has left" means.
_held: int | None = None


def data_folder() -> Path:
    """The folder of `postgres/` (the cluster) and `files/` (uploads), made or not: REFNET_DATA, or `.refnet` in the
    project, or for root one below /var/lib/refnet, since the server's own account may not enter the project."""
    if chosen := os.environ.get("REFNET_DATA"):
        return Path(chosen).expanduser().resolve()
    if os.geteuid() == 0:
        return Path("/var/lib/refnet") / sha256(os.fsencode(PROJECT)).hexdigest()[:8]
    return PROJECT / ".refnet"


def this_cluster() -> Cluster:
    """The cluster that the environment names."""
    return Cluster(data_folder(), throwaway=os.environ.get("REFNET_THROWAWAY") == "1")


def url() -> str:
    """The DATABASE_URL of the cluster, running or not; the socket's folder stands, percent-encoded, as the host."""
    return f"postgresql://refnet@{quote(os.fspath(this_cluster().socket_folder), safe='')}/refnet"


def attach() -> str:
    """Return the DATABASE_URL of the running cluster, made and started if need be, and stay its user until this
    process and its forked children end; raises Unavailable with the remedy."""
    global _held
    cluster = this_cluster()
    if _held is None or not cluster.listening():
        cluster.open_folders()
        with _locked(cluster, "door"):
            if _held is None:
                # Waits here while the keeper, having found nobody, is stopping the server.
                _held = _lock(cluster, "users", fcntl.LOCK_SH)
            cluster.create()
            _wait_until_it_answers(cluster)
    return url()


def stop() -> bool:
    """Stop the server even if it has users, and tell whether it ran."""
    cluster = this_cluster()
    ran = cluster.listening()
    if ran:
        cluster.halt()
        os.close(_patient_lock(cluster, "keeper"))
    return ran


def reset() -> None:
    """Delete database, files and the trail's heads for good; raises Unavailable while another process uses them."""
    cluster = this_cluster()
    cluster.open_folders()
    with _locked(cluster, "door"):
        users = _patient_lock(cluster, "users")
        stop()
        shutil.rmtree(cluster.data, ignore_errors=True)
        for name in ("files", "heads"):  # heads of a trail that is gone would tell that it was deleted
            shutil.rmtree(cluster.folder / name, ignore_errors=True)
        os.close(users)


def _lock(cluster: Cluster, name: str, kind: int) -> int:
    """Take a kernel lock and return the open file that carries it; raises BlockingIOError with LOCK_NB."""
    try:
        file = os.open(cluster.lock_file(name), os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError as error:
        raise cluster.unwritable(error) from error
    try:
        fcntl.flock(file, kind)
    except BlockingIOError:
        os.close(file)
        raise
    return file


@contextmanager
def _locked(cluster: Cluster, name: str) -> Iterator[None]:
    file = _lock(cluster, name, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(file)


def _patient_lock(cluster: Cluster, name: str) -> int:
    """Take an exclusive lock that a keeper on its way out may still hold."""
    end = time.monotonic() + 5
    while True:
        try:
            return _lock(cluster, name, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise Unavailable(
                    f"{cluster.folder} 的数据库正在使用，请先停止使用它的程序（如 ./refnet demo）。\n"
                    f"The database in {cluster.folder} is in use: first stop what uses it (such as ./refnet demo)."
                ) from None
            time.sleep(0.05)


def _wait_until_it_answers(cluster: Cluster) -> None:
    """See to it that a keeper runs and the database is there; called behind the door, so by one process at a time."""
    end = time.monotonic() + PATIENCE
    keeper = _hire_keeper(cluster)
    while not _answers(cluster):
        # The one there was may have been on its way out; one of our own that has ended will not succeed next time.
        keeper = keeper or _hire_keeper(cluster)
        if (keeper and keeper.poll() is not None) or time.monotonic() > end:
            raise Unavailable(
                f"PostgreSQL 未能启动：{cluster.last_words()}。日志在 {cluster.log}；可改用 DATABASE_URL。\n"
                f"PostgreSQL did not start: {cluster.last_words()}. Its log is {cluster.log}; or set DATABASE_URL."
            )
        time.sleep(0.02)


def _hire_keeper(cluster: Cluster) -> subprocess.Popen[bytes] | None:
    """Start a keeper unless there is one, handing over the lock that says so without letting go of it."""
    try:
        lock = _lock(cluster, "keeper", fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    # A server whose keeper was killed has nobody to stop it: the new keeper begins with one of its own.
    cluster.halt()
    environment = os.environ | {"REFNET_DATA": os.fspath(cluster.folder)}
    with cluster.log.open("ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "consortium.database", "keep"],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Not of the terminal's group: Ctrl-C is for the users, and the keeper leaves after them.
            start_new_session=True,
            pass_fds=[lock],
        )
    os.close(lock)
    return keeper


def _answers(cluster: Cluster) -> bool:
    """Whether the server takes queries; if so the role and the database `refnet` are there afterwards."""
    if not cluster.listening():
        return False
    try:
        session = psycopg2.connect(host=os.fspath(cluster.socket_folder), user="postgres", dbname="postgres")
    except psycopg2.OperationalError:
        return False
    with closing(session), session.cursor() as cursor:
        session.autocommit = True
        cursor.execute("select 1 from pg_roles where rolname = 'refnet'")
        if not cursor.fetchone():
            cursor.execute("create role refnet login createdb createrole")
        cursor.execute("select 1 from pg_roles where rolname = 'refnet_report'")
        if not cursor.fetchone():
            # The owner sees everything, so that it can migrate; requests step down to refnet_app, see `acting`.
            cursor.execute("alter role refnet bypassrls")
            cursor.execute((Path(__file__).parent / "roles.sql").read_text(encoding="utf-8"))
            cursor.execute("grant refnet_app, refnet_system, refnet_report to refnet")
        cursor.execute("select 1 from pg_database where datname = 'refnet'")
        if not cursor.fetchone():
            cursor.execute("create database refnet owner refnet")
    return True
