"""With what somebody comes: a session or a token, never both; what was revoked counts no more on the next request."""

from datetime import timedelta
from typing import Any

import pytest

from consortium.models import ApiToken, Notice, Person, PractitionerRole
from consortium.roles import Role
from referrals.models import Status
from schema.schema import schema
from tests.edge.client import Edge, as_role, code_of, gid, inputs, issue, new_key, step
from tests.edge.every import every_mutation
from tests.edge.tables import ABSENT, OF_FILES, PATHOLOGY
from tests.world import NOW, rows

DOCTOR, EXPERT, ADMIN = Role.REFERRING_DOCTOR, Role.EXPERT, Role.HOSPITAL_ADMIN
LIST = "{ worklist(box: OUT) { nodes { number } } }"
READ = "query($id: ID!) { referral(id: $id) { number } }"
ME = "{ me { username } }"


def test_a_revoked_role_counts_no_more_on_the_next_request(world):
    referral = world.referral(Status.SENT)
    person = world.people["county", DOCTOR, 1]
    _token, secret = issue(person, "read", "write", now=NOW)
    session, system = Edge(person), Edge(token=secret)
    assert [edge.code(READ, id=gid(referral)) for edge in (session, system)] == ["OK", "OK"]
    held = PractitionerRole.objects.get(person=person)
    as_role(world, "county", ADMIN).done("revokeRole", id=gid(held), expectedVersion=held.version)
    for edge in (session, system):
        assert edge.data("{ me { roles { role } permissions } }")["me"] == {"roles": [], "permissions": []}
        assert [edge.code(READ, id=gid(referral)), edge.code(LIST)] == ["FORBIDDEN", "FORBIDDEN"]
        refused = edge.attempt("cancelReferral", **step(referral) | inputs(world, "cancel_referral"))
        assert code_of(refused.json()) == "NOT_FOUND"


def test_a_granted_role_counts_on_the_next_request(world):
    referral, newcomer = world.referral(Status.SENT), world.people["foreign", Role.AUDITOR, 1]
    edge = Edge(newcomer)
    assert edge.code(READ, id=gid(referral)) == "FORBIDDEN"
    given = {"person": gid(newcomer), "role": "EXPERT", "department": gid(world.departments["province"])}
    as_role(world, "province", ADMIN).done("grantRole", **given)
    assert edge.code(READ, id=gid(referral)) == "OK"


def test_an_inactive_person_has_neither_session_nor_token(world):
    person = world.people["county", DOCTOR, 1]
    _token, secret = issue(person, "read", now=NOW)
    session, system = Edge(person), Edge(token=secret)
    person.is_active = False
    person.save()
    assert session.code(ME) == "UNAUTHENTICATED"
    response = system.send({"query": ME})
    assert (response.status_code, code_of(response.json())) == (401, "UNAUTHENTICATED")
    person.is_active = True
    person.save()


@pytest.mark.parametrize("path", ["/graphql/", "/session/", "/attachments/", "/attachments/x/"])
def test_a_session_and_a_token_on_one_request_are_refused(world, path):
    person = world.people["county", DOCTOR, 1]
    _token, secret = issue(person, "read", now=NOW)
    both = Edge(person, token=secret)
    response = both.send({"query": ME}, path=path)
    assert (response.status_code, code_of(response.json())) == (400, "BAD_REQUEST")
    assert both.client.get(path, headers=both.headers).status_code == 400


def test_a_token_works_until_its_last_moment_and_not_after_it_was_revoked(world):
    person = world.people["county", DOCTOR, 1]
    token, secret = issue(person, "read", now=NOW)
    edge = Edge(token=secret)

    def status(**changed: Any) -> int:
        ApiToken.objects.filter(pk=token.pk).update(**changed)
        return int(edge.send({"query": ME}).status_code)

    second = timedelta(seconds=1)
    assert status() == 200
    assert status(expires_at=NOW + second) == 200
    assert status(expires_at=NOW) == 401
    assert status(expires_at=NOW - second) == 401
    assert status(expires_at=NOW + second, revoked_at=NOW) == 401
    assert status(revoked_at=None) == 200
    Edge(person).done("revokeApiToken", id=gid(token))
    assert edge.send({"query": ME}).status_code == 401


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer x", "Basic dXNlcjpwYXNz", "Token {0}", "{0}", "Bearer {0}x", "Bearer  {0} {0}"],
)
def test_any_other_authorization_is_refused_before_anything_is_read(world, header):
    _token, secret = issue(world.people["county", DOCTOR, 1], "read", now=NOW)
    response = Edge(headers={"Authorization": header.format(secret)}).send({"query": ME})
    assert response.status_code == 401
    assert response.json().keys() == {"errors"}
    assert secret not in response.content.decode()


def test_bearer_is_understood_in_any_case(world):
    _token, secret = issue(world.people["county", DOCTOR, 1], "read", now=NOW)
    for kind in ("Bearer", "bearer", "BEARER"):
        assert Edge(headers={"Authorization": f"{kind} {secret}"}).send({"query": ME}).status_code == 200


def test_only_the_hash_of_a_token_is_stored(world):
    edge = as_role(world, "county", DOCTOR)
    shape = "apiToken { id secret scopes }"
    made = edge.done("issueApiToken", shape, name="接口", scopes=["read"], expiresInDays=1)["apiToken"]
    assert made["secret"].startswith("refnet_")
    stored = ApiToken.objects.get(person=edge.person)
    assert made["secret"].encode() not in bytes(stored.digest)
    assert Edge(token=made["secret"]).code(ME) == "OK"
    assert edge.data("{ me { tokens { id secret } } }")["me"]["tokens"] == [{"id": made["id"], "secret": None}]


def test_a_token_that_may_only_read_changes_nothing(world):
    """Held by somebody who has every role on both sides, so that only the scope stands between."""
    given = {name: inputs_ for name, (_edge, _shape, inputs_) in every_mutation(world).items()}
    assert set(given) | PATHOLOGY | OF_FILES == set(schema.graphql_schema.mutation_type.fields)
    roles = (DOCTOR, Role.REFERRAL_OFFICE, EXPERT, ADMIN)
    both = world.newcomer("both", *((place, role) for place in ("county", "province") for role in roles))
    notice = Notice.objects.filter(person=world.people["province", EXPERT, 1]).first()
    Notice.objects.filter(pk=notice.pk).update(person=both.person)
    ApiToken.objects.update(person=both.person)
    token, secret = issue(both.person, "read", now=NOW)
    before, codes = rows(), {}
    for name, inputs_ in given.items():
        codes[name] = code_of(Edge(token=secret).attempt(name, **inputs_).json())
    assert codes == dict.fromkeys(given, "FORBIDDEN")
    assert rows() == before
    ApiToken.objects.filter(pk=token.pk).update(scopes=["read", "write"])
    assert Edge(token=secret).payload("cancelReferral", **given["cancelReferral"])["errors"] == []


def test_a_token_issues_none_that_may_do_more(world):
    _token, secret = issue(world.people["county", DOCTOR, 1], "write", now=NOW)
    for scopes, code in ((["write"], "OK"), (["read"], "FORBIDDEN"), (["read", "write"], "FORBIDDEN")):
        answer = Edge(token=secret).attempt("issueApiToken", name="x", scopes=scopes, expiresInDays=1)
        assert code_of(answer.json()) == code, scopes


def test_a_token_that_may_only_write_reads_nothing_and_so_finds_nothing(world):
    referral = world.referral(Status.SENT)
    _token, secret = issue(world.people["county", DOCTOR, 1], "write", now=NOW)
    edge = Edge(token=secret)
    assert (edge.code(LIST), edge.code(READ, id=gid(referral))) == ("FORBIDDEN", "FORBIDDEN")
    given = step(referral) | inputs(world, "cancel_referral") | {"idempotencyKey": new_key()}
    assert code_of(edge.attempt("cancelReferral", **given).json()) == "NOT_FOUND"


@pytest.mark.parametrize("place", ["county", "foreign"])
def test_an_administrator_manages_the_own_hospital_only(world, place):
    expert = world.people["province", EXPERT, 1]
    held = PractitionerRole.objects.get(person=expert)
    admin = as_role(world, place, ADMIN)
    assert code_of(admin.attempt("revokeRole", id=gid(held), expectedVersion=1).json()) == "NOT_FOUND"
    given = {"person": gid(expert), "role": "EXPERT", "hospital": gid(world.hospitals["province"])}
    assert code_of(admin.attempt("grantRole", **given).json()) == "FORBIDDEN"
    staff = admin.data("{ staff(first: 100) { nodes { hospital { id } } } }")["staff"]["nodes"]
    assert {row["hospital"]["id"] for row in staff} == {gid(world.hospitals[place])}


def test_a_newcomer_is_found_by_the_whole_name_and_given_a_role(world):
    admin, newcomer = as_role(world, "county", ADMIN), Person.objects.create(username="new.comer", name="新同事")
    ask = "query($username: String!) { colleague(username: $username) { id name } }"
    assert admin.data(ask, username="new.comer")["colleague"] == {"id": gid(newcomer), "name": "新同事"}
    for other in ("new", "NEW.COMER", "", "new.comer "):
        assert admin.data(ask, username=other)["colleague"] is None, other
    given = {"person": gid(newcomer), "role": "EXPERT", "hospital": gid(world.hospitals["county"])}
    assert code_of(admin.attempt("grantRole", **given).json()) == "OK"
    Person.objects.filter(pk=newcomer.pk).update(is_active=False)
    assert admin.data(ask, username="new.comer")["colleague"] is None


def test_an_unknown_id_is_not_found_whatever_its_kind(world):
    edge = as_role(world, "county", DOCTOR)
    assert edge.code(READ, id=ABSENT["Referral"]) == "NOT_FOUND"
    for wrong in (ABSENT["Case"], "", "x", "=", "UmVmZXJyYWw6", "密", ABSENT["Referral"] + "=", "UmVmZXJyYWw6MQ"):
        assert edge.code(READ, id=wrong) in ("INVALID_INPUT", "NOT_FOUND"), wrong
