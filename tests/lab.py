"""Pathology in the small world of the tests: who reads what, and a standard case in every state.

The standard case is a routine biopsy of the breast, sent by the county's lab to the provincial department for a remote
diagnosis. `Lab.case` brings one into a state by real steps only; `take` and `attempt` are those of `World`.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from consortium import grants
from consortium.access import Actor
from consortium.models import Concept, Event, Person
from consortium.roles import Role
from telemedicine import actions, images, viewing
from telemedicine.models import Block, BlockKind, Expertise, Kind, Liability, PathologyCase, Slide, Specimen, Status
from tests.reports import content, fitting
from tests.world import World, patient

LAB, PATHOLOGIST, LEAD = Role.PATHOLOGY_LAB, Role.PATHOLOGIST, Role.PATHOLOGY_LEAD
COUNTY_LAB, QUALITY, HEAD = ("county", LAB, 1), ("province", LAB, 1), ("province", LEAD, 1)
FIRST, SECOND, THIRD, FOURTH = (("province", PATHOLOGIST, n) for n in (1, 2, 3, 4))
OPINION = {"diagnostic_class": "MALIGNANT", "text": "浸润性癌"}
REPORT = {
    "diagnostic_class": "MALIGNANT",
    "conclusion": "（左乳）浸润性导管癌，II 级",
    "diagnosis_code": "C50.900",
    "content": content(),
}

# Who takes each step of the standard case.
BY: dict[str, tuple[str, Role, int]] = {
    "update_pathology": COUNTY_LAB,
    "register_specimen": COUNTY_LAB,
    "register_block": COUNTY_LAB,
    "register_slides": COUNTY_LAB,
    "withdraw_slide": COUNTY_LAB,
    "reserve_frozen": COUNTY_LAB,
    "confirm_reservation": FIRST,
    "submit_pathology": COUNTY_LAB,
    "pass_quality": QUALITY,
    "fail_quality": QUALITY,
    "fix_pathology": COUNTY_LAB,
    "claim_pathology": FIRST,
    "assign_pathology": HEAD,
    "reassign_pathology": HEAD,
    "start_reading": FIRST,
    "decline_reading": FIRST,
    "request_material": FIRST,
    "supply_material": COUNTY_LAB,
    "give_preliminary_opinion": FIRST,
    "request_second_read": FIRST,
    "give_second_opinion": SECOND,
    "name_adjudicator": FIRST,
    "adjudicate_opinion": THIRD,
    "sign_report": FIRST,
    "declare_undiagnosable": FIRST,
    "acknowledge_report": COUNTY_LAB,
    "record_final_result": COUNTY_LAB,
    "amend_report": FIRST,
    "refer_pathology": COUNTY_LAB,
    "cancel_pathology": COUNTY_LAB,
}
READING = ["submit_pathology", "pass_quality", "claim_pathology", "start_reading"]
ISSUED = [*READING, "sign_report"]
# The steps that bring the standard case into a state; the reserved one is a frozen section.
PATHS: dict[Status, list[str]] = {
    Status.DRAFT: [],
    Status.RESERVED: ["reserve_frozen"],
    Status.SUBMITTED: READING[:1],
    Status.RETURNED: ["submit_pathology", "fail_quality"],
    Status.POOLED: READING[:2],
    Status.ASSIGNED: READING[:3],
    Status.READING: READING,
    Status.MORE_NEEDED: [*READING, "request_material"],
    Status.PRELIMINARY: [*READING, "give_preliminary_opinion"],
    Status.SECOND_REVIEW: [*READING, "request_second_read"],
    Status.ISSUED: ISSUED,
    Status.UNDIAGNOSABLE: [*READING, "declare_undiagnosable"],
    Status.ACKNOWLEDGED: [*ISSUED, "acknowledge_report"],
    Status.RECONCILED: [*ISSUED, "acknowledge_report", "record_final_result"],
    Status.CANCELLED: ["submit_pathology", "cancel_pathology"],
}


class Lab(World):
    """The small world, with pathologists and what each reads."""

    serial = 0

    def _enrol(self) -> None:
        super()._enrol()
        keys = [("province", PATHOLOGIST, n) for n in (2, 3, 4)]
        made = Person.objects.bulk_create(Person(username=f"{p}-{r}-{n}", name=f"{p} {r} {n}") for p, r, n in keys)
        self.people |= dict(zip(keys, made, strict=True))
        start = self.now - timedelta(days=1)
        grants.enrol(((self.people[key], key[1], self.place(key[0], key[1])) for key in keys), starts_at=start)
        grants.sync()
        self.reads(("province", PATHOLOGIST, 1), "BREAST")
        self.reads(("province", PATHOLOGIST, 2), "BREAST")
        self.reads(("province", PATHOLOGIST, 3), "GENERAL")
        self.reads(("province", PATHOLOGIST, 4), "THORACIC")

    def reads(self, who: tuple[str, Role, int], subspecialty: str, limit: int = 50) -> Expertise:
        """Let somebody read a subspecialty for the department of their place."""
        concept = Concept.objects.get(system="SUBSPECIALTY", code=subspecialty)
        row, _made = Expertise.objects.update_or_create(
            department=self.departments[who[0]],
            person=self.people[who],
            subspecialty=concept,
            defaults={"open_limit": limit},
        )
        return row

    def actor(self, place: str, role: Role, n: int = 1) -> Actor:
        """Somebody who acts now and has read nothing yet."""
        return replace(super().actor(place, role, n), known={})

    def draft(self, *, by: Actor | None = None, slides: int = 2, verified: bool = True, **given: Any) -> PathologyCase:  # type: ignore[override]
        """A complete draft of the standard case, its specimen received an hour ago and its pictures verified."""
        written = {
            "patient": given.pop("patient", None) or patient(date(1975, 5, 4)),
            "requester_department": self.departments["county"].pk,
            "performer_department": self.departments["province"].pk,
            "kind": Kind.ROUTINE,
            "liability": Liability.REMOTE_DIAGNOSIS,
            "organ": "BREAST",
            "preliminary_class": "SUSPICIOUS",
            "preliminary_diagnosis": "可疑癌",
            "history": "左乳肿块 2 月",
            "question": "良恶性？",
            "consent_by": "赵六",
            "consent_relation": "丈夫",
            "now": self.now,
        }
        received_at = given.pop("received_at", self.now - timedelta(hours=1))
        case = actions.create_pathology(by=by or self.actor(*COUNTY_LAB), **written | given)
        if slides:
            case = self.take("register_specimen", case, specimen=self.specimen(slides, received_at))
        if verified:
            for slide in case.slides.all():
                images.mark_verified(slide, self.now)
        return self.read(case)

    def draft_of(self, who: Any, **given: Any) -> Any:
        """A draft of a referral of a patient of a pathology case, or of a patient that is given."""
        known = {"name": who.name, "id_number": who.id_number} if who else given.pop("patient")
        adult = {"consent_by": known["name"], "consent_relation": "本人"}
        return super().draft(by=self.actor("county", Role.REFERRING_DOCTOR), patient=known, **adult | given)

    def specimen(self, slides: int = 1, received_at: Any = None) -> dict[str, Any]:
        """A specimen with one block and some slides, its barcodes used once."""
        Lab.serial += 1
        code = f"S{Lab.serial:05d}"
        return {
            "barcode": code,
            "site": "左乳外上象限",
            "received_at": received_at or self.now - timedelta(hours=1),
            "blocks": [
                {"barcode": f"{code}-A", "kind": BlockKind.PARAFFIN, "slides": [self.slide() for _ in range(slides)]}
            ],
        }

    def slide(self) -> dict[str, Any]:
        """A slide with a barcode that is used once."""
        Lab.serial += 1
        return {"barcode": f"G{Lab.serial:05d}", "stain": "HE", "magnification": 40}

    def case(self, status: Status, *, steps: list[str] | None = None, **given: Any) -> PathologyCase:  # type: ignore[override]
        """The standard case in a state, brought there by the steps of `PATHS`, or by other steps that end in it."""
        if status == Status.RESERVED:
            given.setdefault("kind", Kind.FROZEN)
        case = self.draft(**given)
        for step in PATHS[status] if steps is None else steps:
            case = self.take(step, case)
        assert case.status == status, f"{case.status} instead of {status}"
        return self.read(case)

    def read(self, case: Any) -> Any:
        """The case as it is stored now, with all that a step reads."""
        return PathologyCase.objects.select_related(*PathologyCase.LOADED).get(pk=case.pk)

    def see(self, case: PathologyCase, *who: tuple[str, Role, int]) -> None:
        """Let people open every slide of a case."""
        for key in who:
            for slide in case.slides.filter(withdrawn_at__isnull=True):
                viewing.open_slide(by=self.actor(*key), id=slide.pk, now=self.now)

    def inputs(self, step: str, case: PathologyCase | None = None) -> dict[str, Any]:
        """Inputs that every standard case accepts for a step."""
        person = {key: row.pk for key, row in self.people.items()}
        given: dict[str, Callable[[], dict[str, Any]]] = {
            "update_pathology": lambda: {"question": "分型？"},
            "register_specimen": lambda: {"specimen": self.specimen()},
            "register_block": lambda: {
                "specimen": Specimen.objects.filter(case=case).latest("id").pk,
                "block": {"barcode": self.slide()["barcode"], "kind": BlockKind.PARAFFIN, "slides": [self.slide()]},
            },
            "register_slides": lambda: {
                "block": Block.objects.filter(specimen__case=case).latest("id").pk,
                "slides": [self.slide()],
            },
            "withdraw_slide": lambda: {
                "slide": Slide.objects.filter(case=case, withdrawn_at=None).latest("id").pk,
                "reason": "REPLACED",
            },
            "reserve_frozen": lambda: {
                "planned_at": self.now + timedelta(hours=2),
                "standby_expert": person[FIRST],
            },
            "fail_quality": lambda: {"defects": [{"code": "FOCUS"}], "note": "左上角模糊"},
            "fix_pathology": lambda: {"note": "已重新扫描"},
            "assign_pathology": lambda: {"expert": person[FIRST]},
            "reassign_pathology": lambda: {"expert": person[SECOND], "reason": "ABSENT"},
            "decline_reading": lambda: {"reason": "NOT_AVAILABLE"},
            "request_material": lambda: {"items": ["IHC", "LEVELS"], "note": "ER PR HER2 Ki-67"},
            "supply_material": lambda: {"answer": "已补做并扫描"},
            "give_preliminary_opinion": lambda: {"opinion": OPINION},
            "request_second_read": lambda: {"second_reader": person[SECOND], "opinion": OPINION},
            "give_second_opinion": lambda: {"opinion": OPINION | {"diagnostic_class": "BENIGN", "text": "硬化性腺病"}},
            "name_adjudicator": lambda: {"adjudicator": person[THIRD]},
            "adjudicate_opinion": lambda: {"opinion": OPINION},
            "sign_report": lambda: {"report": REPORT | {"content": fitting(case)}},
            "amend_report": lambda: {
                "report": REPORT | {"conclusion": "浸润性癌，III 级", "content": fitting(case)},
                "reason": "REVIEW",
            },
            "declare_undiagnosable": lambda: {"reason": "INSUFFICIENT_TISSUE"},
            "record_final_result": lambda: {"diagnostic_class": "MALIGNANT", "diagnosis": "浸润性导管癌"},
            "refer_pathology": lambda: {
                "requester_department": self.departments["county"].pk,
                "performer_department": self.departments["province"].pk,
                "reason": "请收治乳腺癌",
            },
            "cancel_pathology": lambda: {"reason": "DUPLICATE"},
        }
        return given[step]() if step in given else {}

    def take(self, step: str, case: Any, *, by: Actor | None = None, **given: Any) -> Any:
        """Take one step, by the person of `BY` and with `inputs` unless told otherwise; who concludes has looked."""
        if step not in BY:
            who = by or super().actor("county", Role.REFERRING_DOCTOR)
            return super().take(step, case, by=who, only={}, **given)
        who = by or self.actor(*BY[step])
        concluding = step in ("sign_report", "give_second_opinion", "adjudicate_opinion") and by is None
        if concluding and not viewing.every_slide_opened(case, self.people[BY[step]]):
            self.see(case, BY[step])
        given = {"expected_version": case.version, "now": self.now} | given
        only = given.pop("only", None)
        inputs = self.inputs(step, case) if only is None else only
        return getattr(actions, step)(by=who, id=case.pk, **inputs | given)

    def told_of(self, case: PathologyCase, step: str) -> set[tuple[str, Role, int]]:
        """Who has a notice of the latest event of a kind on a case."""
        return self.told(Event.objects.filter(subject_id=case.pk, kind=step).latest("id"))
