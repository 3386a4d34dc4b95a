"""Who refers to whom: 600 hospitals on the real divisions, a few of them far busier than the rest, and their people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from random import Random
from typing import Any

from django.contrib.auth.hashers import make_password

from consortium import grants, moment, search
from consortium.identity import credit_check_digit
from consortium.models import Alliance, ClockRule, Concept, Department, Division, Hospital, Level, Membership, Person
from consortium.roles import Role

HOSPITALS = {Level.PROVINCE: 12, Level.CITY: 78, Level.COUNTY: 510}
WARDS = {"儿科": "07", "内科": "03", "外科": "04", "全科医疗科": "02"}
ALLIANCE, PASSWORD = "bench", "a-long-enough-secret"
IN_SERVICE = timedelta(days=4000)


@dataclass(frozen=True)
class Ward:
    """A department as rows name it: keys as text, and the person who does what is done there."""

    hospital: str
    department: str
    level: str
    person: int


@dataclass(frozen=True)
class Weighted:
    """Wards, each as likely to be drawn as it is busy: the n-th at 1/n to a power (Zipf)."""

    wards: Sequence[Ward]
    sums: Sequence[float]

    @classmethod
    def of(cls, wards: Sequence[Ward], power: float) -> "Weighted":
        """The wards in the order of how busy they are."""
        return cls(wards, list(accumulate(1 / (rank + 3) ** power for rank in range(len(wards)))))

    def draw(self, chance: Random) -> Ward:
        """One of them."""
        return chance.choices(self.wards, cum_weights=self.sums)[0]


@dataclass(frozen=True)
class Network:
    """What referrals name."""

    receivers: Weighted  # provincial and city hospitals
    senders: Weighted  # county hospitals
    capabilities: list[str]
    diagnoses: list[str]
    rules: dict[tuple[str, int], Any]  # of the time limits, by kind and priority


def stored() -> Network:
    """Store the places and people; the catalogues must be there."""
    wards = [ward for level, number in HOSPITALS.items() for ward in _hospitals(level, number)]
    people = Person.objects.bulk_create(
        Person(username=f"bench-{n}", name=f"医生{n}", home_id=ward.hospital_id) for n, ward in enumerate(wards)
    )
    found = [
        Ward(str(ward.hospital_id), str(ward.pk), ward.hospital.level, person.pk)
        for ward, person in zip(wards, people, strict=True)
    ]
    by_level = {level: [ward for ward in found if ward.level == level] for level in HOSPITALS}
    network = Network(
        Weighted.of(by_level[Level.PROVINCE] + by_level[Level.CITY], 1.0),
        Weighted.of(by_level[Level.COUNTY], 0.6),
        [str(pk) for pk in Concept.objects.filter(system="CAPABILITY").order_by("code").values_list("pk", flat=True)],
        [str(pk) for pk in Concept.objects.filter(system="ICD10").order_by("code").values_list("pk", flat=True)],
        _rules(),
    )
    _readers(network)
    _alliance(network)
    grants.sync()
    return network


def _hospitals(level: Level, number: int) -> list[Department]:
    """The departments of so many hospitals of a level."""
    divisions = list(Division.objects.filter(level={Level.CITY: "PREFECTURE"}.get(level, level)).order_by("code"))
    made = []
    for n in range(number):
        place = divisions[n % len(divisions)]
        first17 = f"12{place.code}{Level(level).name[0].encode()[0]:02d}{n:07d}"
        name = f"{place.name}第{n // len(divisions) + 1}人民医院"
        made.append(
            Hospital(
                credit_code=first17 + credit_check_digit(first17),
                name=name,
                name_grams=search.grams(name),
                level=level,
                division=place,
                illustrative=True,
            )
        )
    Hospital.objects.bulk_create(made)
    specialty = {one.code: one for one in Concept.objects.filter(system="SPECIALTY", code__in=WARDS.values())}
    wards = [
        Department(hospital=hospital, name=name, name_grams=search.grams(name), specialty=specialty[code])
        for hospital in made
        for name, code in WARDS.items()
    ]
    return Department.objects.bulk_create(wards)


def _rules() -> dict[tuple[str, int], Any]:
    found: dict[tuple[str, int], Any] = {}
    for rule in ClockRule.objects.filter(kind__in=["TRIAGE", "BOOKING", "OUTCOME"], alliance=None, emergency=""):
        for priority in (1, 2, 3, 4) if rule.priority is None else (rule.priority,):
            found[rule.kind, priority] = (str(rule.pk), rule.target_minutes)
    return found


def _readers(network: Network) -> None:
    """Who reads in a measurement: the busiest ward's expert and hospital, a county's doctor, the alliance's lead."""
    top, county = network.receivers.wards[0], network.senders.wards[0]
    hospital = Hospital.objects.get(pk=top.hospital)
    given = {
        "office": (Role.REFERRAL_OFFICE, hospital),
        "expert": (Role.EXPERT, Department.objects.get(pk=top.department)),
        "doctor": (Role.REFERRING_DOCTOR, Department.objects.get(pk=county.department)),
        "alliance": (Role.ALLIANCE_ADMIN, hospital),
    }
    secret = make_password(PASSWORD)
    people = Person.objects.bulk_create(Person(username=name, name=name, password=secret) for name in given)
    wanted = [(person, *given[person.username]) for person in people]
    began = moment.real() - IN_SERVICE
    grants.enrol(wanted, starts_at=began)
    wards = [*network.receivers.wards[:200], *network.senders.wards[:200]]
    experts = Person.objects.in_bulk([ward.person for ward in wards])
    departments = Department.objects.select_related("hospital").in_bulk([ward.department for ward in wards])
    by_key = {str(key): row for key, row in departments.items()}
    grants.enrol(
        ((experts[ward.person], Role.EXPERT, by_key[ward.department]) for ward in wards[:200]), starts_at=began
    )


def _alliance(network: Network) -> None:
    """All of them in one alliance, led by the busiest."""
    lead = network.receivers.wards[0].hospital
    alliance = Alliance.objects.create(code=ALLIANCE, name="测量联盟", lead_id=lead)
    joined = (moment.real() - IN_SERVICE).date()
    Membership.objects.bulk_create(
        Membership(alliance=alliance, hospital=hospital, joined_date=joined) for hospital in Hospital.objects.all()
    )
