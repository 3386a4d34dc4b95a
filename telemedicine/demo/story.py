"""One case's story in the demo: each word of a plot is one step, taken by a person who may take it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from consortium.access import Actor
from consortium.models import Department
from consortium.roles import Role
from referrals.demo.cast import Cast
from referrals.demo.patients import consent_of
from telemedicine import actions, viewing
from telemedicine.demo.plots import Plot
from telemedicine.demo.scans import Scanner
from telemedicine.experts import set_expertise
from telemedicine.models import BlockKind, Kind, Liability, PathologyCase, Slide

LAB, READER, LEAD = Role.PATHOLOGY_LAB, Role.PATHOLOGIST, Role.PATHOLOGY_LEAD
SUBSPECIALTIES = ("BREAST", "GI", "THORACIC", "GYNAECOLOGIC", "PAEDIATRIC", "HEAD_NECK", "CYTOLOGY", "GENERAL")
OPEN_LIMIT = 30
WARDS = ("肿瘤防治中心", "肿瘤内科")  # where a patient is sent from, and to
BLOCKS = {Kind.FROZEN: BlockKind.FROZEN, Kind.CYTOLOGY: BlockKind.SMEAR}
STAINS = {Kind.CYTOLOGY: "PAP"}
ON_THE_WAY = timedelta(minutes=4)  # from the operation to the laboratory


@dataclass
class Bench:
    """The department that reads, the people of the network, and the scanner."""

    cast: Cast
    experts: Department
    scanner: Scanner

    def person(self, role: Role, place: Department, at: datetime, number: int = 0) -> Actor:
        """Somebody who holds a role at a place, at a moment, remembering nothing of an earlier one."""
        return replace(self.cast.actor(role, place, at, number), known={})

    def reader(self, number: int, at: datetime) -> Actor:
        """One of the pathologists, by turns."""
        return self.person(READER, self.experts, at, number)

    def appoint_readers(self) -> None:
        """Let every pathologist of the department read every subspecialty, as its lead decides."""
        lead = self.person(LEAD, self.experts, self.cast.now)
        for held in self.cast.staff[READER, self.experts.pk]:
            for code in SUBSPECIALTIES:
                set_expertise(
                    by=lead, now=self.cast.now, department=self.experts.pk, person=held.person_id,
                    subspecialty=code, open_limit=OPEN_LIMIT,
                )  # fmt: skip


@dataclass
class Story:
    """A plot with its lab, text and patient, and the case as it stands."""

    number: int
    bench: Bench
    plot: Plot
    place: Department
    text: Mapping[str, Any]
    patient: dict[str, Any]
    times: list[datetime]
    turn: int = 0  # who of the readers has the case
    kept: list[PathologyCase] = field(default_factory=list)

    def play(self, scene: int, at: datetime) -> None:
        """Take the step of one scene at its moment."""
        word = self.plot.words[scene]
        getattr(self, {"pass": "pass_"}.get(word, word))(at)

    @property
    def case(self) -> PathologyCase:
        """The case as the last step left it."""
        return self.kept[-1]

    def take(self, step: Callable[..., PathologyCase], by: Actor, now: datetime, /, **inputs: Any) -> None:
        """Take a step on the case."""
        self.kept.append(step(by=by, id=self.case.pk, expected_version=self.case.version, now=now, **inputs))

    def lab(self, at: datetime) -> Actor:
        """The sender's laboratory."""
        return self.bench.person(LAB, self.place, at)

    def quality(self, at: datetime) -> Actor:
        """The performer's laboratory."""
        return self.bench.person(LAB, self.bench.experts, at)

    def lead(self, at: datetime) -> Actor:
        """Who leads the performer's department."""
        return self.bench.person(LEAD, self.bench.experts, at)

    def reader(self, at: datetime, after: int = 0) -> Actor:
        """Who has the case in hand, or one of the colleagues after."""
        return self.bench.reader(self.turn + after, at)

    def colleague(self, at: datetime, after: int) -> Any:
        """The key of a colleague."""
        person = self.reader(at, after).person
        return person and person.pk

    def look(self, by: Actor, at: datetime) -> None:
        """Open every slide."""
        for slide in self.case.slides.filter(withdrawn_at=None):
            viewing.open_slide(by=by, id=slide.pk, now=at)

    def opinion(self, diagnostic_class: str | None = None) -> dict[str, str]:
        """What a reader thinks: as the report will say, or another class."""
        report = self.text["report"]
        if diagnostic_class:
            return {"diagnostic_class": diagnostic_class, "text": "形态不典型，请结合免疫组化。"}
        return {"diagnostic_class": report["diagnostic_class"], "text": report["conclusion"]}

    def write(self, at: datetime) -> None:
        """The lab writes the case."""
        text = self.text
        names = ("history", "question", "preliminary_class", "preliminary_diagnosis", "organ")
        case = actions.create_pathology(
            by=self.lab(at), requester_department=self.place.pk, performer_department=self.bench.experts.pk,
            patient=self.patient, kind=self.plot.kind, liability=Liability[text["liability"]], now=at,
            **{name: text[name] for name in names} | consent_of(self.patient),
        )  # fmt: skip
        self.kept.append(case)

    def reserve(self, at: datetime) -> None:
        """The lab asks for a standby expert."""
        later = [when for when, word in zip(self.times, self.plot.words, strict=True) if word == "scan"]
        planned = later[0] if later else self.bench.cast.now + timedelta(hours=2)
        asked = self.colleague(at, 0)
        self.take(actions.reserve_frozen, self.lab(at), at, planned_at=planned, standby_expert=asked)

    def confirm(self, at: datetime) -> None:
        """The expert will be there."""
        self.take(actions.confirm_reservation, self.reader(at), at)

    def scan(self, at: datetime) -> None:
        """The lab registers the specimen with its slides, and sends their pictures."""
        frozen = self.plot.kind == Kind.FROZEN
        code, text = f"S{self.number + 1:04d}", self.text
        received = at - (ON_THE_WAY if frozen else timedelta(hours=26))
        glass = [
            {"barcode": f"{code}-A{n}", "stain": STAINS.get(self.plot.kind, "HE"), "magnification": 40}
            for n, _kind in enumerate(text["scans"], start=1)
        ]
        block = {"barcode": f"{code}-A", "kind": BLOCKS.get(self.plot.kind, BlockKind.PARAFFIN), "slides": glass}
        specimen = {name: text[name] for name in ("site", "procedure", "gross")}
        specimen |= {"barcode": code, "collected_at": received - ON_THE_WAY, "received_at": received, "blocks": [block]}
        self.take(actions.register_specimen, self.lab(at), at, specimen=specimen)
        self.send(at)

    def send(self, at: datetime) -> None:
        """Scan the slides that have no picture yet."""
        slides = self.case.slides.filter(withdrawn_at=None, verified_at=None).order_by("id")
        for slide, kind in zip(slides, [*self.text["scans"], "svs"], strict=False):
            self.picture(slide, kind, at)

    def picture(self, slide: Slide, kind: str, at: datetime, *, other: bool = False) -> None:
        """Scan one slide; one of two files of a kind, or the other one."""
        seed = 7001 + (self.number + other) % 2
        name = self.patient["name"]
        self.bench.scanner.scan(slide, kind=kind, seed=seed, patient=name, by=self.lab(at), at=at)

    def submit(self, at: datetime) -> None:
        """The lab submits."""
        self.take(actions.submit_pathology, self.lab(at), at)

    def pass_(self, at: datetime) -> None:
        """The slides can be read."""
        self.take(actions.pass_quality, self.quality(at), at)

    def fail(self, at: datetime) -> None:
        """The first slide is out of focus."""
        barcode = self.case.slides.order_by("id")[0].barcode
        defects = [{"code": "FOCUS", "barcode": barcode}]
        self.take(actions.fail_quality, self.quality(at), at, defects=defects, note="左上象限失焦，无法判读核分裂象。")

    def rescan(self, at: datetime) -> None:
        """The lab scans that slide again."""
        self.picture(self.case.slides.order_by("id")[0], "svs", at, other=True)

    def fix(self, at: datetime) -> None:
        """The lab sends the case again."""
        self.take(actions.fix_pathology, self.lab(at), at, note="已清洁玻片并重新扫描，逐视野复核清晰。")

    def claim(self, at: datetime) -> None:
        """A pathologist takes the case."""
        self.take(actions.claim_pathology, self.reader(at), at)

    def assign(self, at: datetime) -> None:
        """The lead hands the case to a pathologist."""
        self.take(actions.assign_pathology, self.lead(at), at, expert=self.colleague(at, 0))

    def reassign(self, at: datetime) -> None:
        """The lead hands the case to a colleague."""
        expert = self.colleague(at, 1)
        self.take(actions.reassign_pathology, self.lead(at), at, expert=expert, reason="LOAD")
        self.turn += 1

    def decline(self, at: datetime) -> None:
        """The pathologist cannot read it; a colleague will."""
        self.take(actions.decline_reading, self.reader(at), at, reason="NOT_AVAILABLE")
        self.turn += 1

    def start(self, at: datetime) -> None:
        """Reading begins."""
        self.take(actions.start_reading, self.reader(at), at)
        self.look(self.reader(at), at)

    def ask(self, at: datetime) -> None:
        """The pathologist wants immunohistochemistry."""
        markers = self.text["markers"]
        self.take(actions.request_material, self.reader(at), at, items=["IHC"], note=f"请加做 {markers}")

    def supply(self, at: datetime) -> None:
        """The lab supplies another slide with its picture."""
        block = self.case.specimens.get().blocks.get()
        glass = {"barcode": f"{block.barcode}-IHC", "stain": "IHC", "marker": self.text["markers"].split()[0]}
        slides = [glass | {"magnification": 20}]
        self.take(actions.register_slides, self.lab(at), at, block=block.pk, slides=slides)
        for slide in self.case.slides.filter(verified_at=None):
            self.picture(slide, "svs", at)
        self.take(actions.supply_material, self.lab(at), at, answer="免疫组化已完成并扫描上传，对照良好。")

    def tell(self, at: datetime) -> None:
        """The pathologist tells what it is, by telephone in an operation."""
        opinion = self.opinion()
        if self.plot.kind == Kind.FROZEN:
            opinion |= {"phoned_to": "手术室巡回护士", "read_back": self.text["report"]["conclusion"]}
        self.look(self.reader(at), at)
        self.take(actions.give_preliminary_opinion, self.reader(at), at, opinion=opinion)

    def second(self, at: datetime) -> None:
        """A colleague is asked to read it too."""
        inputs = {"second_reader": self.colleague(at, 1), "opinion": self.opinion()}
        self.take(actions.request_second_read, self.reader(at), at, **inputs)

    def agree(self, at: datetime) -> None:
        """The colleague thinks the same."""
        self.look(self.reader(at, 1), at)
        self.take(actions.give_second_opinion, self.reader(at, 1), at, opinion=self.opinion())

    def disagree(self, at: datetime) -> None:
        """The colleague thinks otherwise."""
        self.look(self.reader(at, 1), at)
        self.take(actions.give_second_opinion, self.reader(at, 1), at, opinion=self.opinion("ATYPICAL"))

    def third(self, at: datetime) -> None:
        """A third is named."""
        self.take(actions.name_adjudicator, self.reader(at), at, adjudicator=self.colleague(at, 2))

    def adjudicate(self, at: datetime) -> None:
        """The third decides."""
        self.look(self.reader(at, 2), at)
        self.take(actions.adjudicate_opinion, self.reader(at, 2), at, opinion=self.opinion())

    def report(self, **given: Any) -> dict[str, Any]:
        """What is signed."""
        return dict(self.text["report"]) | given

    def sign(self, at: datetime) -> None:
        """The report is signed, every slide opened."""
        self.look(self.reader(at), at)
        self.take(actions.sign_report, self.reader(at), at, report=self.report())

    def sign_critical(self, at: datetime) -> None:
        """The report is signed, its result critical."""
        self.look(self.reader(at), at)
        self.take(actions.sign_report, self.reader(at), at, report=self.report(critical=True))

    def amend(self, at: datetime) -> None:
        """A later result is put into a new version."""
        report = self.report(conclusion=self.text["report"]["conclusion"] + "（补充免疫组化结果后修订）")
        self.take(actions.amend_report, self.reader(at), at, report=report, reason="NEW_RESULT")

    def undiagnosable(self, at: datetime) -> None:
        """Nothing can be said."""
        self.take(actions.declare_undiagnosable, self.reader(at), at, reason="INSUFFICIENT_TISSUE")

    def acknowledge(self, at: datetime) -> None:
        """The lab has read the report."""
        read_back = self.case.conclusion if self.case.critical else ""
        self.take(actions.acknowledge_report, self.lab(at), at, read_back=read_back)

    def final(self, at: datetime) -> None:
        """The lab records what it came to; once more where the report was amended."""
        given = {"diagnostic_class": self.text["report"]["diagnostic_class"], "diagnosis": self.text["final"]}
        self.take(actions.record_final_result, self.lab(at), at, **given)

    def refer(self, at: datetime) -> None:
        """The lab sends the patient on in one step."""
        ward, hospital = self.bench.cast.named, self.bench.experts.hospital.name
        self.take(
            actions.refer_pathology, self.lab(at), at,
            requester_department=ward[self.place.hospital.name, WARDS[0]].pk,
            performer_department=ward[hospital, WARDS[1]].pk, reason="病理会诊确诊恶性肿瘤，请收治",
        )  # fmt: skip

    def cancel(self, at: datetime) -> None:
        """The lab withdraws."""
        self.take(actions.cancel_pathology, self.lab(at), at, reason="DIAGNOSED_LOCALLY")
