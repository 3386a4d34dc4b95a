"""Every screen of the front is visited by somebody who may see it, in both languages, wide and on a phone."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as given
from django.utils import timezone

from consortium.breakglass import break_glass
from consortium.models import Alliance, Membership, WebhookEndpoint
from consortium.roles import Role
from referrals.models import OfferStatus
from referrals.models import Status as Leg
from telemedicine.models import Expertise, PathologyCase
from telemedicine.models import Status as Reading
from telemedicine.wsi.generate import make_svs
from tests.browser import clean, told
from tests.edge.client import gid
from tests.edge.many import copies
from tests.live.server import Server, running
from tests.slides.lab import LAB, PATHOLOGIST, concept, glass, lab, lab_case, shown
from tests.world import ADMIN, CHINA, DOCTOR, EXPERT, OFFICE, World

pytestmark = pytest.mark.slow
ENTRY = re.compile(r'\bpath: "(/[^"]*)"')
PRODUCT = {"zh": "转诊协作网", "en": "Refnet"}
# Who looks at each screen, and at which object; None is somebody who has not signed in.
VISITS: dict[str, tuple[tuple[str, Role] | None, str]] = {
    "/": (None, ""),
    "/worklist": (("province", OFFICE), ""),
    "/case/:id": (("province", OFFICE), "case"),
    "/referral/:id": (("province", OFFICE), "referral"),
    "/notices": (("province", EXPERT), ""),
    "/profile": (("province", EXPERT), ""),
    "/offers": (("province", EXPERT), ""),
    "/offers/:id": (("province", EXPERT), "offer"),
    "/new": (("county", DOCTOR), ""),
    "/drafts": (("county", DOCTOR), ""),
    "/green": (("county", DOCTOR), ""),
    "/green/:id": (("county", DOCTOR), "call"),
    "/roster": (("county", OFFICE), ""),
    "/pathology": (("province", PATHOLOGIST), ""),
    "/pathology/:id": (("province", PATHOLOGIST), "reading"),
    "/pathology/:id/read": (("province", PATHOLOGIST), "reading"),
    "/pathology/new": (("county", LAB), ""),
    "/pathology/experts": (("province", Role.PATHOLOGY_LEAD), ""),
    "/pathology/ledger": (("province", Role.PATHOLOGY_LEAD), ""),
    "/coverage": (("province", Role.ALLIANCE_ADMIN), ""),
    "/break-glass": (("county", ADMIN), ""),
    "/break-glass/:id": (("county", ADMIN), "glass"),
    "/trail": (("county", Role.AUDITOR), ""),
    "/admin": (("county", ADMIN), ""),
    "/admin/accounts": (("county", Role.SYSTEM_ADMIN), ""),
    "/admin/members": (("county", ADMIN), ""),
    "/admin/import": (("province", Role.ALLIANCE_ADMIN), ""),
    "/admin/capacity": (("county", ADMIN), ""),
    "/admin/clocks": (("county", ADMIN), ""),
    "/admin/catalogues": (("county", ADMIN), ""),
    "/admin/staff": (("county", ADMIN), ""),
    "/admin/webhooks": (("county", ADMIN), ""),
}
LEADS_TO = {"/offers/:id": "/offers", "/referral/:id": "/case/:id", "/admin": "/admin/capacity"}


def entries() -> set[str]:
    """The address of every screen, as its own folder tells it."""
    found: set[str] = set()
    for source in sorted((given.BASE_DIR / "web" / "src" / "screens").glob("*/screen.ts")):
        text = source.read_text(encoding="utf-8")
        paths = ENTRY.findall(text)
        assert len(paths) == len(re.findall(r"\bpath\b", text)), f"{source} is not understood"
        found |= set(paths)
    return found


def address(path: str, screens: set[str]) -> str:
    """The screen whose address fits a path, the one with fewer named parts first."""
    fitting = [one for one in screens if re.fullmatch(re.sub(r":\w+", "[^/]+", one), path)]
    return min(fitting, key=lambda one: one.count(":"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the service's files."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: Any, data: Path) -> Iterator[Server]:
    """The service with files of its own, in which slides can be laid."""
    with django_db_blocker.unblock(), running(REFNET_DATA=str(data), REFNET_CHECK_UPLOADS="0") as found:
        yield found


@pytest.fixture
def objects(front: Any, settings: Any, data: Path, tmp_path: Path) -> dict[str, str]:
    """Something to see on every screen; the objects that stand in addresses, by their names in `VISITS`."""
    settings.MEDIA_ROOT = data / "files"
    world: World = front.world
    alliance = Alliance.objects.create(code="walk", name="测试联盟", lead=world.hospitals["province"])
    for name in ("province", "city", "county"):
        Membership.objects.create(alliance=alliance, hospital=world.hospitals[name], joined_date=date(2025, 1, 1))
    world.draft()
    leg = world.referral(Leg.OUTCOME_RETURNED)
    for status in (Leg.SENT, Leg.IN_TRIAGE, Leg.ACCEPTED, Leg.IN_TRANSIT):
        world.referral(status)
    sent = {"sent_at": datetime(2026, 2, 10, 8, tzinfo=CHINA)}
    copies(leg, [sent | {"decision": "ACCEPTED"}] * 5 + [sent | {"decision": "ADVISED"}])
    asked = world.offer(OfferStatus.ASKED)
    call = world.offer(OfferStatus.OFFERED).referral
    WebhookEndpoint.objects.create(
        hospital=world.hospitals["county"], name="院内平台", url="https://his.example.org/hook", salt=b"1" * 32,
        created_at=world.now,
    )  # fmt: skip
    doctor = world.actor("city", DOCTOR)
    access = break_glass(by=doctor, now=timezone.now(), reason="CANNOT_TELL", number=leg.case.number)
    return {
        "glass": gid(access),
        "case": gid(leg.case),
        "referral": gid(leg),
        "call": gid(call),
        "offer": gid(asked),
        "reading": reading(world, tmp_path),
    }


def reading(world: World, folder: Path) -> str:
    """A case of pathology that its reader has begun, with a slide that can be seen, beside others that wait."""
    reader = world.people["province", PATHOLOGIST, 1]
    breast = concept("SUBSPECIALTY", "BREAST")
    Expertise.objects.create(
        department=world.departments["province"], person=reader, subspecialty=breast, open_limit=50
    )
    for status in (Reading.RETURNED, Reading.POOLED):
        lab_case(world, status)
    case = lab_case(world, Reading.RETURNED)
    make_svs(folder / "1.svs", width=2000, height=1500, seed=1, patient="王小二")
    shown(lab(world), glass(case), folder / "1.svs")
    PathologyCase.objects.filter(pk=case.pk).update(status=Reading.READING)
    return gid(case)


def test_every_screen_holds_in_both_languages_and_sizes(front, script, objects):
    screens = entries()
    assert set(VISITS) - {"/"} == screens, "every screen is visited, and none that is not there"
    people = [
        {
            "who": who and front.login(front.world.people[(*who, 1)]),
            "screens": [
                {"name": path.strip("/").replace("/", "-").replace(":", "") or "sign-in", "path": f"/app{at}"}
                for path in paths
                for at in [re.sub(r":\w+", objects.get(VISITS[path][1], ""), path)]
            ],
        }
        for who, paths in groupby(sorted(VISITS, key=lambda path: repr(VISITS[path][0])), lambda path: VISITS[path][0])
    ]
    found = told(script("every.mjs"), front.task(people=people, patience=60000, walks=["every"]), seconds=900)
    clean(found)
    assert len(found["seen"]) == 2 * len(VISITS)
    assert len(found["axe"]) == 4 * len(VISITS)
    assert [one for one in found["seen"] if one["headings"] != 1 or one["broken"]] == []
    names = {path.strip("/").replace("/", "-").replace(":", ""): path for path in screens}
    for one in (seen for seen in found["seen"] if seen["name"] != "sign-in"):
        asked, shown_there = names[one["name"]], address(one["path"].removeprefix("/app"), screens)
        assert shown_there == LEADS_TO.get(asked, asked)
        assert re.fullmatch(rf".+ · {PRODUCT[one['tongue']]}", one["title"])
        assert one["lang"] == {"zh": "zh-Hans", "en": "en"}[one["tongue"]]
    titles = {tongue: {one["title"] for one in found["seen"] if one["tongue"] == tongue} for tongue in PRODUCT}
    assert not titles["zh"] & titles["en"]
