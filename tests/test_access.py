"""Who sees and may do what: the one table as rows, dated roles, visibility by state (domain specification, 2 and 7)."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import get_objects_for_user

from consortium import access, grants, lifecycle
from consortium.access import Actor
from consortium.errors import Refused
from consortium.models import (
    AuditEntry,
    BreakGlass,
    Department,
    DepartmentGrant,
    Division,
    DivisionGrant,
    Hospital,
    HospitalGrant,
    Person,
    PractitionerRole,
    uuid7,
)
from consortium.roles import HELD_AT, PERMISSIONS, SCOPES, SEPARATED, Place, Role, every_permission
from referrals.models import Case, Referral, Status
from tests.world import ADMIN, DOCTOR, EXPERT, HOSPITALS, NOW, OFFICE, OK, World

S = Status
DAY = timedelta(days=1)
GRANTS = {"hospital": HospitalGrant, "department": DepartmentGrant, "division": DivisionGrant}
FULL, SUMMARY, NOTHING = "full", "summary", None


def stored_grants() -> set[tuple[str, str, str]]:
    """Every grant as (group, permission, place)."""
    return {
        (row.group.name, row.permission.codename, f"{place}:{row.content_object_id}")
        for place, model in GRANTS.items()
        for row in model.objects.select_related("group", "permission")
    }


def granted_by_the_table(world: World) -> set[tuple[str, str, str]]:
    """The same, from the roles that people hold and the table alone."""
    return {
        (f"{role}@{where}", permission, where)
        for place, role, _n in world.people
        for where in [f"{world.place(place, role)._meta.model_name}:{world.place(place, role).pk}"]
        for permission in PERMISSIONS[role]
    }


def test_the_grants_equal_the_table(world):
    assert stored_grants() == granted_by_the_table(world)
    assert grants.sync() == grants.Synced(permissions=3 * len(every_permission()), added=0, removed=0)


def test_a_planted_and_a_missing_grant_are_repaired(world):
    role = PractitionerRole.objects.get(person=world.people["province", OFFICE, 1])
    planted = Permission.objects.get(codename="return_outcome", content_type__model="hospital")
    HospitalGrant.objects.create(group=role.group, permission=planted, content_object=role.hospital)
    HospitalGrant.objects.get(group=role.group, permission__codename="book_referral").delete()
    assert stored_grants() != granted_by_the_table(world)
    synced = grants.sync()
    assert (synced.added, synced.removed) == (1, 1)
    assert stored_grants() == granted_by_the_table(world)


@pytest.mark.parametrize("role", [role for role in Role if PERMISSIONS[role]])
def test_access_agrees_with_guardians_own_view(world, role):
    """Guardian knows groups but no dates; with the running roles as groups both must name the same places."""
    actor = world.actor("county", role)
    actor.person.groups.set([held.group_id for held in actor.held])
    ours, guardians = {}, {}
    for permission in sorted(every_permission()):
        reach = actor.reach(permission)
        ours[permission] = (reach.hospitals, reach.departments, reach.divisions)
        guardians[permission] = tuple(
            frozenset(
                get_objects_for_user(
                    actor.person, permission, klass=model, with_superuser=False, accept_global_perms=False
                ).values_list("pk", flat=True)
            )
            for model in (Hospital, Department, Division)
        )
    assert ours == guardians


def test_the_places_of_a_role_are_read_by_one_statement(world):
    with CaptureQueriesContext(connection) as queries:
        access.actor(world.people["county", OFFICE, 1], now=NOW)
    assert len(queries) == 1


# (the role's dates or the account's state, whether it counts at NOW)
COUNTING = [
    ({}, True),
    ({"ends_at": NOW + timedelta(seconds=1)}, True),
    ({"ends_at": NOW}, False),
    ({"ends_at": NOW - timedelta(hours=1)}, False),
    ({"starts_at": NOW}, True),
    ({"starts_at": NOW + timedelta(seconds=1)}, False),
    ({"person__is_active": False}, False),
]


@pytest.mark.parametrize(("change", "counts"), COUNTING)
def test_a_role_counts_only_while_it_runs_and_the_account_is_active(world, change, counts):
    referral, person = world.referral(S.SENT), world.people["province", EXPERT, 1]
    if change == {"person__is_active": False}:
        Person.objects.filter(pk=person.pk).update(is_active=False)
    else:
        PractitionerRole.objects.filter(person=person).update(**change)
    actor = access.actor(person, now=NOW)
    assert actor.may_anywhere("accept_referral") is counts
    assert access.visible(actor, Referral).count() == counts
    assert world.attempt("accept_referral", referral, by=actor).code == (OK if counts else "NOT_FOUND")


def test_a_superuser_sees_no_case(world):
    world.referral(S.SENT)
    root = Person.objects.create_superuser("root", name="root")
    root.user_permissions.set(Permission.objects.all())
    actor = access.actor(root, now=NOW)
    assert (actor.held, actor.reach("view_sent_referral")) == ((), access.Reach())
    assert (access.visible(actor, Referral).count(), access.visible(actor, Case).count()) == (0, 0)


def test_a_token_narrows_what_the_roles_give(world):
    referral, person = world.referral(S.SENT), world.people["province", EXPERT, 1]
    all_of_it = PERMISSIONS[EXPERT]
    reading = {name for name in all_of_it if name.startswith("view_")}
    given = {scopes: names_of(access.actor(person, now=NOW, scopes=scopes)) for scopes in [("read",), ("write",), ()]}
    assert given == {("read",): reading, ("write",): all_of_it - reading, (): set()}
    assert names_of(access.actor(person, now=NOW, scopes=("read", "write"))) == all_of_it
    codes = {
        scopes: world.attempt("accept_referral", referral, by=access.actor(person, now=NOW, scopes=scopes)).code
        for scopes in [("read",), ("write",), ("read", "write")]
    }
    assert codes == {("read",): "FORBIDDEN", ("write",): "NOT_FOUND", ("read", "write"): OK}


def names_of(actor: Actor) -> set[str]:
    """Every permission that an actor has somewhere."""
    return set().union(*actor.permissions.values())


def test_the_scopes_are_all_permissions_and_share_none():
    assert SCOPES["read"] | SCOPES["write"] == every_permission()
    assert SCOPES["read"] & SCOPES["write"] == frozenset()


UNSENT, NARROWED = {S.DRAFT, S.OFFICE_REVIEW, S.BROADCAST}, {S.REJECTED, S.REDIRECTED}
OWN = {("county", DOCTOR), ("county", OFFICE), ("county", EXPERT)}
ASKED = {("province", EXPERT), ("province", OFFICE)}


def view(by: Actor, referral: Referral) -> str | None:
    """How much of a referral exists for somebody."""
    row = access.visible(by, Referral).filter(pk=referral.pk).first()
    return NOTHING if row is None else FULL if row.full_view else SUMMARY


@pytest.mark.parametrize("status", Status)
def test_what_is_seen_follows_the_state(world, status):
    referral = world.referral(status)
    theirs = NOTHING if status in UNSENT else SUMMARY if status in NARROWED else FULL
    expected = {
        (place, role): FULL if (place, role) in OWN else theirs if (place, role) in ASKED else NOTHING
        for place, role, _n in world.people
    }
    if status == S.ENTERED_IN_ERROR:
        expected["county", ADMIN] = SUMMARY
    found = {(place, role): view(world.actor(place, role), referral) for place, role, n in world.people if n == 1}
    assert found == expected


def test_the_performers_view_ends_a_year_after_the_close(world, settings):
    referral, expert = world.referral(S.CLOSED), world.people["province", EXPERT, 1]
    kept = timedelta(days=settings.ACCESS_DAYS_AFTER_CLOSE)
    assert kept == 365 * DAY
    seen = {
        late: view(access.actor(expert, now=NOW + kept + late), referral)
        for late in (timedelta(seconds=-1), timedelta(0))
    }
    assert seen == {timedelta(seconds=-1): FULL, timedelta(0): NOTHING}
    redirected = world.referral(S.REDIRECTED)
    assert view(access.actor(expert, now=NOW + kept - DAY), redirected) == SUMMARY
    assert view(access.actor(expert, now=NOW + kept), redirected) == NOTHING


def test_a_hospital_stands_for_its_departments(world):
    into_other = world.referral(S.DRAFT, performer_department=world.departments["province.other"].pk)
    into_other = world.take("submit_referral", into_other)
    of_other = world.draft(
        requester_department=world.departments["county.other"].pk, by=world.actor("county.other", DOCTOR)
    )
    whole = Person.objects.create(username="chief", name="chief")
    grants.enrol([(whole, EXPERT, world.hospitals["province"])], starts_at=NOW - DAY)
    grants.sync()
    seen = {
        "other expert": view(world.actor("province.other", EXPERT), into_other),
        "expert": view(world.actor("province", EXPERT), into_other),
        "office": view(world.actor("province", OFFICE), into_other),
        "expert of the whole hospital": view(access.actor(whole, now=NOW), into_other),
    }
    assert seen == {"other expert": FULL, "expert": NOTHING, "office": FULL, "expert of the whole hospital": FULL}
    sent = {
        "other doctor": view(world.actor("county.other", DOCTOR), of_other),
        "doctor": view(world.actor("county", DOCTOR), of_other),
        "office": view(world.actor("county", OFFICE), of_other),
    }
    assert sent == {"other doctor": FULL, "doctor": NOTHING, "office": FULL}


def test_a_case_is_seen_through_its_legs(world):
    redirected = world.referral(S.REDIRECTED)
    new_leg = Referral.objects.get(based_on=redirected)
    seen = {
        place: access.visible(world.actor(place, EXPERT), Case).filter(pk=redirected.case_id).exists()
        for place in HOSPITALS
    }
    assert seen == {"county": True, "city": False, "province": True, "province2": True, "foreign": False}
    views = {place: (view(world.actor(place, EXPERT), redirected), view(world.actor(place, EXPERT), new_leg))
             for place in ("county", "province", "province2")}  # fmt: skip
    assert views == {"county": (FULL, FULL), "province": (SUMMARY, NOTHING), "province2": (NOTHING, FULL)}


def test_what_one_may_not_see_does_not_exist(world):
    """The same answer for a draft of others, for nothing at all, and for what is no identifier."""
    draft, expert = world.draft(), world.actor("province", EXPERT)
    answers = set()
    for pk in (draft.pk, uuid7(), "nonsense"):
        with pytest.raises(Refused) as refused:
            access.find(expert, Referral, pk)
        answers.add((str(refused.value.code), refused.value.message, refused.value.field))
    assert len(answers) == 1
    assert answers.pop()[0] == "NOT_FOUND"


def answer(action: Any, **given: Any) -> str:
    """The code of an action on roles, and the field it names."""
    try:
        with transaction.atomic():
            action(**given)
    except Refused as refused:
        return f"{refused.code} {refused.field or ''}".strip()
    return OK


def test_a_role_is_granted_by_the_administrators_of_that_hospital_only(world):
    person = Person.objects.create(username="new", name="新")
    given = {"person": person, "role": EXPERT, "where": world.departments["province"], "now": NOW}
    found = {
        (place, role): answer(grants.grant_role, by=world.actor(place, role), **given)
        for place, role, n in world.people
        if n == 1 and (place, role) not in (("province", ADMIN), ("province", Role.SECURITY_ADMIN))
    }
    assert found == dict.fromkeys(found, "FORBIDDEN")
    audits = AuditEntry.objects.count()
    admin = world.actor("province", ADMIN)
    held = grants.grant_role(by=admin, **given)
    assert (held.starts_at, held.ends_at, held.hospital, held.department) == (
        NOW, None, world.hospitals["province"], world.departments["province"],
    )  # fmt: skip
    entry = AuditEntry.objects.latest("id")
    assert (AuditEntry.objects.count(), entry.action, entry.actor) == (audits + 1, "grant_role", admin.person)
    assert (entry.object_id, entry.patient_id) == (str(held.pk), None)
    # It counts on the next request.
    assert world.attempt("accept_referral", world.referral(S.SENT), by=access.actor(person, now=NOW)).code == OK
    assert answer(grants.grant_role, by=admin, **given) == "INVALID_STATE role"


def test_the_first_holder_of_a_role_at_a_place_gets_its_grants(world):
    person = Person.objects.create(username="new", name="新")
    hospital = world.hospitals["province"]
    grants.grant_role(by=world.actor("province", ADMIN), person=person, role=EXPERT, where=hospital, now=NOW)
    actor = access.actor(person, now=NOW)
    assert names_of(actor) == PERMISSIONS[EXPERT]
    assert actor.reach("accept_referral").hospitals == {hospital.pk}
    assert grants.sync().added == 0


def test_a_role_is_held_where_the_table_allows(world):
    person, admin = Person.objects.create(username="new", name="新"), world.actor("province", ADMIN)
    places = {
        Place.HOSPITAL: world.hospitals["province"],
        Place.DEPARTMENT: world.departments["province"],
        Place.DIVISION: world.hospitals["province"].division,
    }
    expected, found = {}, {}
    for role in Role:
        for place, where in places.items():
            allowed = OK if place in HELD_AT[role] else "INVALID_INPUT role"
            # No hospital's administrator gives roles of a division, nor those of the three administrators.
            expected[role, place] = "FORBIDDEN" if place is Place.DIVISION or role in SEPARATED else allowed
            found[role, place] = answer(grants.grant_role, by=admin, person=person, role=role, where=where, now=NOW)
    assert found == expected


def test_a_revoked_role_counts_no_more_on_the_next_request(world):
    referral, person = world.referral(S.SENT), world.people["province", EXPERT, 1]
    held = PractitionerRole.objects.get(person=person)
    admin = world.actor("province", ADMIN)
    given = {"id": held.pk, "expected_version": 1, "now": NOW}
    found = {
        key: answer(grants.revoke_role, by=world.actor(*key), **given)
        for key in [("county", ADMIN), ("province", OFFICE), ("province", EXPERT), ("province", Role.ALLIANCE_ADMIN)]
    }
    assert found == dict.fromkeys(found, "NOT_FOUND id")
    stale = answer(grants.revoke_role, by=admin, **given | {"expected_version": 2})
    assert stale == "STALE_VERSION expectedVersion"
    revoked = grants.revoke_role(by=admin, **given)
    assert (revoked.ends_at, revoked.version) == (NOW, 2)
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.actor, entry.object_id) == ("revoke_role", admin.person, str(held.pk))
    after = access.actor(person, now=NOW)
    assert (after.held, world.attempt("accept_referral", referral, by=after).code) == ((), "NOT_FOUND")
    assert answer(grants.revoke_role, by=admin, **given | {"expected_version": 2}) == "INVALID_STATE"
    # And may be given again.
    again = {"person": person, "role": EXPERT, "where": world.departments["province"], "now": NOW + DAY}
    assert answer(grants.grant_role, by=admin, **again) == OK


def test_a_specialist_whose_role_ended_is_nobody_to_act_for(world):
    expert = world.people["province", EXPERT, 2]
    PractitionerRole.objects.filter(person=expert).update(ends_at=NOW)
    office = world.actor("province", OFFICE)
    attempt = world.attempt("accept_referral", world.referral(S.SENT), by=office, on_behalf_of=expert.pk)
    assert (attempt.code, attempt.field) == ("INVALID_INPUT", "onBehalfOf")
    referral = world.referral(S.SENT)
    assert ("province", EXPERT, 2) not in world.told(world.events(referral)[-1])


def test_nobody_grants_a_role_to_themselves(world):
    admin, where = world.actor("province", ADMIN), world.hospitals["province"]
    refused = answer(grants.grant_role, by=admin, person=admin.person, role=Role.REFERRAL_OFFICE, where=where, now=NOW)
    assert refused == "SECOND_PERSON_NEEDED person"
    assert PractitionerRole.objects.filter(person=admin.person).count() == 1


def test_an_emergency_lets_a_doctor_of_the_receiving_hospital_take_no_step_of_the_sender(world):
    """Found by `./refnet drill access`: a permission counts only on the side from which its role reads the case."""
    leg, doctor = world.referral(S.SENT), world.people["province", DOCTOR, 1]
    BreakGlass.objects.create(
        person=doctor, practitioner_role=doctor.roles.get(), hospital=world.hospitals["province"],
        patient=leg.case.patient, patient_hospital=world.hospitals["county"], reason_code="CANNOT_TELL",
        started_at=world.now, ends_at=world.now + timedelta(minutes=60), review_due_at=world.now + DAY,
    )  # fmt: skip
    by = access.actor(doctor, now=world.now)
    seen = access.find(by, Referral.objects.select_related(*Referral.LOADED), leg.pk)
    assert seen.full_view
    codes = {choice.step.name: choice.refusal and choice.refusal.code for choice in lifecycle.choices(seen, by)}
    assert codes == dict.fromkeys(codes, "FORBIDDEN")
