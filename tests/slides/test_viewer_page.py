"""The viewer in a real browser before the running service: what a pathologist sees, keeps, and hears when it fails."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from openslide import OpenSlide

from consortium.models import Person
from schema import ids
from telemedicine import viewing
from telemedicine.models import Annotation, KeyImage, PathologyCase, SlideTrace, Status
from telemedicine.wsi.generate import make_svs
from tests.browser import installed, told
from tests.edge.client import as_role
from tests.slides.lab import LAB, PATHOLOGIST, glass, lab, lab_case, shown
from tests.slides.server import Server

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a-long-enough-secret"  # noqa: S105 - of people who exist in this test alone


@pytest.fixture(scope="session")
def browser(tmp_path_factory) -> list[str]:
    """The command that walks through the page."""
    if not (ROOT / "web" / "dist" / "viewer.html").is_file():
        pytest.skip("SKIPPED FOR LACK OF web/dist (python web/build.py): the viewer was NOT tried in a browser")
    return installed(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> list[Path]:
    """Two slides large enough to be zoomed."""
    folder = tmp_path_factory.mktemp("large")
    for n in (1, 2):
        make_svs(folder / f"{n}.svs", width=2600, height=2000, seed=n, patient="王小二")
    return [folder / "1.svs", folder / "2.svs"]


@pytest.fixture
def network(committed, settings, tmp_path, files) -> Any:
    """The running service, and a case of two slides before its pathologist; another case of another hospital."""
    settings.MEDIA_ROOT = tmp_path / "files"
    case = lab_case(committed, Status.RETURNED)
    images = [shown(lab(committed), glass(case), path) for path in files]
    hidden = lab_case(committed, Status.RETURNED, place="foreign")
    foreign = glass(hidden)
    PathologyCase.objects.filter(pk=case.pk).update(status=Status.READING)
    hidden.performer_hospital, hidden.performer_department = (
        committed.hospitals["province2"],
        committed.departments["province2"],
    )
    hidden.save()
    people = {}
    for name, (place, role) in {"person": ("province", PATHOLOGIST), "other": ("county", LAB)}.items():
        found: Person = committed.people[place, role, 1]
        found.set_password(PASSWORD)
        found.save()
        people[name] = {"username": found.username, "password": PASSWORD}
    server = Server(tmp_path, REFNET_CHECK_UPLOADS="0")
    task = people | {
        "base": f"http://127.0.0.1:{server.port}",
        "slides": [ids.encode("Slide", image.slide_id) for image in images],
        "barcodes": [image.slide.barcode for image in images],
        "foreign": ids.encode("Slide", foreign.pk),
        "spots": spots(files[0]),
    }
    yield SimpleNamespace(
        task=task, images=images, case=case, world=committed, reader=committed.people["province", PATHOLOGIST, 1]
    )
    server.stop()


def spots(file: Path) -> list[tuple[int, int]]:
    """The middles of the four darkest squares of a slide, apart from each other: where there is tissue."""
    with OpenSlide(file) as slide:
        found = {
            (x, y): sum(mean(slide.read_region((x - 60, y - 60), 0, (120, 120)).convert("RGB")))
            for x in range(400, 2300, 300)
            for y in range(400, 1700, 300)
        }
    return sorted(found, key=lambda spot: found[spot])[:4]


def clean(found: dict[str, Any]) -> None:
    """Nothing failed, nothing was complained of, nothing was asked of another host."""
    assert (found["failed"], found["console"], found["outside"]) == ([], [], [])


def test_a_pathologist_reads_a_slide(browser, network, files):
    task = network.task | {"walks": ["look"], "screenshot": os.environ.get("REFNET_SCREENSHOT", "")}
    found = told(browser, task, seconds=600)
    clean(found)
    assert "script-src 'self'" in found["policy"]
    assert "unsafe" not in found["policy"]
    assert task["barcodes"][0] in found["title"]
    assert found["overview"] == 1
    assert found["bar"].split() == ["40×", "20", "µm"]
    with OpenSlide(files[0]) as slide:
        for (x, y), rendered in zip(task["spots"], found["rendered"], strict=True):
            wanted = mean(slide.read_region((x - 16, y - 16), 0, (32, 32)).convert("RGB"))
            assert all(abs(a - b) <= 3 for a, b in zip(rendered, wanted, strict=True)), (x, y, rendered, wanted)
    assert found["after"] == found["before"]
    assert len(found["before"][0]) == len(found["before"][1]) == 1
    assert found["length"].endswith("µm")
    assert found["keys"] == 26
    assert task["barcodes"][1] in found["next"][0]
    assert found["next"][1] is True
    assert task["barcodes"][0] in found["previous"]
    assert all("%" in line for line in found["seen"][:2])
    drawn = Annotation.objects.order_by("id")
    assert [(row.kind, row.label) for row in drawn] == [("BOX", "测试灶"), ("POINT", "核分裂")]
    kept = KeyImage.objects.get()
    assert [kept.picture_width, kept.picture_height] == found["picture"]
    assert kept.caption == "全景"
    assert viewing.every_slide_opened(network.case, network.reader)
    traces = SlideTrace.objects.filter(person=network.reader)
    assert {trace.image_id for trace in traces} == {image.pk for image in network.images}
    assert all(trace.share > 0.5 for trace in traces)
    assert max(bytes(traces.get(image=network.images[0]).cells)) == 100


def mean(picture: Any) -> list[float]:
    """The mean colour of a picture."""
    data = picture.tobytes()
    return [sum(data[part::3]) / (len(data) / 3) for part in range(3)]


def test_two_slides_go_in_step_and_a_link_opens_them_for_whoever_may_see_them(browser, network):
    found = told(browser, network.task | {"walks": ["together"]}, seconds=600)
    clean(found)
    for before, after in zip(found["steps"], found["steps"][1:], strict=False):
        assert after[0] != before[0]
        assert close(after[0], after[1])
    assert not close(found["apart"][0], found["apart"][1])
    assert all(close(one, found["steps"][-1][0], pixels=4) for one in found["shared"])
    assert found["guestTools"] == 0
    assert as_role(network.world, "county", LAB).person.pk in SlideTrace.objects.values_list("person", flat=True)


def close(one: list[float], other: list[float], pixels: float = 2) -> bool:
    """Whether two images lie alike on the screen: scale, turn and place."""
    return all(abs(a - b) < 0.01 for a, b in zip(one[:4], other[:4], strict=True)) and all(
        abs(a - b) <= pixels for a, b in zip(one[4:], other[4:], strict=True)
    )


def test_what_goes_wrong_is_said_with_its_remedy(browser, network):
    found = told(browser, network.task | {"walks": ["refused"]}, seconds=600)
    assert found["outside"] == []
    assert found["signedOut"] == 401
    assert found["wrong"] == "用户名或密码不正确，或账号已停用。"
    assert network.task["barcodes"][0] in found["signedIn"]
    assert found["foreign"][0] == 404
    assert found["foreign"][1].startswith("没有找到该对象")
    assert found["retried"] == [True, False]
    assert found["band"] == "有图块没有载入，画面可能不完整。"
    assert found["mended"] is False
    assert found["cut"].startswith("与服务器的连接中断")
    assert {row.label for row in Annotation.objects.all()} == {"断线时画的", "线路恢复后保存"}
    assert found["english"] == ["Slides", "Annotations", "Key images"]
