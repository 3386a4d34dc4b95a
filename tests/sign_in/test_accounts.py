"""Accounts and their keepers: three administrators that nobody combines, and none who can come in as somebody else."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction

from consortium import access, grants
from consortium.errors import Refused
from consortium.models import Account, AuditEntry, Hospital, HospitalIdentity, Person, PractitionerRole, SignIn
from consortium.roles import PERMISSIONS, SEPARATED, Role
from consortium.sign_in.providers import providers
from tests.edge.client import Edge, as_role, code_of, gid
from tests.sign_in.door import PASSWORD, Door, known, told
from tests.sign_in.test_factors import show
from tests.world import ADMIN, DOCTOR, NOW

SYSTEM, SECURITY, AUDITOR = Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR
LIST = "query($text: String) { accounts(text: $text) { nodes { username secondFactor locked active } } }"


@pytest.fixture
def homes(world) -> None:
    """Everybody of the small world belongs to a hospital."""
    for name, place in world.hospitals.items():
        Person.objects.filter(roles__hospital=place).update(home=place)
        assert name


def over_the_province(world: Any, role: Role) -> Edge:
    """An administrator of the whole province."""
    division = world.hospitals["province"].division
    person = Person.objects.create(username=f"province.{role}", name=role.label)
    grants.enrol([(person, role, division)], starts_at=NOW)
    grants.sync()
    return Edge(person)


def usernames(edge: Edge, **given: Any) -> set[str]:
    return {row["username"] for row in edge.data(LIST, **given)["accounts"]["nodes"]}


def test_the_three_share_no_permission_that_changes_anything():
    changing = {role: {name for name in PERMISSIONS[role] if not name.startswith("view_")} for role in SEPARATED}
    for one in SEPARATED:
        for other in SEPARATED - {one}:
            assert not changing[one] & changing[other]
    assert not changing[AUDITOR]
    for role in (SYSTEM, SECURITY):
        assert not {n for n in PERMISSIONS[role] if "referral" in n or "patholog" in n or n == "view_identity"}


@pytest.mark.parametrize(("has", "gets"), [(SYSTEM, SECURITY), (SECURITY, AUDITOR), (AUDITOR, SYSTEM)])
def test_nobody_is_two_of_the_three_at_the_same_time(world, has, gets):
    boss = over_the_province(world, SECURITY)
    person = Person.objects.create(username="one", name="一人")
    place = {"person": gid(person), "hospital": gid(world.hospitals["county"])}
    boss.done("grantRole", **place, role=has)
    (error,) = boss.payload("grantRole", **place, role=gets)["errors"]
    assert (error["code"], error["field"]) == ("INVALID_STATE", "role")
    assert "三员分立" in error["message"]
    elsewhere = place | {"hospital": gid(world.hospitals["province"])}
    assert boss.payload("grantRole", **elsewhere, role=gets)["errors"]
    boss.done("grantRole", **elsewhere, role=has)  # the same role at two places is no combination
    for row in PractitionerRole.objects.filter(person=person):
        boss.done("revokeRole", id=gid(row), expectedVersion=1)
    boss.done("grantRole", **place, role=gets)


def test_the_database_refuses_it_too(world):
    person = Person.objects.create(username="one", name="一人")
    place = world.hospitals["county"]
    grants.enrol([(person, SYSTEM, place)], starts_at=NOW)
    with pytest.raises(IntegrityError, match="administrators_separated"), transaction.atomic():
        grants.enrol([(person, AUDITOR, place)], starts_at=NOW)
    grants.enrol([(person, Role.EXPERT, place)], starts_at=NOW)


def test_a_hospitals_administrator_makes_none_of_the_three_and_ends_none(world):
    admin = as_role(world, "county", ADMIN)
    person, place = world.people["foreign", DOCTOR, 1], gid(world.hospitals["county"])
    for role in SEPARATED:
        answer = admin.attempt("grantRole", person=gid(person), role=role, hospital=place)
        assert code_of(answer.json()) == "FORBIDDEN", role
        held = PractitionerRole.objects.get(role=role, hospital=world.hospitals["county"], department=None)
        answer = admin.attempt("revokeRole", id=gid(held), expectedVersion=1)
        assert code_of(answer.json()) == "FORBIDDEN", role
    admin.done("grantRole", person=gid(person), role="EXPERT", hospital=place)


def test_the_security_administrator_of_a_hospital_gives_roles_there_and_nowhere_else(world):
    boss, person = as_role(world, "county", SECURITY), gid(world.people["foreign", DOCTOR, 1])
    boss.done("grantRole", person=person, role="AUDITOR", hospital=gid(world.hospitals["county"]))
    for place in ({"hospital": gid(world.hospitals["province"])}, {"division": "RGl2aXNpb246NDMwMDAw"}):
        answer = boss.attempt("grantRole", person=person, role="COMMISSION_OBSERVER", **place)
        assert code_of(answer.json()) == "FORBIDDEN"
    myself = gid(boss.person)
    answer = boss.attempt("grantRole", person=myself, role="EXPERT", hospital=gid(world.hospitals["county"]))
    assert code_of(answer.json()) == "SECOND_PERSON_NEEDED"


def test_that_of_the_province_gives_roles_of_divisions_and_everywhere_below(world):
    boss, person = over_the_province(world, SECURITY), gid(world.people["foreign", DOCTOR, 1])
    boss.done("grantRole", person=person, role="COMMISSION_OBSERVER", division="RGl2aXNpb246NDMwMDAw")
    boss.done("grantRole", person=person, role="EXPERT", department=gid(world.departments["county"]))
    held = PractitionerRole.objects.get(person__username=world.people["foreign", DOCTOR, 1].username, role="EXPERT")
    boss.done("revokeRole", id=gid(held), expectedVersion=1)
    found = boss.data("{ staff(first: 100) { totalCount } }")["staff"]["totalCount"]
    assert found > 60


def test_each_keeps_the_accounts_of_the_own_hospital_or_province(world, homes):
    own = set(Person.objects.filter(home=world.hospitals["county"]).values_list("username", flat=True))
    for role in (SYSTEM, SECURITY):
        assert usernames(as_role(world, "county", role), text="county") == own
        assert usernames(as_role(world, "county", role), text="province") == set()
    Person.objects.create(username="of.nobody", name="未归属")
    for role in (SYSTEM, SECURITY):
        boss = over_the_province(world, role)
        assert usernames(boss, text="of.nobody") == {"of.nobody"}
        assert usernames(boss, text="foreign-REFERRING") == {
            p.username for (place, held, _n), p in world.people.items() if place == "foreign" and held == DOCTOR
        }
    assert as_role(world, "county", ADMIN).code(LIST) == "FORBIDDEN"


def test_an_account_is_made_without_rights_and_its_link_is_shown_once(world):
    boss = as_role(world, "county", SYSTEM)
    given = {"username": "xiao.li", "name": "李敏", "hospital": gid(world.hospitals["county"])}
    made = boss.done("createPerson", "account { id username setupLink active secondFactor home { id } }", **given)
    account = made["account"]
    assert account["setupLink"].startswith("/app/#setup=")
    assert account["home"]["id"] == given["hospital"]
    person = Person.objects.get(username="xiao.li")
    assert not person.has_usable_password()
    assert not person.roles.exists()
    nodes = '{ accounts(text: "xiao.li") { nodes { setupLink } } }'
    assert boss.data(nodes)["accounts"]["nodes"] == [{"setupLink": None}]
    secret = account["setupLink"].partition("=")[2]
    assert Door().send("POST", "setup/", {"secret": secret, "password": PASSWORD}).status_code == 200
    assert Door().enter(person).me() == "xiao.li"
    assert AuditEntry.objects.filter(action="create_person", actor=boss.person).count() == 1
    again = boss.attempt("createPerson", **given | {"username": "Xiao.Li"})
    assert code_of(again.json()) == "INVALID_INPUT"
    elsewhere = boss.attempt("createPerson", **given | {"username": "x2", "hospital": gid(world.hospitals["city"])})
    assert code_of(elsewhere.json()) == "FORBIDDEN"
    for bad in ("has space", "", "x" * 151, "a/b"):
        assert code_of(boss.attempt("createPerson", **given | {"username": bad}).json()) == "INVALID_INPUT", bad


def test_an_account_can_be_registered_with_the_hospitals_own_sign_in(world, settings):
    settings.OIDC = providers('[{"id": "his", "name": "统一认证", "issuer": "https://sso.example.org", '
                              '"client_id": "c", "client_secret": "s"}]')  # fmt: skip
    boss = as_role(world, "county", SYSTEM)
    given = {"name": "李敏", "hospital": gid(world.hospitals["county"]), "provider": "his"}
    boss.done("createPerson", **given, username="one", subject="G0042")
    assert HospitalIdentity.objects.get(subject="G0042").person.username == "one"
    for other in ({"subject": "G0042"}, {"subject": " "}, {"subject": "G1", "provider": "other"}):
        answer = boss.attempt("createPerson", **given | {"username": "two"} | other)
        assert code_of(answer.json()) == "INVALID_INPUT", other
    assert not Person.objects.filter(username="two").exists()


def test_a_closed_account_is_out_at_once(world, homes):
    doctor = known(world.people["county", DOCTOR, 1])
    door = Door().enter(doctor)
    as_role(world, "county", SYSTEM).done("deactivatePerson", id=gid(doctor))
    assert door.me() == "UNAUTHENTICATED"
    assert told(Door().password(doctor)) == (401, "UNAUTHENTICATED")
    answer = as_role(world, "county", SYSTEM).attempt("issueSetupLink", id=gid(doctor))
    assert code_of(answer.json()) == "INVALID_STATE"


def test_nobody_can_do_both_a_password_and_a_factor(world, homes):
    """The four eyes: who hands out the link for a password removes no factor, and the other way round."""
    doctor = known(world.people["county", DOCTOR, 1])
    Door().enter(doctor).enrol()
    system, security = as_role(world, "county", SYSTEM), as_role(world, "county", SECURITY)
    every = ("resetSecondFactor", "unlockPerson", "issueSetupLink", "deactivatePerson")
    for edge, forbidden in (
        (system, every[:2]),
        (security, every[2:]),
        (as_role(world, "county", AUDITOR), every),
        (as_role(world, "county", ADMIN), every),
    ):
        for action in forbidden:
            assert code_of(edge.attempt(action, id=gid(doctor)).json()) == "FORBIDDEN", action
    link = system.done("issueSetupLink", "account { setupLink }", id=gid(doctor))["account"]["setupLink"]
    Door().send("POST", "setup/", {"secret": link.partition("=")[2], "password": "another-good-secret-7"})
    door = Door()
    assert door.password(doctor, "another-good-secret-7").json()["pending"] == "mfa"
    assert door.me() == "UNAUTHENTICATED"
    security.done("resetSecondFactor", id=gid(doctor))
    assert not Authenticator.objects.filter(user=doctor).exists()
    assert Door().password(doctor, "another-good-secret-7").json()["person"]


@pytest.mark.parametrize("action", ["issueSetupLink", "deactivatePerson", "unlockPerson", "resetSecondFactor"])
def test_accounts_beyond_reach_do_not_exist_and_nobody_does_it_to_oneself(world, homes, action):
    role = SYSTEM if action in ("issueSetupLink", "deactivatePerson") else SECURITY
    edge = as_role(world, "county", role)
    assert code_of(edge.attempt(action, id=gid(world.people["province", DOCTOR, 1])).json()) == "NOT_FOUND"
    assert code_of(edge.attempt(action, id=gid(edge.person)).json()) == "SECOND_PERSON_NEEDED"
    account = Account.objects.get(pk=world.people["county", DOCTOR, 1].pk)
    done = edge.done(action, "account { id person }", id=gid(account))["account"]
    assert done == {"id": gid(account), "person": gid(world.people["county", DOCTOR, 1])}


def test_who_is_locked_out_is_shown_and_let_in_again(world, homes):
    doctor = known(world.people["county", DOCTOR, 1])
    boss = as_role(world, "county", SECURITY)
    ask = {"text": doctor.username}

    def locked() -> bool:
        return bool(boss.data(LIST, **ask)["accounts"]["nodes"][0]["locked"])

    assert not locked()
    for _ in range(5):
        Door().password(doctor, "wrong")
    assert locked()
    boss.done("unlockPerson", id=gid(doctor))
    assert not locked()
    _secret, codes = Door().enter(doctor).enrol()
    door = Door()
    door.password(doctor)
    for _ in range(5):
        show(door, "000000")
    assert locked()
    assert told(show(door, codes[0])) == (429, "LIMIT_EXCEEDED")
    boss.done("unlockPerson", id=gid(doctor))
    assert not locked()
    assert show(door, codes[0]).status_code == 200
    assert SignIn.objects.filter(person=doctor, outcome="UNLOCKED").count() == 2


def test_superuser_status_opens_none_of_it(world):
    root = Person.objects.create_superuser("root", name="root")
    edge = Edge(root)
    assert edge.code(LIST) == "FORBIDDEN"
    place = world.hospitals["county"]
    given = {"username": "x", "name": "x", "hospital": gid(place)}
    assert code_of(edge.attempt("createPerson", **given).json()) == "FORBIDDEN"
    with pytest.raises(Refused):
        grants.grant_role(
            by=access.actor(root, now=NOW), person=world.people["city", DOCTOR, 1], role=SYSTEM, where=place, now=NOW
        )
    assert Hospital.objects.filter(pk=place.pk).exists()
