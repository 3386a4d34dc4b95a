"""Emergency access in a real browser: a doctor asks, the hospital is told and reviews, the auditor finds all of it."""

import csv
import io
from typing import Any

import pytest
from django.utils import timezone

from consortium import heads
from consortium.models import AuditEntry, BreakGlass, Notice
from consortium.roles import Role
from referrals.models import Status
from tests.browser import clean, told
from tests.edge.client import gid
from tests.world import ADMIN, DOCTOR

pytestmark = pytest.mark.slow


def person(front: Any, *key: Any) -> dict[str, str]:
    """Somebody of the world who may sign in."""
    found = front.world.people[key]
    return front.login(found) | {"name": found.name}


def test_from_the_first_search_to_the_audit(front, script, settings, tmp_path):
    world = front.world
    leg = world.referral(Status.SENT)
    patient = leg.patient
    settings.AUDIT_HEADS, settings.AUDIT_KEY_FILE = tmp_path / "heads", tmp_path / "audit.key"
    heads.seal(now=timezone.now())
    found = told(
        script("trail.mjs"),
        front.task(
            patience=60000,
            doctor=person(front, "province2", DOCTOR, 1),
            admin=person(front, "county", ADMIN, 1),
            auditor=person(front, "county", Role.AUDITOR, 1),
            idNumber=patient.id_number,
            name=patient.name,
            number=leg.case.number,
            case=f"/app/case/{gid(leg.case)}",
        ),
        seconds=600,
    )
    clean(found)
    # Asking: what it means stands there; what is missing and what is not exact is said at its field.
    assert any("60 分钟" in line for line in found["know"])
    assert any("通知" in line and "复核" in line for line in found["know"])
    assert found["before"] == ["您还没有紧急调阅过"]
    assert found["missing"] == ["请填写身份证号。", "请填写姓名。", "请填写原因。"]
    assert found["focus"] == "true"
    assert len(found["wrong"]) == 1
    # Running: how long, for whom, on every page; the record is there.
    access = BreakGlass.objects.get()
    assert found["address"] == f"/app/break-glass/{gid(access)}"
    assert found["heading"].startswith("王**")
    for shown in (found["left"], found["bar"], found["inCase"]):
        assert "剩" in shown
    assert leg.clinical.summary in found["summary"]
    # Told, and what was read.
    assert "紧急调阅" in found["notice"]
    assert any("查看" in row for row in found["reads"])
    assert patient.name not in "".join(found["reads"])
    assert found["early"] == 1
    # Ended early, and closed.
    assert (found["barAfter"], access.ended_by) == (0, world.people["province2", DOCTOR, 1])
    assert found["closed"]
    # Reviewed.
    assert len(found["queue"]) == 1
    assert "待复核" in found["queue"][0]
    assert len(found["needs"]) == 1
    assert (access.verdict, access.review_comment) == ("UNJUSTIFIED", "患者当时不在该院就诊")
    assert found["after"] == "没有需要复核的紧急调阅"
    assert "不合理" in found["reviewed"][0]
    assert Notice.objects.filter(person=access.person, event__kind="review_break_glass").exists()
    # Found by the auditor, whose trail is proven unaltered so far,
    assert "审计链完整" in found["chains"]
    # without name or number in the page or the address.
    assert found["search"] == ""
    assert found["filtered"] == "?purpose=BREAK_GLASS"
    acts = "".join(found["found"])
    for act in ("紧急调阅提前结束", "查看病例"):
        assert act in acts
    assert patient.name not in acts
    rows = list(csv.DictReader(io.StringIO(found["file"].lstrip("\ufeff"))))
    expected = AuditEntry.objects.filter(patient=patient, purpose="BREAK_GLASS").count()
    assert len(rows) >= expected > 0
    assert {row["患者（脱敏）"] for row in rows} <= {"王**", ""}
    assert all(row["请求编号"] for row in rows)
    assert patient.id_number not in found["file"]
    assert found["narrowed"]
    assert found["chip"].startswith("只看")
    assert (found["cleared"], found["none"]) == ("", "没有这位患者的记录")
    assert found["number"] == "R99-0000001"
