"""Signing in works with no more rights than the application has in production: no superuser, policies in force."""

from collections.abc import Iterator

import pytest
from django.db import connection

from consortium.models import AuditEntry, Person
from consortium.roles import Role
from tests.edge.client import as_role, gid
from tests.sign_in.door import Door, code_of
from tests.world import World

FRESH = "another-good-secret-7"


@pytest.fixture
def _as_the_application(world: World, settings) -> Iterator[None]:
    """The connection's own role is the application's, as in production."""
    settings.DATABASE_ROLE = "refnet_app"
    with connection.cursor() as cursor:
        cursor.execute("set local role refnet_app")
    connection.acting_as = ("refnet_app", "", "")
    yield
    with connection.cursor() as cursor:
        cursor.execute("reset role")
    del connection.acting_as


@pytest.mark.usefixtures("_as_the_application")
def test_every_step_at_the_door_and_each_leaves_its_entry(world, doctor):
    door = Door().enter(doctor)
    secret, codes = door.enrol()
    door.send("POST", "recovery-codes/")
    assert door.send("POST", "password/", {"old": "a-long-enough-secret", "new": FRESH}).status_code == 200
    door.send("DELETE", "")
    door.password(doctor, FRESH)
    assert door.send("POST", "factor/", {"code": code_of(secret, 1)}).status_code == 200
    assert [len(door.get(path)[name]) for path, name in (("sessions/", "sessions"), ("factors/", "factors"))] == [1, 1]
    (row,) = door.get("factors/")["factors"]
    assert door.send("DELETE", f"factors/{row['id']}/").status_code == 200
    assert door.send("DELETE", "sessions/").json() == {"ended": 0}
    boss = as_role(world, "county", Role.SYSTEM_ADMIN)
    wanted = {"username": "xiao.li", "name": "李敏", "hospital": gid(world.hospitals["county"])}
    link = boss.done("createPerson", "account { setupLink }", **wanted)["account"]["setupLink"]
    answer = Door().send("POST", "setup/", {"secret": link.partition("=")[2], "password": FRESH})
    assert answer.status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        assert cursor.fetchone() == ("refnet_app",)
        cursor.execute("reset role")
    people = [doctor, boss.person, Person.objects.get(username="xiao.li")]
    entries = AuditEntry.objects.filter(actor__in=people).order_by("id").values_list("action", flat=True)
    assert list(entries) == [
        "sign_in",
        "add_totp",
        "renew_recovery_codes",
        "change_password",
        "sign_in",
        "remove_second_factor",
        "create_person",
        "set_up_password",
    ]
    assert len(codes) == 10
