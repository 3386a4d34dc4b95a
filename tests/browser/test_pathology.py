"""Remote pathology in a real browser: a case from the bench to the acknowledged report, and what goes wrong on it."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as configured

from consortium.models import Concept, Person
from telemedicine.models import Expertise, PathologyCase, Report, SlideImage, Status
from telemedicine.wsi.generate import make_svs
from tests.browser import clean, told
from tests.edge.client import gid
from tests.lab import COUNTY_LAB, FIRST, HEAD, QUALITY, READING, SECOND, THIRD, Lab
from tests.slides.lab import lab, shown
from tests.slides.server import Server

pytestmark = pytest.mark.slow

PASSWORD = "a-long-enough-secret"  # noqa: S105 - of people who exist in these tests alone
ANSWERS = {
    "specimenDescription": "左乳粗针穿刺组织 4 条", "procedure": "CORE_BIOPSY", "laterality": "LEFT",
    "neoadjuvant": "NO", "topography": "C50.4", "grossDescription": "灰白条索状组织 4 条", "focality": "SINGLE",
    "microscopicDescription": "癌细胞呈巢状、条索状浸润间质。", "dcis": "ABSENT", "morphology": "8500/3",
    "diagnosisText": "浸润性癌，非特殊型，组织学 2 级。", "lymphovascularInvasion": "ABSENT", "erPercent": "90",
    "prPercent": "70", "her2": "SCORE_1", "nottinghamTubules": "3", "nottinghamNuclei": "2", "nottinghamMitoses": "1",
    "grade": "2",
}  # fmt: skip


@pytest.fixture(scope="session")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A slide large enough to be cut on its way."""
    path = tmp_path_factory.mktemp("slide") / "slide.svs"
    make_svs(path, width=2600, height=2000, seed=3, patient="王小二")
    return path


@pytest.fixture
def place(committed_lab: Lab, settings: Any, tmp_path: Path, slide: Path) -> Iterator[Any]:
    """The service with pathologists, a case being read with its slide, and two that wait to be claimed."""
    settings.MEDIA_ROOT = tmp_path / "files"
    world = committed_lab
    pathology = Concept.objects.get(system="SPECIALTY", code="31")
    for name in ("county", "province"):
        department = world.departments[name]
        department.specialty = pathology
        department.save()
    reading = world.draft(slides=1, verified=False)
    shown(lab(world), reading.slides.get(), slide)
    for step in READING:
        reading = world.take(step, reading)
    for _ in range(2):
        world.case(Status.POOLED)
    server = Server(tmp_path)
    asked = world.departments["province"]
    task = {
        "base": f"http://127.0.0.1:{server.port}", "shots": "", "patience": 120000, "file": str(slide), "thin": 50_000,
        "mark": "W26", "wrongNumber": "430101199003070019", "asked": f"{asked.hospital.name} {asked.name}",
        "mine": asked.hospital.name, "answers": ANSWERS, "reading": gid(reading),
    }  # fmt: skip
    cast = {"lab": COUNTY_LAB, "quality": QUALITY, "pathologist": FIRST, "second": SECOND, "third": THIRD, "lead": HEAD}
    task |= {name: known(world.people[key]) for name, key in cast.items()}
    yield SimpleNamespace(world=world, task=task, reading=reading)
    server.stop()


def known(person: Person) -> dict[str, str]:
    """How somebody signs in."""
    person.set_password(PASSWORD)
    person.save()
    return {"username": person.username, "password": PASSWORD, "id": gid(person)}


@pytest.fixture
def script(script: Any) -> list[str]:
    """The command that walks through pathology."""
    assert configured.FRONT.is_dir()
    return list(script("pathology.mjs"))


def test_a_case_goes_from_the_bench_to_the_acknowledged_report(place, script):
    found = told(script, place.task | {"walks": ["story"]}, seconds=900)
    clean(found)
    assert (found["lacking"], found["missing"] > 0) == (7, True)
    assert "校验位" in found["wrongNumber"]
    assert found["restored"] == "良恶性？请分型。"
    assert "切片图像" in found["incomplete"]
    assert "25%" in found["halfway"]
    assert found["resumedAt"] > 250_000
    assert "线路中断" in found["cut"]
    assert "质检退回" in found["moved"]
    assert (found["ticked"], found["typedElsewhere"]) == (True, "")
    assert found["draft"] == found["signed"] == "（左乳外上象限）浸润性癌，非特殊型，组织学 2 级。"
    assert found["led"] == "answer-specimenDescription"
    assert "已打开 1 / 1 张切片 · 关键图像 1 幅" in found["confirm"]
    case = PathologyCase.objects.latest("created_at")
    assert (case.status, case.version) == (Status.RECONCILED, 11)
    assert SlideImage.objects.filter(slide__case=case).count() == 1
    assert [(one.version, one.template, len(one.key_images)) for one in Report.objects.filter(case=case)] == [
        (1, "BREAST", 1)
    ]


def test_nothing_that_was_typed_is_lost_and_nobody_overwrites_unseen(place, script):
    found = told(script, place.task | {"walks": ["weather"]}, seconds=900)
    clean(found, complaints=False)
    assert "另一台电脑上写的" in found["conflict"]
    assert found["kept"] == "这里写的"
    assert place.world.people[FIRST].name in found["faster"]
    assert found["gone"] == [True, 0]
    assert found["english"] == ["Report", "Case", "Steps"]
    place.reading.refresh_from_db()
    assert place.reading.settled_class == "MALIGNANT"
    assert [one.part for one in place.reading.opinions.order_by("id")] == ["FIRST", "SECOND", "ADJUDICATION"]


def test_a_case_is_reassigned_declined_and_given_up(place, script):
    pooled = PathologyCase.objects.filter(status=Status.POOLED).order_by("id").first()
    found = told(script, place.task | {"pooled": gid(pooled), "walks": ["ends"]}, seconds=900)
    clean(found)
    assert place.world.people[FIRST].name not in " ".join(found["others"])
    assert len(found["lacking"]) == 2
    assert len(found["words"]) == 1
    assert "两人商定" in found["course"]
    assert found["focused"] == "SELECT"
    assert "组织过少" in found["why"]
    pooled.refresh_from_db()
    place.reading.refresh_from_db()
    assert (pooled.status, pooled.assigned_to) == (Status.POOLED, None)
    assert (place.reading.status, place.reading.undiagnosable_reason) == (
        Status.UNDIAGNOSABLE,
        "INSUFFICIENT_TISSUE",
    )


def test_a_lead_registers_the_first_reader(place, script):
    Expertise.objects.all().delete()
    found = told(script, place.task | {"walks": ["newcomer"]}, seconds=600)
    clean(found)
    assert place.world.people[SECOND].name in found["registered"]
    assert {place.world.people[key].name for key in (FIRST, SECOND, THIRD)} <= {
        one.partition(" · ")[0] for one in found["people"]
    }
    assert Expertise.objects.get().person == place.world.people[SECOND]


def test_a_lead_assigns_by_load_and_sets_who_reads_what(place, script):
    found = told(script, place.task | {"walks": ["lead"]}, seconds=600)
    clean(found)
    assert "本亚专科" in found["candidates"][0]
