"""The demo network: members, departments, capabilities, alliances and people, built by rule from the divisions.

Public sources give the counts (156 members, 48 county hospitals with a PICU), not the list: every row is illustrative.
The same day gives the same network. `consortium/data/demo_network.json` says what each kind of hospital has.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from math import exp, log
from random import Random
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _

from consortium import demo_rosters, grants, moment, registry, search
from consortium.errors import Code, Refused
from consortium.identity import credit_check_digit
from consortium.models import (
    Alliance,
    Capability,
    Concept,
    Department,
    Division,
    DivisionLevel,
    Duty,
    Hospital,
    Level,
    Membership,
    Person,
    PractitionerRole,
)
from consortium.progress import Progress
from consortium.roles import Role

TITLE = "示范网络 / demo network"
PASSWORD = "Refnet-demo-2026"  # noqa: S105 (printed on purpose; `load` refuses to mix with real members)
COUNTIES, COUNTIES_WITH_PICU = 122, 48
FIGURE_AGES = (3, 40 * 24 * 60)  # minutes
IN_SERVICE_DAYS = 400  # longer than the history of the demo referrals
WORDS = {
    Role.REFERRING_DOCTOR: "doctor",
    Role.REFERRAL_OFFICE: "office",
    Role.EXPERT: "expert",
    Role.PATHOLOGIST: "pathologist",
    Role.PATHOLOGY_LEAD: "lead",
    Role.PATHOLOGY_LAB: "lab",
    Role.HOSPITAL_ADMIN: "admin",
    Role.ALLIANCE_ADMIN: "alliance",
    Role.COMMISSION_OBSERVER: "observer",
    Role.HOTLINE_AGENT: "hotline",
    Role.AUDITOR: "auditor",
}


@dataclass(frozen=True)
class Account:
    """A demo account to sign in with."""

    username: str
    role: str
    place: str


@dataclass
class Network:
    """The rows of the demo network before they are stored."""

    hospitals: list[Hospital] = field(default_factory=list)
    departments: list[Department] = field(default_factory=list)
    capabilities: list[Capability] = field(default_factory=list)
    alliances: list[Alliance] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    held: list[tuple[Person, Role, Hospital | Department | Division]] = field(default_factory=list)


@cache
def shipped(name: str) -> Mapping[str, Any]:
    """One JSON file of `consortium/data`."""
    loaded: dict[str, Any] = json.loads((settings.BASE_DIR / "consortium" / "data" / name).read_text(encoding="utf-8"))
    return loaded


def loaded() -> bool:
    """Whether the demo network is already there."""
    return Alliance.objects.filter(code="pediatric", lead__illustrative=True).exists()


def load(progress: Progress) -> bool:
    """Store the demo network in one transaction and return whether anything was to do.

    INVALID_STATE if real members are there: accounts with a published password must not stand beside them.
    """
    if loaded():
        return False
    if Hospital.objects.exists():
        raise Refused(
            Code.INVALID_STATE, _("库中已有正式成员，示范数据只能载入空库：请另设 REFNET_DATA 或 DATABASE_URL。")
        )
    now = moment.now()
    network, named = plan(now), shipped("demo_network.json")["accounts"]
    steps = [
        lambda: Hospital.objects.bulk_create(network.hospitals),
        lambda: Department.objects.bulk_create(network.departments),
        lambda: Capability.objects.bulk_create(network.capabilities),
        lambda: Alliance.objects.bulk_create(network.alliances),
        lambda: Membership.objects.bulk_create(network.memberships),
        lambda: Person.objects.bulk_create(network.people),
        lambda: Duty.objects.bulk_create(demo_rosters.plan(network.held, named, now)),
        lambda: grants.enrol(network.held, starts_at=now - timedelta(days=IN_SERVICE_DAYS)),
        grants.sync,
    ]
    with transaction.atomic():
        for done, store in enumerate(steps):
            progress(done, len(steps))
            store()
    progress(len(steps), len(steps))
    return True


def accounts() -> list[Account]:
    """The named accounts, in the order of their story, with the role and place of each."""
    names = list(shipped("demo_network.json")["accounts"])
    held = PractitionerRole.objects.filter(person__username__in=names).select_related(
        "person", "department", "hospital", "division"
    )
    found: dict[str, Account] = {}
    for row in held.order_by("id"):
        name, role = row.person.username, str(Role(row.role).label)
        place = " ".join(str(place) for place in (row.hospital, row.department, row.division) if place)
        found[name] = Account(name, f"{found[name].role}、{role}" if name in found else role, place)
    return [found[name] for name in names if name in found]


def plan(now: datetime) -> Network:
    """The rows of the whole network; the same moment gives the same rows, save their keys."""
    rules, network = shipped("demo_network.json"), Network()
    chance = Random("refnet demo network")  # noqa: S311 (reproducible, not secret)
    divisions = list(Division.objects.select_related("parent").order_by("code"))
    recruit = recruiter(network, chance)
    made: dict[str, list[Hospital]] = {}
    codes = registry_codes(now.date())
    for number, (template, division, index) in enumerate(sites(divisions), start=1):
        rule = rules["templates"][template]
        hospital = hospital_of(rule, division, index, number)
        network.hospitals.append(hospital)
        made.setdefault(template, []).append(hospital)
        departments = equip(network, hospital, rule["departments"], codes)
        for department, kind, beds in abilities(departments, rule["departments"]):
            if kind != "PICU" or hospital.level != Level.COUNTY or carries_picu(index):
                network.capabilities.append(figure(department, codes["CAPABILITY", kind], beds, chance, now))
        slug = division.code if hospital.level == Level.COUNTY else f"{division.code}-{index}"
        for jobs in rule["people"]:
            recruit(slug, hospital, departments, jobs)
    for division in divisions:
        for job in rules["offices"].get(division.level, ()):
            recruit(division.code, division, {}, job)
    ally(network, made, chance, now.date())
    return network


def equip(
    network: Network, hospital: Hospital, rules: Mapping[str, Any], codes: Mapping[tuple[str, str], Concept]
) -> dict[str, Department]:
    """The departments of a hospital by name, added to the network."""
    departments = {
        name: Department(
            hospital=hospital,
            name=name,
            **search.found_by(name),
            specialty=codes["SPECIALTY", rule["specialty"]],
            phone=hospital.phone,
        )
        for name, rule in rules.items()
    }
    network.departments.extend(departments.values())
    return departments


def abilities(
    departments: Mapping[str, Department], rules: Mapping[str, Any]
) -> Iterator[tuple[Department, str, list[int] | None]]:
    """What each department can do by rule, with the range of its places where they are counted."""
    for name, rule in rules.items():
        for kind, beds in rule["capabilities"].items():
            yield departments[name], kind, beds


def registry_codes(day: date) -> dict[tuple[str, str], Concept]:
    """The specialties and capabilities valid on a day, by system and code."""
    rows = Concept.objects.filter(registry.valid_on(day), system__in=["SPECIALTY", "CAPABILITY"])
    return {(row.system, row.code): row for row in rows}


def sites(divisions: list[Division]) -> Iterator[tuple[str, Division, int]]:
    """Which hospital stands where: its template, its division, and its place in the order of its kind."""
    children = shipped("demo_network.json")["cities_with_children_hospital"]
    for division in divisions:
        if division.level == DivisionLevel.PROVINCE:
            yield "PROVINCE_CHILDREN", division, 1
            yield "PROVINCE_ONCOLOGY", division, 2
        elif division.level == DivisionLevel.PREFECTURE:
            yield "CITY_GENERAL", division, 1
            yield "CITY_MATERNAL_CHILD", division, 2
            if division.code in children:
                yield "CITY_CHILDREN", division, 3
    counties = [division for division in divisions if division.level == DivisionLevel.COUNTY]
    for index, division in enumerate(counties):
        yield "COUNTY_GENERAL", division, index


def carries_picu(index: int) -> bool:
    """Whether the county hospital of this index has a PICU: 48 of 122, spread evenly."""
    return index * COUNTIES_WITH_PICU % COUNTIES < COUNTIES_WITH_PICU


def hospital_of(rule: Mapping[str, Any], division: Division, index: int, number: int) -> Hospital:
    """A hospital of the rule's kind in a division, with a credit code that is valid but given to nobody."""
    review = Hospital.OutgoingReview.NEVER
    if rule["level"] == Level.COUNTY:  # of five counties one reviews everything, two review routine cases
        policies = [review.ROUTINE_ONLY, review.NEVER, review.ALWAYS, review.ROUTINE_ONLY, review.NEVER]
        review = policies[index % 5]
    first17 = f"12{division.code}DEM{number:06d}"
    name = rule["name"] if rule["level"] == Level.PROVINCE else seat_name(division) + rule["name"]
    grades = Hospital.Grade
    return Hospital(
        credit_code=first17 + credit_check_digit(first17),
        name=name,
        **search.found_by(name),
        level=rule["level"],
        grade=(grades.G2A if index % 4 else grades.G3B) if rule["level"] == Level.COUNTY else grades.G3A,
        kind=rule["kind"],
        division=division,
        outgoing_review=review,
        # No subscriber number begins with 0: it can be read, not dialled.
        phone=f"{shipped('demo_network.json')['area_codes'][division.code[:4] + '00']}-0{number:07d}",
        illustrative=True,
    )


def seat_name(division: Division) -> str:
    """What a hospital is called after: the division, a district with its city before it, Xiangxi by its short name."""
    if division.name.endswith("自治州"):
        return division.name[:2] + "州"
    if division.level == DivisionLevel.COUNTY and division.name.endswith("区") and division.parent:
        return division.parent.name + division.name
    return division.name


def figure(department: Department, kind: Concept, beds: list[int] | None, chance: Random, now: datetime) -> Capability:
    """A capability, with its places if they are counted: a figure minutes to 40 days old, or missing for one in six."""
    row = Capability(department=department, kind=kind)
    if beds is None:
        return row
    youngest, oldest = FIGURE_AGES
    age = exp(chance.uniform(log(youngest), log(oldest)))
    total, part, told = chance.randint(*beds), chance.uniform(0.1, 0.5), chance.random() > 1 / 6
    if department.hospital.level == Level.PROVINCE:  # the lead hospitals report every hour
        age, part, told = chance.uniform(3, 60), 0.3, True
    if told:
        row.beds_total, row.beds_free = total, max(1, round(total * part))
        row.as_of = now - timedelta(minutes=round(age))
    return row


def recruiter(network: Network, chance: Random) -> Callable[..., None]:
    """A function that takes on one invented person for the jobs given (`ROLE` or `ROLE@department`) at one place."""
    rules, names, secret = shipped("demo_network.json"), shipped("names.json"), make_password(PASSWORD)
    reserved: dict[tuple[str, str], list[str]] = {}
    for username, account in rules["accounts"].items():
        reserved.setdefault(tuple(account), []).append(username)
    taken: Counter[str] = Counter()

    def recruit(slug: str, place: Hospital | Division, departments: Mapping[str, Department], jobs: str) -> None:
        parted = [job.partition("@") for job in jobs.split()]
        role = Role(parted[0][0])
        word = f"{slug}.{WORDS[role]}"
        taken[word] += 1
        kept = reserved.get((place.name, jobs), [])
        person = Person(
            username=kept.pop(0) if kept else f"{word}{taken[word]}",
            password=secret,
            name=chance.choice(names["surnames"]) + chance.choice(names[chance.choice(["given_male", "given_female"])]),
            title=chance.choice(rules["titles"][role]),
        )
        network.people.append(person)
        network.held.extend((person, Role(name), departments[at] if at else place) for name, _at, at in parted)

    return recruit


def ally(network: Network, made: Mapping[str, list[Hospital]], chance: Random, today: date) -> None:
    """Let the hospitals join their alliances, the lead first, on days in the past six years."""
    leads = {hospital.name: hospital for hospital in network.hospitals}
    for code, rule in shipped("demo_network.json")["alliances"].items():
        alliance = Alliance(code=code, name=rule["name"], lead=leads[rule["lead"]])
        network.alliances.append(alliance)
        network.memberships.append(
            Membership(alliance=alliance, hospital=alliance.lead, joined_date=today - timedelta(days=6 * 365))
        )
        network.memberships.extend(
            Membership(
                alliance=alliance,
                hospital=hospital,
                joined_date=today - timedelta(days=chance.randint(IN_SERVICE_DAYS, 6 * 365 - 1)),
            )
            for template in rule["members"]
            for hospital in made[template]
        )
