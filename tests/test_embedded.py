"""The embedded PostgreSQL: one server for all its users, gone with the last, whatever is killed in between."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from django.db import connections

from consortium.database import checks, cluster, embedded

PROJECT = Path(__file__).resolve().parents[1]
USER = "from consortium.database import embedded; print(embedded.attach(), flush=True); input()"
FORKING_USER = (
    "import os; from consortium.database import embedded; embedded.attach()\n"
    "if os.fork(): print('attached', flush=True)\n"
    "input()"
)


class Bench:
    """A throw-away data folder, and programs that use it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cluster = cluster.Cluster(folder, throwaway=True)
        self.environment = os.environ | {"REFNET_DATA": os.fspath(folder), "REFNET_THROWAWAY": "1"}
        self.users: list[subprocess.Popen[str]] = []

    def begin(self, program: str = USER) -> subprocess.Popen[str]:
        user = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=PROJECT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.users.append(user)
        return user

    def attached(self, program: str = USER) -> subprocess.Popen[str]:
        user = self.begin(program)
        assert user.stdout
        assert user.stdout.readline()
        return user

    def leave(self, *users: subprocess.Popen[str]) -> None:
        for user in users:
            user.communicate("\n", timeout=30)

    def db(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "consortium.database", *words]
        return subprocess.run(
            command,
            cwd=PROJECT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def postmaster(self) -> int:
        return int((self.cluster.data / "postmaster.pid").read_text().splitlines()[0])

    def keeper(self) -> int:
        status = Path(f"/proc/{self.postmaster()}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:"))

    def ask(self, query: str, user: str = "refnet") -> tuple[object, ...]:
        session = psycopg2.connect(host=os.fspath(self.cluster.socket_folder), user=user, dbname="refnet")
        session.autocommit = True
        try:
            with session.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchone() if cursor.description else ()
        finally:
            session.close()

    def end_users(self) -> None:
        for user in self.users:
            user.kill()
            user.wait()
            for pipe in (user.stdin, user.stdout):
                if pipe:
                    pipe.close()
        self.users.clear()

    def clean(self) -> None:
        self.end_users()
        self.db("stop")
        if self.cluster.socket_folder.parent != self.folder:
            shutil.rmtree(self.cluster.socket_folder, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether the condition comes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture(scope="module")
def kept() -> Iterator[Bench]:
    # Not pytest's own folder: root's is closed to the account that the server runs under.
    bench = Bench(Path(tempfile.mkdtemp(prefix="refnet-test-")))
    yield bench
    bench.clean()


@pytest.fixture
def bench(kept: Bench) -> Iterator[Bench]:
    yield kept
    kept.end_users()
    assert eventually(lambda: not kept.cluster.listening())


def test_the_first_user_starts_the_server_and_the_last_stops_it(bench: Bench) -> None:
    first = bench.attached()
    server = bench.postmaster()
    second = bench.attached()
    assert bench.postmaster() == server
    bench.leave(first)
    assert bench.ask("select 1") == (1,)
    bench.leave(second)
    assert eventually(lambda: not bench.cluster.listening())
    assert eventually(lambda: not Path(f"/proc/{server}").exists())


def test_many_first_users_at_once_share_one_server(bench: Bench) -> None:
    users = [bench.begin() for _ in range(6)]
    said = {user.stdout.readline().strip() for user in users if user.stdout}
    assert said == {f"postgresql://refnet@{str(bench.cluster.socket_folder).replace('/', '%2F')}/refnet"}
    starts = bench.cluster.log.read_text().count("database system is ready")
    bench.attached()
    assert bench.cluster.log.read_text().count("database system is ready") == starts


def test_users_that_come_and_go_never_meet_a_stopping_server(bench: Bench) -> None:
    for _ in range(5):
        user = bench.attached()
        assert bench.ask("select 1") == (1,)
        bench.leave(user)


def test_a_killed_user_leaves_nothing_behind(bench: Bench) -> None:
    user = bench.attached()
    user.kill()
    user.wait()
    assert eventually(lambda: not bench.cluster.listening())
    bench.attached()
    assert bench.ask("select 1") == (1,)


def test_a_forked_child_counts_as_a_user(bench: Bench) -> None:
    parent = bench.attached(FORKING_USER)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    time.sleep(0.3)
    assert bench.ask("select 1") == (1,)
    assert parent.stdin
    parent.stdin.close()  # the child reads the same pipe
    assert eventually(lambda: not bench.cluster.listening())


def test_a_killed_server_comes_back_with_its_data(bench: Bench) -> None:
    bench.attached()
    bench.ask("create table if not exists kept_word (word text)")
    # A throw-away cluster forgets the last moments of a killed server unless a session asks for more.
    bench.ask("set synchronous_commit = on; insert into kept_word values ('湘雅')")
    killed = bench.postmaster()
    os.kill(killed, signal.SIGKILL)
    assert eventually(lambda: not Path(f"/proc/{killed}").exists())
    bench.attached()
    assert bench.postmaster() != killed
    assert bench.ask("select word from kept_word") == ("湘雅",)
    bench.ask("drop table kept_word")


@pytest.mark.parametrize("victims", [("keeper",), ("keeper", "postmaster")])
def test_a_killed_keeper_is_replaced(bench: Bench, victims: tuple[str, ...]) -> None:
    user = bench.attached()
    keeper = bench.keeper()
    for victim in [getattr(bench, victim)() for victim in victims]:
        os.kill(victim, signal.SIGKILL)
    bench.leave(user)
    following = bench.attached()
    assert bench.ask("select 1") == (1,)
    assert bench.keeper() != keeper
    bench.leave(following)
    assert eventually(lambda: not bench.cluster.listening())


def test_a_stale_mark_with_a_reused_process_id_does_not_block_the_start(bench: Bench) -> None:
    bench.leave(bench.attached())
    assert eventually(lambda: not bench.cluster.listening())
    mark = bench.cluster.data / "postmaster.pid"
    assert eventually(lambda: not mark.exists())
    owner = bench.cluster.data.stat()
    stranger = subprocess.Popen(["sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None)  # noqa: S607 (any sleep)
    try:
        mark.write_text(f"{stranger.pid}\n{bench.cluster.data}\n0\n5432\n\n\n 1 1\nready\n")
        os.chown(mark, owner.st_uid, owner.st_gid)
        bench.attached()
        assert bench.ask("select 1") == (1,)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_it_listens_on_no_network_and_its_socket_is_private(bench: Bench) -> None:
    bench.attached()
    assert bench.ask("show listen_addresses") == ("",)
    assert bench.cluster.socket_folder.stat().st_mode & 0o777 == 0o700


def test_the_owner_is_no_superuser_but_passes_policies_and_may_make_databases_and_extensions(
    bench: Bench,
) -> None:
    bench.attached()
    query = "select rolsuper, rolbypassrls, rolcreatedb from pg_roles where rolname = current_user"
    assert bench.ask(query) == (False, True, True)
    bench.ask("create extension if not exists pg_trgm")


def test_it_knows_chinese(bench: Bench) -> None:
    bench.attached()
    bench.ask("create extension if not exists pg_trgm")
    assert bench.ask("show server_encoding") == ("UTF8",)
    query = r"select '湖南省', '省' ~ '^\w$', lower('Ä省'), cardinality(show_trgm('湖南省'))"
    assert bench.ask(query) == ("湖南省", True, "ä省", 4)


def test_the_commands_say_where_stop_and_reset(bench: Bench) -> None:
    user = bench.attached()
    assert bench.db("where").stdout.splitlines()[0] == str(bench.folder)
    assert "running" in bench.db("where").stdout
    assert "stopped" in bench.db("stop").stdout
    assert not bench.cluster.listening()
    assert "was not running" in bench.db("stop").stdout
    refused = bench.db("reset", "--yes")
    assert refused.returncode == 1
    assert "in use" in refused.stderr
    bench.leave(user)
    unconfirmed = bench.db("reset")
    assert unconfirmed.returncode == 1
    assert "--yes" in unconfirmed.stderr
    assert bench.cluster.data.exists()
    assert bench.db("reset", "--yes").returncode == 0
    assert not bench.cluster.data.exists()
    bench.attached()
    assert bench.ask("select 1") == (1,)


def test_a_path_too_long_for_a_socket_gets_one_elsewhere() -> None:
    top = Path(tempfile.mkdtemp(prefix="refnet-test-"))
    top.chmod(0o711)
    bench = Bench(top / ("长" * 30))
    try:
        bench.attached()
        assert bench.cluster.socket_folder.parent == Path("/tmp")  # noqa: S108 (what is tested)
        assert bench.ask("select 1") == (1,)
    finally:
        bench.clean()
        shutil.rmtree(top)


@pytest.mark.parametrize("folder", ["/proc/refnet", "/dev/null/refnet"])
def test_an_unwritable_folder_is_a_sentence(kept: Bench, folder: str) -> None:
    command = [sys.executable, "-m", "consortium.database", "hold"]
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env=kept.environment | {"REFNET_DATA": folder},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"数据文件夹 {folder} 无法写入")
    assert "set REFNET_DATA" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_socket_folder_laid_by_another_user_is_refused() -> None:
    with tempfile.TemporaryDirectory(prefix="refnet-test-") as folder:
        (Path(folder) / "real").mkdir()
        (Path(folder) / "socket").symlink_to("real")
        with pytest.raises(embedded.Unavailable, match="belongs to another user"):
            cluster.Cluster(Path(folder)).open_folders()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs under another account")
def test_a_folder_closed_to_the_server_account_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(embedded.Unavailable, match="not reachable for the account"):
        cluster.Cluster(tmp_path / "data").open_folders()
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_data_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(embedded.Unavailable, match=r"made by PostgreSQL 9 and \d+ is installed"):
        cluster.Cluster(tmp_path).create()


def test_a_platform_without_the_wheel_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(embedded.Unavailable, match="set DATABASE_URL"):
        cluster.Cluster(tmp_path).create()


@pytest.mark.parametrize(("locale", "complaints"), [("C.UTF-8", []), ("C", ["refnet.W001"])])
def test_the_system_check_warns_of_a_database_that_cannot_search_chinese(
    bench: Bench, django_db_blocker: object, locale: str, complaints: list[str]
) -> None:
    bench.attached()
    name = f"asked_{locale.lower().replace('.', '_').replace('-', '_')}"
    bench.ask(f"create database {name} template template0 encoding 'UTF8' locale '{locale}'")
    connections.settings[name] = connections.settings["default"] | {
        "HOST": os.fspath(bench.cluster.socket_folder),
        "PORT": "",
        "USER": "refnet",
        "PASSWORD": "",
        "NAME": name,
        "OPTIONS": {},
    }
    try:
        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            assert [warning.id for warning in checks.check_chinese_search(databases=[name])] == complaints
    finally:
        connections[name].close()
        del connections[name], connections.settings[name]
        bench.ask(f"drop database {name}")
