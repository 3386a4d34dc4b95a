"""The people of the stories of remote pathology, what they write, and what they do over and over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.walks import scans
from tests.walks.client import Person
from tests.walks.story import PASSWORD, expect, id_number

CASE = {"of": "pathologyCase"}
READ = """query($id: ID!) { pathologyCase(id: $id) { id number version status createdAt closedAt conclusion critical
    preliminaryAgreement secondAgreement finalAgreement assignedTo { id } referralId
    clock { kind holder } clocks { kind holder startedAt pausedAt stoppedAt met elapsedMinutes targetMinutes }
    specimens { id blocks { id } } slides { id barcode verifiedAt openedAt }
    qualityChecks { result fixedAt defects { code slide } } materialRequests { items answeredAt }
    opinions { part phonedTo readBack } reports { id version intact inForce } events { kind }
    availableActions { action allowed } } }"""
SCREEN = "{ me { person { id } roles { hospital { id } department { id } } } }"
LEDGER = "{ pathologyLedger(grouping: ORGAN) { group undiagnosable { numerator } } }"
BREAST = [
    {"field": "specimenDescription", "text": "左乳粗针穿刺组织 4 条"},
    {"field": "procedure", "codes": ["CORE_BIOPSY"]},
    {"field": "laterality", "codes": ["LEFT"]},
    {"field": "neoadjuvant", "codes": ["NO"]},
    {"field": "topography", "codes": ["C50.4"]},
    {"field": "grossDescription", "text": "灰白条索状组织 4 条，长 0.8～1.5 cm"},
    {"field": "focality", "codes": ["SINGLE"]},
    {"field": "microscopicDescription", "text": "癌细胞呈巢状、条索状浸润间质，腺管形成不足 10%。"},
    {"field": "dcis", "codes": ["ABSENT"]},
    {"field": "morphology", "codes": ["8500/3"]},
    {"field": "diagnosisText", "text": "（左乳外上象限）浸润性癌，非特殊型，组织学 2 级。"},
    {"field": "lymphovascularInvasion", "codes": ["ABSENT"]},
    {"field": "erPercent", "number": 90},
    {"field": "prPercent", "number": 70},
    {"field": "her2", "codes": ["SCORE_1"]},
    {"field": "nottinghamTubules", "number": 3},
    {"field": "nottinghamNuclei", "number": 2},
    {"field": "nottinghamMitoses", "number": 1},
    {"field": "grade", "codes": ["2"]},
]
FROZEN = [
    {"field": "specimenDescription", "text": "左乳肿物 1 枚"},
    {"field": "question", "codes": ["NATURE"]},
    {"field": "site", "text": "左乳外上象限"},
    {"field": "blocksFrozen", "number": 1},
    {"field": "frozenClass", "codes": ["MALIGNANT"]},
    {"field": "diagnosisText", "text": "（左乳）浸润性癌，待石蜡切片进一步分型。"},
    {"field": "limits", "codes": ["STATED"]},
]
OPINION = {"diagnosticClass": "MALIGNANT", "text": "浸润性癌"}


def report(template: str = "BREAST", **given: Any) -> dict[str, Any]:
    """What a pathologist signs."""
    answers = FROZEN if template == "FROZEN_GENERIC" else BREAST
    said = {"diagnosticClass": "MALIGNANT", "conclusion": "（左乳）浸润性癌", "diagnosisCode": "C50.900"}
    return said | {"content": {"template": template, "answers": answers}} | given


@dataclass
class Pathology:
    """The people of the stories by their parts, and a way to let minutes pass."""

    url: str
    cast: Mapping[str, str]
    ahead: Callable[[int], None]
    people: dict[str, Person] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    seed: int = 4000

    def who(self, part: str) -> Person:
        """Somebody of the cast, signed in at the first call."""
        if part not in self.people:
            self.people[part] = Person(self.url, self.cast[part], PASSWORD)
        return self.people[part]

    def me(self, part: str) -> tuple[str, str]:
        """Somebody's key, and that of the department at which they work."""
        told = self.who(part).ask(SCREEN)["me"]
        return told["person"]["id"], next(r["department"]["id"] for r in told["roles"] if r["department"])

    def read(self, part: str, case: Mapping[str, Any]) -> dict[str, Any]:
        """A case as a person sees it."""
        return dict(self.who(part).ask(READ, id=case["id"])["pathologyCase"])

    def take(self, part: str, action: str, case: Mapping[str, Any], status: str, **given: Any) -> dict[str, Any]:
        """The case after a step that must succeed and end in a status."""
        found = self.who(part).step(action, case, **CASE, **given)
        expect(found["status"], status, f"status after {action}")
        return found

    def code(self, part: str, action: str, case: Mapping[str, Any], **given: Any) -> str:
        """The code with which a step is refused; Failed if it is not."""
        return self.who(part).code(action, case, **CASE, **given)

    def draft(self, born: date = date(1971, 4, 12), name: str = "示例患者", **given: Any) -> dict[str, Any]:
        """A complete draft of the lab for an invented patient, without specimens."""
        content = {
            "requesterDepartment": self.me("lab")[1],
            "performerDepartment": self.me("first")[1],
            "patient": {"name": name, "idNumber": id_number(born)},
            "kind": "ROUTINE",
            "liability": "CONSULTATION",
            "organ": "BREAST",
            "preliminaryClass": "SUSPICIOUS",
            "preliminaryDiagnosis": "可疑癌",
            "history": "左乳外上象限肿块 2 月，超声 BI-RADS 4C 类。",
            "question": "请明确良恶性及分型",
            "consentBy": name,
            "consentRelation": "本人",
        }
        return self.who("lab").do("createPathology", **CASE, **content | given)

    def glass(self, case: Mapping[str, Any], *slides: str, received_at: datetime | None = None) -> dict[str, Any]:
        """The case with a specimen of one block and a slide of each kind of file, their pictures sent."""
        code = uuid4().hex[:8].upper()
        cut = [
            {"barcode": f"{code}-A{n}", "stain": "HE", "magnification": 40} for n, _kind in enumerate(slides, start=1)
        ]
        specimen = {
            "barcode": code,
            "site": "左乳外上象限",
            "receivedAt": (received_at or datetime.now(UTC) - timedelta(hours=1)).isoformat(),
            "blocks": [{"barcode": f"{code}-A", "kind": "FROZEN" if received_at else "PARAFFIN", "slides": cut}],
        }
        found = self.take("lab", "registerSpecimen", case, "RESERVED" if received_at else "DRAFT", specimen=specimen)
        self.send(found, *slides)
        return found

    def send(self, case: Mapping[str, Any], *kinds: str) -> list[dict[str, str]]:
        """The pictures of the slides that have none yet, scanned and sent one after the other."""
        waiting = [slide["id"] for slide in self.read("lab", case)["slides"] if not slide["verifiedAt"]]
        expect(len(waiting), len(kinds), "slides that wait for their picture")
        return [self.scan(slide, kind) for slide, kind in zip(waiting, kinds, strict=True)]

    def scan(self, slide: str, kind: str) -> dict[str, str]:
        """The picture of one slide, scanned and sent."""
        self.seed += 1
        return scans.send(self.who("lab"), slide, kind, self.seed)

    def look(self, part: str, case: Mapping[str, Any]) -> None:
        """Open every slide and fetch a tile of each."""
        for slide in self.read(part, case)["slides"]:
            self.who(part).do("openSlide", of="slideView", shape="openedAt", id=slide["id"])
            (image,) = self.who(part).ask(scans.SLIDE, id=slide["id"])["slideImages"][-1:]
            place = image["url"].removesuffix("info") + "tiles/0/0_0"
            kind, data = self.who(part).fetch(place)
            expect((kind, data[:2]), ("image/jpeg", b"\xff\xd8"), "a tile")

    def reading(self, *slides: str, **given: Any) -> dict[str, Any]:
        """A case that has come as far as the first reader's desk, every slide opened."""
        case = self.take("lab", "submitPathology", self.glass(self.draft(**given), *slides), "SUBMITTED")
        case = self.take("quality", "passQuality", case, "POOLED")
        case = self.take("first", "claimPathology", case, "ASSIGNED")
        case = self.take("first", "startReading", case, "READING")
        self.look("first", case)
        return case

    def limit(self, part: str, case: Mapping[str, Any], kind: str) -> dict[str, Any]:
        """The latest limit of a case whose kind begins so."""
        return [row for row in self.read(part, case)["clocks"] if row["kind"].startswith(kind)][-1]

    def undiagnosable(self) -> int:
        """How many cases the ledger counts as undiagnosable."""
        rows = self.who("lead").ask(LEDGER)["pathologyLedger"]
        return sum(row["undiagnosable"]["numerator"] for row in rows)
