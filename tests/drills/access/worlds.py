"""Random networks: hospitals of three levels, people with roles of every date, cases in every state, all by real steps.

A scene is one story between two departments chosen at random, told by the small world's own steps; what a scene cannot
be told between those two is undone and counted.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from django.db import transaction

from consortium import grants, moment
from consortium.errors import Refused
from consortium.identity import credit_check_digit
from consortium.models import (
    Alliance,
    BreakGlass,
    Concept,
    Department,
    Hospital,
    Membership,
    Patient,
    Person,
    PractitionerRole,
)
from consortium.roles import HELD_AT, SEPARATED, Place, Role
from referrals.models import Attachment, OfferStatus, Referral, Status
from telemedicine.models import (
    Annotation,
    AnnotationKind,
    Kind,
    PathologyCase,
    ReportDraft,
    SlideTrace,
    Visibility,
)
from telemedicine.models import Status as Read
from tests import reports
from tests.lab import Lab
from tests.world import GREEN_PATHS, World

STAFF = (
    Role.REFERRING_DOCTOR, Role.REFERRAL_OFFICE, Role.EXPERT, Role.PATHOLOGY_LAB, Role.PATHOLOGY_LEAD,
    Role.PATHOLOGIST, Role.HOSPITAL_ADMIN,
)  # fmt: skip
LEVELS = (("430121", "COUNTY"), ("430181", "COUNTY"), ("430100", "CITY"), ("430200", "CITY"), ("430000", "PROVINCE"))
READERS = ("province", "city")  # whose pathologists read every subspecialty
LIKELY = 50
AGO = (0, 0, 0, 20, 200, 400, 800)  # days before now at which a scene is set; two of them beyond the retention
Key = tuple[str, Role, int]


@dataclass
class Network:
    """One random network: its small world, who is asked about what they see, and what was told in it."""

    lab: Lab
    random: Random
    asked: list[Person] = field(default_factory=list)
    likely: list[Person] = field(default_factory=list)  # who may be asked to find one certain fault
    told: Counter[str] = field(default_factory=Counter)
    untold: Counter[str] = field(default_factory=Counter)

    @classmethod
    def make(cls, seed: int, *, scenes: int, named: tuple[str, ...] = ()) -> "Network":
        """A network of its own for each seed; `scenes` stories, of which each kind is told before one is repeated.

        Of those that are `named` each is told for certain.
        """
        lab: Any = Lab.make()
        net = cls(lab, Random(seed))  # noqa: S311 - stories, not keys
        lab.now = moment.now().replace(microsecond=0)
        net.build()
        net.enrol()
        net.tell(scenes, named)
        net.emergencies()
        return net

    def build(self) -> None:
        """Further hospitals, each with one or two departments and a full staff; an alliance of some of them."""
        lab, random = self.lab, self.random
        specialty = Concept.objects.get(system="SPECIALTY", code="07")
        for n in range(random.randint(1, 3)):
            division, level = random.choice(LEVELS)
            first17 = f"12{division}5559{n:05d}"
            name = f"h{n}"
            lab.hospitals[name] = Hospital.objects.create(
                credit_code=first17 + credit_check_digit(first17),
                name=f"{name}医院", level=level, division_id=division,
                outgoing_review=random.choice(["NEVER", "ROUTINE_ONLY"]),
            )  # fmt: skip
            for place in (name, f"{name}.other")[: random.randint(1, 2)]:
                lab.departments[place] = Department.objects.create(
                    hospital=lab.hospitals[name], name=place, specialty=specialty
                )
        alliance = Alliance.objects.create(code="drill", name="演练联盟", lead=lab.hospitals["province"])
        members = random.sample(sorted(lab.hospitals), len(lab.hospitals) // 2 + 1)
        day = lab.now.date() - timedelta(days=2000)
        Membership.objects.bulk_create(
            Membership(alliance=alliance, hospital=lab.hospitals[name], joined_date=day) for name in members
        )

    def enrol(self) -> None:
        """Staff of the new places, readers at a second hospital, and people with roles of every date and none."""
        lab, random = self.lab, self.random
        keys: list[Key] = [
            (place, role, n)
            for place in lab.departments
            for role in STAFF
            for n in ((1, 2, 3, 4) if role == Role.PATHOLOGIST and place in READERS else (1,))
            if (place, role, n) not in lab.people and ("." not in place or Place.DEPARTMENT in HELD_AT[role])
        ]
        made = Person.objects.bulk_create(Person(username=f"{p}-{r}-{n}", name=f"{p} {r} {n}") for p, r, n in keys)
        lab.people |= dict(zip(keys, made, strict=True))
        start = lab.now - timedelta(days=3000)
        grants.enrol(((lab.people[key], key[1], lab.place(key[0], key[1])) for key in keys), starts_at=start)
        PractitionerRole.objects.update(starts_at=start)
        for place in READERS:
            for n in (1, 2, 3, 4):
                lab.reads((place, Role.PATHOLOGIST, n), "GENERAL")
        odd = Person.objects.bulk_create(Person(username=f"odd-{n}", name=f"odd {n}") for n in range(12))
        wanted = [(person, *self.some_post()) for n, person in enumerate(odd) for _ in range(random.randint(n > 0, 3))]
        wanted += [(person, *self.some_post([role])) for person, role in zip(odd[5:], sorted(SEPARATED), strict=False)]
        for person, place in zip(odd[:4], ("province", "city", "province", "city"), strict=True):
            wanted += [(person, role, lab.hospitals[place]) for role in (Role.EXPERT, Role.PATHOLOGY_LAB)]
        wanted = list({(person.pk, role, where.pk): (person, role, where) for person, role, where in wanted}.values())
        opening = Person.objects.bulk_create(Person(username=f"opens-{n}", name=f"opens {n}") for n in range(4))
        roles = (Role.EXPERT, Role.REFERRING_DOCTOR, Role.EXPERT, Role.EXPERT)
        place = lab.hospitals[random.choice(sorted(lab.hospitals))]
        grants.enrol([(person, role, place) for person, role in zip(opening, roles, strict=True)], starts_at=start)
        for post in grants.enrol(wanted, starts_at=start):
            sure = dict(zip((person.pk for person in odd[:4]), ("over", "future", "runs", "over"), strict=True))
            self.date(post, sure.get(post.person_id) or random.choice(["runs", "runs", "over", "future"]))
        Person.objects.filter(pk=odd[2].pk).update(is_active=False)
        grants.sync()

    def some_post(self, roles: Iterable[Role] = frozenset(Role) - SEPARATED) -> tuple[Role, Any]:
        """A role and a place where it can be held; none of those that nobody may hold together."""
        role = self.random.choice(sorted(roles))
        place = self.random.choice(sorted(self.lab.departments))
        department = self.lab.departments[place]
        where = {Place.DEPARTMENT: department, Place.HOSPITAL: department.hospital}
        where[Place.DIVISION] = department.hospital.division
        return role, where[self.random.choice(sorted(HELD_AT[role], key=str))]

    def date(self, post: PractitionerRole, kind: str) -> None:
        """Let a role run, be over, or lie in the future."""
        now = self.lab.now
        post.starts_at = now + timedelta(days=9) if kind == "future" else post.starts_at
        post.ends_at = now - timedelta(days=9) if kind == "over" else None
        post.save()

    def tell(self, scenes: int, named: tuple[str, ...]) -> None:
        """The stories that are named, then each kind in a random order, as often as scenes are left."""
        stories = [*LEGS, *CALLS, *GLASSES]
        for story in (story for story in stories if story[0] in named):
            while not self.scene(story, ago=0):
                pass
        while scenes > 0:
            self.random.shuffle(stories)
            for story in stories[:scenes]:
                self.scene(story)
            scenes -= len(stories)

    def scene(self, story: "Story", *, ago: int | None = None) -> bool:
        """One story between two departments, undone where it cannot be told between them; whether it was told."""
        name, tell = story
        try:
            with transaction.atomic():
                tell(self.scene_between(glass=story in GLASSES, ago=ago))
        except (Refused, AssertionError, KeyError) as error:
            self.untold[f"{name}: {error!r}"] += 1
            return False
        self.told[name] += 1
        return True

    def scene_between(self, *, glass: bool, ago: int | None = None) -> "Scene":
        """The same network with the two parties in the parts of the small world's county and province, days `ago`."""
        lab, random = self.lab, self.random
        there = random.choice(READERS if glass else sorted(lab.departments))
        here = random.choice([p for p in sorted(lab.departments) if house(p) != house(there)])
        rest = [p for p in lab.hospitals if p not in (house(here), house(there))]
        parts = {"county": here, "province": there}
        parts |= dict(zip(("province2", "city"), random.sample(sorted(rest), 2), strict=True))
        people = {
            (part, role, n): person
            for part, place in parts.items()
            for (of, role, n), person in lab.people.items()
            if of == (place if Place.DEPARTMENT in HELD_AT[role] else house(place))
        }
        retold: dict[str, Any] = {
            "departments": lab.departments | {part: lab.departments[place] for part, place in parts.items()},
            "hospitals": lab.hospitals | {part: lab.hospitals[house(place)] for part, place in parts.items()},
            "people": lab.people | people,
            "picu": lab.picu,
            "now": lab.now - timedelta(days=random.choice(AGO) if ago is None else ago),
        }
        return Scene(self, Retold(**retold), Lab(**retold))

    def emergencies(self) -> None:
        """Emergency accesses of people who otherwise see nothing of a patient: running, over, and by a stale role."""
        patients = list(Patient.objects.order_by("pk"))
        held = PractitionerRole.objects.filter(person__username__startswith="opens-").order_by("pk")
        for role, minutes in zip(held, (10, 10, 80, 10), strict=True):
            started = self.lab.now - timedelta(minutes=minutes)
            for patient in self.random.sample(patients, min(2, len(patients))):
                BreakGlass.objects.create(
                    person=role.person, practitioner_role=role, hospital=role.hospital, patient=patient,
                    patient_hospital=patient.registered_by_hospital, reason_code="LIFE_THREAT", started_at=started,
                    ends_at=started + timedelta(minutes=60), review_due_at=started + timedelta(days=2),
                )  # fmt: skip
        PractitionerRole.objects.filter(pk=held[3].pk).update(ends_at=self.lab.now - timedelta(minutes=1))

    def choose(self, people: int, sees: Callable[[int], int]) -> None:
        """Who is asked: a third with odd roles; of the staff, in each role first those who see most."""
        odd = list(Person.objects.filter(username__startswith="odd-").order_by("pk"))[: people // 3]
        odd += list(Person.objects.filter(username__startswith="opens-").order_by("pk"))[: people // 4]
        keys = sorted(self.lab.people, key=lambda key: (-sees(self.lab.people[key].pk), str(key)))
        seen: Counter[Role] = Counter()
        rounds: list[tuple[int, Key]] = []
        for key in keys:
            rounds.append((seen[key[1]], key))
            seen[key[1]] += 1
        rounds.sort(key=lambda one: one[0])
        everybody = [*odd, *(self.lab.people[key] for _round, key in rounds)]
        self.asked, self.likely = everybody[:people], everybody[:LIKELY]


def house(place: str) -> str:
    """The hospital of a place."""
    return place.partition(".")[0]


class Retold(World):
    """The small world at another time: a follow-up lies a week ahead of it."""

    def inputs(self, step: str) -> dict[str, Any]:
        """As in the small world."""
        given = super().inputs(step)
        if "outcome" in given:
            given["outcome"] = given["outcome"] | {"follow_up_date": (self.now + timedelta(days=7)).date()}
        return given


Tell = Callable[["Scene"], Any]


@dataclass
class Scene:
    """Two parties, the small world retold between them, and the network it happens in."""

    net: Network
    referring: World
    lab: Lab

    @property
    def random(self) -> Random:
        """The network's own."""
        return self.net.random

    def draft(self, **given: Any) -> dict[str, Any]:
        """What differs from the standard referral: it needs no bed of the small world's only unit."""
        return {"needed_capability": None} | given

    def beside(self, leg: Referral) -> None:
        """A file, and now and then a milestone, a death or a report of an error."""
        digest = f"{self.random.getrandbits(256):064x}"
        Attachment.objects.create(
            case=leg.case, referral=leg, name="片.pdf", media_type="application/pdf", size=9, sha256=digest,
            file=f"drill/{digest}.pdf", added_at=self.referring.now, added_by=leg.created_by,
        )  # fmt: skip
        if self.random.random() < 0.15 and leg.open:
            self.attempt("record_death" if self.random.random() < 0.3 else "report_error", leg)

    def attempt(self, step: str, row: Any) -> None:
        """One more step where the state allows it."""
        try:
            with transaction.atomic():
                self.referring.take(step, self.referring.read(row))
        except Refused:
            pass


def leg_in(status: Status) -> Tell:
    """A referral in a state."""
    return lambda scene: scene.beside(scene.referring.referral(status, **scene.draft()))


def green_in(status: Status) -> Tell:
    """A green-channel leg in a state."""
    return lambda scene: scene.beside(scene.referring.green(status))


def offer_in(status: OfferStatus) -> Tell:
    """An offer in a state, of a call to one hospital or to three."""

    def tell(scene: Scene) -> None:
        world = scene.referring
        places = ["province", "province2", "city"]
        several = status in (OfferStatus.ASKED, OfferStatus.READ, OfferStatus.OFFERED, OfferStatus.DECLINED)
        targets = [world.departments[p].pk for p in (places if several else places[:1])]
        world.offer(status, targets=targets)

    return tell


def called_by_hotline(scene: Scene) -> None:
    """A call that an agent of the division made for the sender."""
    world = scene.referring
    leg = world.call(by=world.actor("county", Role.HOTLINE_AGENT))
    if scene.random.random() < 0.5:
        world.take("offer_place", leg.offers.get())


def known_again(scene: Scene) -> None:
    """A second episode of a patient who was referred before, from another place."""
    first = scene.referring.referral(Status.CLOSED, **scene.draft())
    who = {"name": first.case.patient.name, "id_number": first.case.patient.id_number}
    other = scene.net.scene_between(glass=False).referring
    guardian = {"guardian_name": "李四", "guardian_relation": "母亲"}
    other.draft(**scene.draft(patient=who | guardian))


def sent_again(scene: Scene) -> None:
    """A rejected referral that goes to another hospital."""
    world = scene.referring
    leg = world.referral(scene.random.choice([Status.REJECTED, Status.ADVISED]), **scene.draft())
    world.take("resend_referral", leg)


def referred_down(scene: Scene) -> None:
    """A patient who is sent back home with a new leg."""
    world = scene.referring
    world.take("refer_down", world.referral(Status.ARRIVED, **scene.draft()))


def long_closed(scene: Scene) -> None:
    """A referral that ended so long ago that the receiver may read it no more."""
    scene.referring.now = scene.net.lab.now - timedelta(days=400)
    scene.beside(scene.referring.referral(Status.CLOSED, **scene.draft()))


def glass_long_closed(scene: Scene) -> None:
    """The same of a pathology case."""
    scene.lab.now = scene.net.lab.now - timedelta(days=400)
    left_on(scene, scene.lab.case(Read.RECONCILED))


def glass_in(status: Read) -> Tell:
    """A pathology case in a state, with what readers leave on its slides."""

    def tell(scene: Scene) -> None:
        kind = scene.random.choice([Kind.ROUTINE, Kind.SECOND_OPINION])
        kind = Kind.FROZEN if status == Read.RESERVED else kind
        left_on(scene, scene.lab.case(status, kind=kind))

    return tell


def left_on(scene: Scene, case: PathologyCase) -> None:
    """An upload with its image, annotations shown and hidden, a trace, a draft of a report."""
    slide = case.slides.order_by("id").first()
    if slide is None:
        return
    at = scene.lab.now
    image = reports.scan(slide)
    readers = [scene.lab.people["province", Role.PATHOLOGIST, n] for n in (1, 2)]
    point = {"type": "Point", "coordinates": [5, 5]}
    for person, seen in zip(readers, (Visibility.SHOWN, Visibility.HIDDEN), strict=True):
        Annotation.objects.create(
            case=case, image=image, person=person, kind=AnnotationKind.POINT, geometry=point, label="标",
            visibility=seen, created_at=at, changed_at=at,
        )  # fmt: skip
    SlideTrace.objects.create(
        case=case, image=image, person=readers[0], columns=2, rows=2, cells=b"\x00" * 4, changed_at=at
    )
    ReportDraft.objects.create(case=case, person=readers[0], template="BREAST", conclusion="待定", saved_at=at)


Story = tuple[str, Tell]
LEGS: list[Story] = [
    *((f"leg {status}", leg_in(status)) for status in Status if status != Status.BROADCAST),
    *((f"green {status}", green_in(status)) for status in GREEN_PATHS),
    ("known again", known_again),
    ("sent again", sent_again),
    ("referred down", referred_down),
    ("leg long closed", long_closed),
]
CALLS: list[Story] = [
    *((f"offer {status}", offer_in(status)) for status in OfferStatus),
    ("called by the hotline", called_by_hotline),
]
GLASSES: list[Story] = [
    *((f"glass {status}", glass_in(status)) for status in Read),
    ("glass long closed", glass_long_closed),
]
