"""How a real network begins: a member, an alliance, an account with its first role."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from consortium import access
from consortium.models import Alliance, Department, Hospital, Person
from consortium.roles import PERMISSIONS, Role
from tests.world import World


def added(*arguments: str) -> str:
    """What the command prints: the password alone, if it made one."""
    out = StringIO()
    call_command("add_person", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def test_a_new_account_holds_its_role_and_can_sign_in(world: World) -> None:
    hospital = Hospital.objects.get(pk=world.hospitals["county"].pk)
    password = added("new.admin", "--name", "张三", "--role", "HOSPITAL_ADMIN", "--hospital", hospital.credit_code)
    person = Person.objects.get(username="new.admin")
    assert person.check_password(password)
    by = access.actor(person, now=timezone.now())
    assert by.permissions[by.held[0].pk] == PERMISSIONS[Role.HOSPITAL_ADMIN]
    assert by.reach("grant_role").hospitals == {hospital.pk}


def test_a_second_role_at_a_department_and_never_the_same_twice(world: World) -> None:
    department = Department.objects.select_related("hospital").get(pk=world.departments["county"].pk)
    where = ["--hospital", department.hospital.credit_code, "--department", department.name]
    added("li.si", "--name", "李四", "--role", "REFERRING_DOCTOR", *where)
    assert added("li.si", "--role", "EXPERT", *where) == ""
    with pytest.raises(CommandError, match="already holds EXPERT"):
        added("li.si", "--role", "EXPERT", *where)
    assert Person.objects.get(username="li.si").roles.count() == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--role", "EXPERT", "--hospital", "000000000000000000"], "no such place"),
        (["--role", "EXPERT"], "either --hospital"),
        (["--role", "COMMISSION_OBSERVER", "--hospital", "COUNTY"], "cannot be held there"),
        (["--role", "HOSPITAL_ADMIN", "--hospital", "COUNTY", "--password", "123"], "10"),
    ],
)
def test_a_mistake_gets_a_sentence_and_leaves_no_account(world: World, arguments: list[str], sentence: str) -> None:
    code = world.hospitals["county"].credit_code
    with pytest.raises(CommandError, match=sentence):
        added("nobody", "--name", "无", *[code if word == "COUNTY" else word for word in arguments])
    assert not Person.objects.filter(username="nobody").exists()


def test_an_alliance_is_founded_once(world: World) -> None:
    lead = world.hospitals["province"]
    call_command("add_alliance", "stroke", "卒中联盟", "--lead", lead.credit_code, stdout=StringIO())
    assert Alliance.objects.get(code="stroke").lead_id == lead.pk
    with pytest.raises(CommandError, match="already"):
        call_command("add_alliance", "stroke", "卒中联盟", "--lead", lead.credit_code, stdout=StringIO())
