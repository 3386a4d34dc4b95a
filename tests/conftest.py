"""The test database with its catalogues, and the small world that most tests act in.

Three ways to the database, one per module:
- `world`: the world of `tests/world.py`, made once per module in a transaction of its own; each test in a savepoint
  (`lab`: with pathology, see `tests/lab.py`);
- `db` (pytest-django): an empty network with catalogues, one transaction per test; not in a module that uses `world`;
- `committed`, `transactional_db` or `live_server`: real commits, for threads and servers; emptied after the test.
"""

import os
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection, reset_queries, transaction
from django.test import TransactionTestCase
from django.test.client import ClientHandler
from django.test.utils import setup_databases, teardown_databases
from psycopg2.errors import DeadlockDetected
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from consortium.database import acting
from tests.lab import Lab
from tests.world import World

# Divisions, concepts and time limits are loaded once and outlive every test, as do the rows that migrations made.
KEPT = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "consortium_division",
    "consortium_concept",
    "consortium_clockrule",
    "consortium_escalationrule",
    "consortium_greenrule",
    "consortium_milestonerule",
}
APPEND_ONLY = (
    "consortium_event",
    "consortium_auditentry",
    "consortium_unmasking",
    "consortium_auditlink",
    "telemedicine_report",
    "telemedicine_addendum",
)

# Servers and commands that tests start in folders of their own open what this process sealed.
os.environ.setdefault("REFNET_KEY_FILE", str(settings.DATA_FOLDER / "keys.json"))

hypothesis.settings.register_profile("refnet", database=None, deadline=None, derandomize=True)
hypothesis.settings.load_profile("refnet")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Whole modules go to one worker, so that each world is made once."""
    return LoadFileScheduling(config, log) if config.getoption("dist") == "load" else None


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment, django_db_modify_db_settings, django_db_keepdb, django_db_createdb, django_db_blocker
) -> Iterator[None]:
    """The test database, always, whatever fixtures the collected tests name; with the catalogues loaded."""
    with django_db_blocker.unblock():
        made = setup_databases(
            verbosity=0,
            interactive=False,
            aliases=["default"],
            serialized_aliases=[],
            keepdb=django_db_keepdb and not django_db_createdb,
        )
        call_command("secure_database", verbosity=0)
        call_command("load_registry", verbosity=0, stdout=open_nowhere())
    yield
    if not django_db_keepdb:
        with django_db_blocker.unblock():
            teardown_databases(made, verbosity=0)


class Nowhere:
    """A stream that forgets."""

    def write(self, text: str) -> int:
        """Take the text and keep nothing of it."""
        return len(text)


def open_nowhere() -> Nowhere:
    """A place for the chatter of commands."""
    return Nowhere()


def empty_the_tables(*_: object) -> None:
    """Delete every row but the catalogues, again where a server that still reads and we were in each other's way."""
    for _attempt in range(4):
        try:
            return _empty_the_tables()
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
    return _empty_the_tables()


def _empty_the_tables() -> None:
    """Delete them once; the trail's triggers refuse `truncate`, so they are away meanwhile."""
    tables = ", ".join(sorted(set(connection.introspection.table_names()) - KEPT))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local lock_timeout = '10s'")
        cursor.execute(
            "select inhrelid::regclass::text from pg_inherits join pg_class c on c.oid = inhrelid"
            " where c.relkind = 'r' and inhparent = any(%s::regclass[])",
            [list(APPEND_ONLY)],
        )
        written_once = [*APPEND_ONLY, *(part for (part,) in cursor.fetchall())]
        for table in written_once:
            cursor.execute(f"alter table {table} disable trigger user")
        # Rules of an alliance go with it; the shipped ones stay.
        cursor.execute("create temp table shipped on commit drop as table consortium_clockrule")
        cursor.execute(f"truncate {tables}, consortium_clockrule")
        cursor.execute("insert into consortium_clockrule select * from shipped where alliance_id is null")
        for table in written_once:
            cursor.execute(f"alter table {table} enable trigger user")


@pytest.fixture(scope="session", autouse=True)
def _catalogues_survive_commits() -> Iterator[None]:
    """Django's own clean-up flushes every table: the trail refuses that, and the catalogues would be gone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_the_tables)
        yield


@pytest.fixture(scope="session", autouse=True)
def _requests_come_as_the_application() -> Iterator[None]:
    """What a test stores it stores as the owner; what a request does it does as `refnet_app`, as in service."""
    plain = ClientHandler.get_response

    def become(role: str) -> None:
        with connection.cursor().cursor as driver:  # not one of the statements that a test counts
            driver.execute("select set_config('role', %s, %s)", [role, connection.in_atomic_block])

    def as_the_application(handler: ClientHandler, request: Any) -> Any:
        before = acting.current()
        become(acting.APP)
        connection.acting_as = (acting.APP, "", "")
        try:
            return plain(handler, request)
        finally:
            connection.acting_as = before
            become(before[0])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientHandler, "get_response", as_the_application)
        yield


@pytest.fixture(scope="session", autouse=True)
def _real_time() -> Iterator[None]:
    """Whatever a demonstration's clock in the data folder shows, tests go by real time unless they set one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "DEMO_CLOCK", None)
        yield


@pytest.fixture(scope="module")
def _module_world(django_db_setup, django_db_blocker) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        world = World.make()
        yield world
        transaction.set_rollback(True)


@pytest.fixture
def world(_module_world: World) -> Iterator[World]:
    """The small world; whatever a test does to it is undone."""
    reset_queries()  # so that a test can count its statements: Django remembers no more than 9000
    with transaction.atomic():
        yield _module_world
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def _module_lab(django_db_setup, django_db_blocker) -> Iterator[Lab]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield Lab.make()  # type: ignore[misc]
        transaction.set_rollback(True)


@pytest.fixture
def lab(_module_lab: Lab) -> Iterator[Lab]:
    """The small world with its pathologists; whatever a test does to it is undone."""
    reset_queries()
    with transaction.atomic():
        yield _module_lab
        transaction.set_rollback(True)


@pytest.fixture
def committed_lab(transactional_db: None) -> Lab:
    """The small world with its pathologists, committed, for tests with threads."""
    return Lab.make()  # type: ignore[return-value]


@pytest.fixture
def committed(transactional_db: None) -> World:
    """The small world, committed, for tests with threads or real transactions."""
    return World.make()
