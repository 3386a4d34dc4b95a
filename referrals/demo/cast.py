"""Who plays in the demo referrals: the departments of the demo network, what they can do, and the people in them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from consortium import access, capacity
from consortium.access import Actor
from consortium.models import Capability, Department, Division, DivisionLevel, Hospital, Level, PractitionerRole
from consortium.roles import Role
from referrals.demo.plots import Plot
from referrals.models import Referral

COUNTY_HOME = ("浏阳市人民医院", "儿科")
CITY_HOME = ("长沙市妇幼保健院", "儿科")
PROVINCE_HOME = ("湖南省儿童医院", "儿童重症医学科")
FROM_COUNTY, TO_PROVINCE = 0.75, 0.35  # parts of the upward referrals


@dataclass(frozen=True)
class Parties:
    """The clinical text of a story, who sends, who is asked in which order, and where the patient lives."""

    text: Mapping[str, Any]
    sender: Department
    targets: tuple[Department, ...]
    home: Division


class Cast:
    """The demo network as it stands at one moment, read once."""

    def __init__(self, now: datetime) -> None:
        """Read departments, abilities, people and the figures that are restored in the end."""
        self.now = now
        rows = Department.objects.filter(hospital__illustrative=True).select_related(
            "hospital__division__parent", "specialty"
        )
        self.departments = list(rows.order_by("hospital__credit_code", "name"))
        self.named = {(row.hospital.name, row.name): row for row in self.departments}
        self.figures = list(Capability.objects.select_related("kind", "department").order_by("id"))
        self.staff: dict[tuple[str, UUID], list[PractitionerRole]] = defaultdict(list)
        for held in PractitionerRole.objects.select_related("person").order_by("person__username", "id"):
            place = held.department_id or held.hospital_id
            if place:
                self.staff[held.role, place].append(held)
        self.counties: dict[str, list[Division]] = defaultdict(list)
        for division in Division.objects.filter(level=DivisionLevel.COUNTY).select_related("parent").order_by("code"):
            self.counties[division.parent_id or ""].append(division)
        self.actors: dict[int, Actor] = {}
        self.sending: dict[tuple[str, str], list[Department]] = defaultdict(list)
        self.able: dict[str, list[Department]] = defaultdict(list)
        self.sort_departments()

    def sort_departments(self) -> None:
        """Departments that can send, by level and field, and that can be asked, by capability and by specialty."""
        abilities = defaultdict(set)
        for figure in self.figures:
            abilities[figure.department_id].add(figure.kind.code)
        for row in self.departments:
            if (Role.REFERRING_DOCTOR, row.pk) in self.staff:
                self.sending[row.hospital.level, row.specialty.code[:2]].append(row)
            if (Role.EXPERT, row.pk) in self.staff:
                for code in [row.specialty.code, *sorted(abilities[row.pk])]:
                    self.able[code].append(row)

    def actor(self, role: Role, department: Department, at: datetime, number: int = 0) -> Actor:
        """Somebody who holds a role at a department or its hospital, acting at a moment."""
        held = self.staff.get((role, department.pk)) or self.staff[role, department.hospital_id]
        person = held[number % len(held)].person
        if person.pk not in self.actors:
            self.actors[person.pk] = access.actor(person, now=self.now)
        return access.at_time(self.actors[person.pk], at)

    def well_known(self, plot: Plot, texts: list[Mapping[str, Any]]) -> Parties:
        """The parties that the named demo accounts belong to, so that they see one story of every plot."""
        county, city, province = (self.named[name] for name in (COUNTY_HOME, CITY_HOME, PROVINCE_HOME))
        direction = "DOWN" if plot.route == "DOWN" else "UP"
        text = next(t for t in texts if t["specialty"] == "07" and t["direction"] == direction)
        sender, targets = county, [city, province, self.named["长沙市中心医院", "儿科"]]
        if plot.route == "DOWN":
            sender, targets = province, [county]
        elif plot.route == "LATERAL":
            sender, targets = city, targets[2:]
        return Parties(text, sender, tuple(targets[: plot.targets]), county.hospital.division)

    def parties(self, plot: Plot, texts: list[Mapping[str, Any]], chance: Random) -> Parties:
        """Parties drawn by lot until they suit the plot."""
        while True:
            text = chance.choice([t for t in texts if t["direction"] == ("DOWN" if plot.route == "DOWN" else "UP")])
            senders = self.senders(plot, text, chance)
            sender = chance.choice(senders) if senders else None
            targets = self.targets(plot, text, sender, chance) if sender else []
            if sender and len(targets) >= plot.targets:
                lives_near = targets[0] if plot.route == "DOWN" else sender
                return Parties(text, sender, tuple(targets[: plot.targets]), self.home(lives_near, chance))

    def callers(self, text: Mapping[str, Any], chance: Random, *, at_home: bool) -> Parties:
        """A county department that calls for an emergency; of the named accounts' hospital if at home."""
        county = self.named[COUNTY_HOME].hospital_id
        able = self.sending[Level.COUNTY, text["specialty"]]
        able = [row for row in able if row.hospital_id == county] if at_home else able
        sender = chance.choice(able)
        return Parties(text, sender, (), self.home(sender, chance))

    def senders(self, plot: Plot, text: Mapping[str, Any], chance: Random) -> list[Department]:
        """The departments of one level that treat such patients and have a doctor to send them."""
        up = Level.COUNTY if plot.reviewed or chance.random() < FROM_COUNTY else Level.CITY
        level = {"UP": up, "LATERAL": Level.CITY, "DOWN": chance.choice([Level.PROVINCE, Level.CITY])}[plot.route]
        field = "07" if text["specialty"] == "08" else text["specialty"]  # counties have no paediatric surgeons
        found = self.sending[level, field]
        always = Hospital.OutgoingReview.ALWAYS
        return [row for row in found if not plot.reviewed or row.hospital.outgoing_review == always]

    def targets(self, plot: Plot, text: Mapping[str, Any], sender: Department, chance: Random) -> list[Department]:
        """Departments of different hospitals that can help, in the order in which a sender would ask them."""
        levels, near = reachable(plot.route, sender.hospital.level), prefecture(sender)
        able = [
            row
            for row in self.able[text["capability"] or text["specialty"]]
            if row.hospital_id != sender.hospital_id and row.hospital.level in levels
        ]
        chance.shuffle(able)
        if plot.route == "DOWN" and sender.hospital.level == Level.CITY:
            able = [row for row in able if prefecture(row) == near]
        straight_up = plot.targets == 1 and chance.random() < TO_PROVINCE
        tiers = {Level.PROVINCE: 0 if straight_up else 2, Level.COUNTY: 1}
        able.sort(key=lambda row: tiers.get(Level(row.hospital.level), 1 if prefecture(row) == near else 3))
        return list({row.hospital_id: row for row in reversed(able)}.values())[::-1]

    def home(self, department: Department, chance: Random) -> Division:
        """A county from which patients come to a department."""
        division = department.hospital.division
        if division.level == DivisionLevel.COUNTY:
            return division
        counties = self.counties[division.code] or [row for rows in self.counties.values() for row in rows]
        return chance.choice(counties)

    def make_room(self, leg: Referral, at: datetime) -> None:
        """Let the hospital that is asked report beds that have become free, when all that it reported are promised."""
        places = Capability.objects.select_related("department").filter(beds_free__isnull=False)
        row = places.filter(department=leg.performer_department_id, kind=leg.needed_capability_id).first()
        if row and row.held >= (row.beds_free or 0):
            self.report(row, total=max(row.beds_total or 0, row.held + 2), free=row.held + 2, as_of=at, now=at)

    def report_places_again(self) -> None:
        """Let the hospitals whose beds were taken report the figures of the demo network again."""
        current = Capability.objects.select_related("department").in_bulk([figure.pk for figure in self.figures])
        for figure in self.figures:
            row = current[figure.pk]
            if (row.beds_free, row.as_of) != (figure.beds_free, figure.as_of) and figure.as_of:
                free = max(figure.beds_free or 0, row.held)
                total = max(figure.beds_total or 0, free)
                self.report(row, total=total, free=free, as_of=figure.as_of, now=self.now)

    def report(self, row: Capability, *, total: int, free: int, as_of: datetime, now: datetime) -> None:
        """Let the hospital's administrator report a count."""
        admin = self.actor(Role.HOSPITAL_ADMIN, row.department, now)
        capacity.update_capacity(
            by=admin, id=row.pk, expected_version=row.version, beds_total=total, beds_free=free, as_of=as_of, now=now
        )


def prefecture(department: Department) -> str:
    """The first four digits of the division code: province and prefecture."""
    return department.hospital.division_id[:4]


def reachable(route: str, level: str) -> set[str]:
    """The levels of hospital that a route leads to from one level."""
    if route == "LATERAL":
        return {level}
    if route == "DOWN":
        return {Level.COUNTY}
    return {Level.PROVINCE} if level == Level.CITY else {Level.CITY, Level.PROVINCE}
