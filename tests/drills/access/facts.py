"""What is stored, read as plain facts for the written rule, by the tables' owner and past every gate."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from consortium.models import BreakGlass, Patient, Person, PractitionerRole
from referrals.models import Case, Offer, Referral
from telemedicine.models import PathologyCase
from tests.drills.access.rule import Call, Glass, Leg, Opened, Party, Post, Request, Somebody

SHARED = (
    "id", "number", "requester_hospital_id", "requester_department_id", "performer_hospital_id",
    "performer_department_id", "status", "sent_at", "closed_at", "created_by_id",
)  # fmt: skip
LISTED = ("priority", "clock_holder", "due_at", "created_at")  # what worklists are filtered and ordered by


@dataclass
class Facts:
    """Every case of every kind by its key, the people, and the columns by which lists are filtered."""

    people: dict[int, Somebody]
    legs: dict[Any, Leg]
    calls: dict[Any, Call]
    glasses: dict[Any, Glass]
    patients: dict[Any, dict[str, Any]]
    numbers: dict[Any, str]  # of each episode
    columns: dict[Any, dict[str, Any]] = field(default_factory=dict)
    referred: dict[Any, set[Any]] = field(default_factory=dict)  # the pathology cases that a leg came of

    @property
    def requests(self) -> dict[Any, Request]:
        """Cases of all kinds."""
        return {**self.legs, **self.calls, **self.glasses}

    def legs_of(self, thread: Any) -> list[Leg]:
        """The legs of an episode."""
        return [leg for leg in self.legs.values() if leg.thread == thread]


def read() -> Facts:
    """The facts as they are stored now."""
    posts: dict[int, dict[Any, Post]] = defaultdict(dict)
    held = ("pk", "person", "role", "hospital", "department", "starts_at", "ends_at")
    for key, person, *post in PractitionerRole.objects.order_by("id").values_list(*held):
        posts[person][key] = Post(*post)
    opened: dict[int, list[Opened]] = defaultdict(list)
    for one in BreakGlass.objects.order_by("id"):
        post = posts[one.person_id][one.practitioner_role_id]
        opened[one.person_id].append(Opened(one.patient_id, post, one.started_at, one.ends_at))
    people = {
        pk: Somebody(pk, active, tuple(posts[pk].values()), tuple(opened[pk]))
        for pk, active in Person.objects.values_list("pk", "is_active")
    }
    columns: dict[Any, dict[str, Any]] = {}

    def rows(model: Any, *more: str) -> Any:
        for row in model.objects.order_by("id").values(*SHARED, *LISTED, *more):
            columns[row["id"]] = row
            yield row

    named = ("direction", "pathway", "claimed_by_id", "decided_at")
    legs = {
        row["id"]: Leg(
            **_shared(row), thread=row["case_id"], patient=row["case__patient_id"], clinical=row["clinical_id"],
            follows=row["based_on_id"], reported=row["error_reported_at"] is not None,
            green=row["pathway"] == "GREEN_CHANNEL",
        )
        for row in rows(
            Referral, "case_id", "case__patient_id", "clinical_id", "based_on_id", "error_reported_at", *named
        )
    }  # fmt: skip
    calls = {
        row["id"]: Call(
            **_shared(row), thread=row["referral__case_id"], patient=row["referral__case__patient_id"],
            leg=row["referral_id"], leg_state=row["referral__status"],
        )
        for row in rows(Offer, "referral_id", "referral__status", "referral__case_id", "referral__case__patient_id")
    }  # fmt: skip
    readers = ("assigned_to_id", "second_reader_id", "adjudicator_id", "standby_expert_id")
    glasses = {
        row["id"]: Glass(**_shared(row), thread=row["id"], patient=row["patient_id"], reader=row["assigned_to_id"])
        for row in rows(PathologyCase, "patient_id", "kind", "organ__code", "subspecialty__code", *readers)
    }
    patients = {row.pk: {"name": row.name, "id_number": row.id_number} for row in Patient.objects.order_by("id")}
    numbers = dict(Case.objects.order_by("id").values_list("pk", "number"))
    referred: dict[Any, set[Any]] = defaultdict(set)
    for key, leg in PathologyCase.objects.exclude(referral=None).values_list("pk", "referral_id"):
        referred[leg].add(key)
    return Facts(people, legs, calls, glasses, patients, numbers, columns, referred)


def _shared(row: dict[str, Any]) -> dict[str, Any]:
    """What every kind of case has, in the words of the rule."""
    receiver = row["performer_hospital_id"] and Party(row["performer_hospital_id"], row["performer_department_id"])
    return {
        "id": row["id"],
        "number": row["number"],
        "sender": Party(row["requester_hospital_id"], row["requester_department_id"]),
        "receiver": receiver or None,
        "state": row["status"],
        "sent": row["sent_at"],
        "closed": row["closed_at"],
        "author": row["created_by_id"],
    }
