"""Files of a case: taken for what they are, served through the case alone, and gone from the disk when refused."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from consortium.models import AuditEntry, Event
from consortium.roles import Role
from referrals.models import Attachment, Referral, Status
from tests.edge.client import Edge, as_role, code_of, gid, issue
from tests.edge.tables import ABSENT
from tests.world import NOW, World, rows

DOCTOR, OFFICE, EXPERT, ADMIN = Role.REFERRING_DOCTOR, Role.REFERRAL_OFFICE, Role.EXPERT, Role.HOSPITAL_ADMIN
PDF, JPEG, PNG = b"%PDF-1.7 content", b"\xff\xd8\xff\xe0 content", b"\x89PNG\r\n\x1a\n content"
DICOM = b"\0" * 128 + b"DICM content"
BAD = "INVALID_INPUT"


@pytest.fixture(autouse=True)
def disk(settings, tmp_path) -> Path:
    """Where files are kept in this test."""
    settings.MEDIA_ROOT = tmp_path
    return Path(tmp_path)


def kept(disk: Path) -> list[Path]:
    """Every file on the disk."""
    return [path for path in disk.rglob("*") if path.is_file()]


def upload(edge: Edge, referral: Any, content: bytes = PDF, name: str = "报告.pdf", **given: Any) -> Any:
    """The response to an upload."""
    file = SimpleUploadedFile(name, content, content_type="text/html")
    data = {"referral": referral if isinstance(referral, str) else gid(referral), "file": file} | given
    return edge.client.post("/attachments/", data, headers=edge.headers)


def download(edge: Edge, url: str) -> Any:
    """The response to a download."""
    return edge.client.get(url, headers=edge.headers)


@pytest.fixture
def sent(world: World) -> Referral:
    """The standard referral before its performer."""
    return world.referral(Status.SENT)


@pytest.fixture
def doctor(world: World) -> Edge:
    """Who wrote it."""
    return as_role(world, "county", DOCTOR)


@pytest.mark.parametrize(
    ("content", "kind", "ending"),
    [
        (PDF, "application/pdf", "pdf"),
        (JPEG, "image/jpeg", "jpg"),
        (PNG, "image/png", "png"),
        (DICOM, "application/dicom", "dcm"),
    ],
)
@pytest.mark.parametrize("name", ["报告.pdf", "x.html", "noending"])
def test_a_file_is_what_its_content_says(world, doctor, sent, disk, content, kind, ending, name):
    response = upload(doctor, sent, content, name)
    assert response.status_code == 201
    shown = response.json()["attachment"]
    assert shown == {
        "id": shown["id"], "url": f"/attachments/{shown['id']}/", "mediaType": kind, "name": name,
        "size": len(content), "sha256": sha256(content).hexdigest(),
    }  # fmt: skip
    (path,) = kept(disk)
    assert (path.suffix, path.read_bytes()) == (f".{ending}", content)
    back = download(as_role(world, "province", EXPERT), shown["url"])
    assert (back.status_code, b"".join(back.streaming_content)) == (200, content)
    assert back.headers["Content-Type"] == kind


@pytest.mark.parametrize(
    "content",
    [b"<html><script>alert(1)</script>", b"MZ\x90\x00", b"PK\x03\x04", b" %PDF-1.7", b"\x00" * 200, b"%PDF", b"GIF89a",
     b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\0" * 127 + b"DICM", b"x"],
    ids=range(10),
)  # fmt: skip
def test_a_wrong_content_with_the_right_name_is_refused(doctor, sent, disk, content):
    before = rows()
    response = upload(doctor, sent, content, "report.pdf")
    assert (response.status_code, code_of(response.json())) == (400, BAD)
    assert response.json()["errors"][0]["extensions"]["field"] == "file"
    assert (kept(disk), rows()) == ([], before)


def test_a_file_has_1_byte_to_the_limit(doctor, sent, disk, settings):
    settings.ATTACHMENT_BYTES = 100
    assert upload(doctor, sent, PDF.ljust(100)).status_code == 201
    for content in (PDF.ljust(101), b""):
        response = upload(doctor, sent, content)
        assert response.status_code in (413, 400)
        assert code_of(response.json()) in ("LIMIT_EXCEEDED", "BAD_REQUEST")
    assert len(kept(disk)) == 1


def test_a_checksum_that_does_not_fit_is_refused(doctor, sent, disk):
    good = sha256(PDF).hexdigest()
    for wrong in ("0" * 64, good[:-1], "x", "字"):
        response = upload(doctor, sent, sha256=wrong)
        assert (response.status_code, code_of(response.json())) == (400, BAD)
        assert response.json()["errors"][0]["extensions"]["field"] == "sha256"
    assert kept(disk) == []
    assert upload(doctor, sent, sha256=good.upper()).status_code == 201


def test_the_same_content_again_is_the_same_attachment(world, doctor, sent, disk):
    first, again = upload(doctor, sent), upload(doctor, sent, name="other.pdf")
    assert again.json() == first.json()
    assert upload(as_role(world, "province", EXPERT), sent).json() == first.json()
    assert (Attachment.objects.count(), len(kept(disk))) == (1, 1)
    assert Event.objects.filter(subject_id=sent.pk, kind="add_attachment").count() == 1
    other = world.referral(Status.SENT)
    assert upload(doctor, other).json() != first.json()
    assert Attachment.objects.count() == 2


def test_an_upload_is_on_the_trail_and_a_download_too(world, doctor, sent):
    shown = upload(doctor, sent).json()["attachment"]
    event = world.events(sent)[-1]
    assert (event.kind, event.actor_id, event.version) == ("add_attachment", doctor.person.pk, sent.version)
    download(as_role(world, "province", EXPERT), shown["url"])
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.actor_id) == ("read_attachment", world.people["province", EXPERT, 1].pk)
    assert entry.patient_id == sent.case.patient_id


WHO: list[tuple[str, Role, int, int]] = [
    ("county", DOCTOR, 201, 200), ("county", OFFICE, 201, 200), ("county", EXPERT, 201, 200),
    ("province", EXPERT, 201, 200), ("province", OFFICE, 201, 200), ("province", DOCTOR, 404, 404),
    ("county", ADMIN, 404, 404), ("province", ADMIN, 404, 404), ("foreign", DOCTOR, 404, 404),
    ("foreign", OFFICE, 404, 404), ("city", EXPERT, 404, 404), ("county.other", DOCTOR, 404, 404),
    ("county", Role.AUDITOR, 404, 404), ("county", Role.PATHOLOGIST, 404, 404),
    ("province", Role.ALLIANCE_ADMIN, 404, 404),
]  # fmt: skip


@pytest.mark.parametrize(("place", "role", "up", "down"), WHO, ids=[f"{row[0]}-{row[1]}" for row in WHO])
def test_who_may_add_and_who_may_read(world, doctor, sent, disk, place, role, up, down):
    shown = upload(doctor, sent).json()["attachment"]
    edge = as_role(world, place, role)
    tried = upload(edge, sent, PNG)
    assert tried.status_code == up
    assert download(edge, shown["url"]).status_code == down
    assert len(kept(disk)) == (2 if up == 201 else 1)


def test_what_one_may_not_see_answers_as_what_is_absent(world, doctor, sent):
    shown = upload(doctor, sent).json()["attachment"]
    stranger, nothing = as_role(world, "foreign", DOCTOR), gid(Attachment())
    assert download(stranger, shown["url"]).content == download(stranger, f"/attachments/{nothing}/").content
    assert upload(stranger, sent).content == upload(stranger, ABSENT["Referral"]).content


def test_nobody_signed_in_may_nothing(world, doctor, sent, disk):
    shown = upload(doctor, sent).json()["attachment"]
    for response in (upload(Edge(), sent, PNG), download(Edge(), shown["url"])):
        assert (response.status_code, code_of(response.json())) == (401, "UNAUTHENTICATED")
    assert len(kept(disk)) == 1


def test_a_session_needs_its_csrf_token_to_upload_and_a_token_its_scope(world, doctor, sent):
    bare = Edge(doctor.person, headers={"X-CSRFToken": "x"})
    assert upload(bare, sent).status_code == 400
    _token, read = issue(doctor.person, "read", now=NOW)
    _token, both = issue(doctor.person, "read", "write", now=NOW)
    assert upload(Edge(token=read), sent).status_code == 403
    shown = upload(Edge(token=both), sent)
    assert shown.status_code == 201
    assert download(Edge(token=read), shown.json()["attachment"]["url"]).status_code == 200


@pytest.mark.parametrize("status", [Status.CLOSED, Status.CANCELLED, Status.REDIRECTED, Status.ENTERED_IN_ERROR])
def test_nothing_is_added_to_what_has_ended(world, doctor, disk, status):
    referral = world.referral(status)
    response = upload(doctor, referral)
    assert (response.status_code, code_of(response.json())) == (400, "INVALID_STATE")
    assert kept(disk) == []


def test_a_narrowed_performer_reads_and_adds_no_file(world, doctor, disk):
    leg = world.referral(Status.SENT)
    shown = upload(doctor, leg).json()["attachment"]
    leg = world.take("reject_referral", world.read(leg))
    expert = as_role(world, "province", EXPERT)
    seen = expert.data("query($id: ID!) { referral(id: $id) { accessLevel attachments { name } } }", id=gid(leg))
    assert seen["referral"] == {"accessLevel": "SUMMARY", "attachments": None}
    assert download(expert, shown["url"]).status_code == 404
    assert upload(expert, leg, PNG).status_code == 403
    assert len(kept(disk)) == 1


def test_the_next_performer_reads_what_was_added_before(world, doctor):
    leg = world.referral(Status.SENT)
    shown = upload(doctor, leg).json()["attachment"]
    world.take("redirect_referral", world.read(leg))
    assert download(as_role(world, "province2", EXPERT), shown["url"]).status_code == 200
    assert download(as_role(world, "province", EXPERT), shown["url"]).status_code == 404


def test_a_download_is_a_download_and_never_a_page(doctor, sent):
    shown = upload(doctor, sent).json()["attachment"]
    headers = download(doctor, shown["url"]).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"].startswith("attachment;")
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert int(headers["Content-Length"]) == len(PDF)


NAMES: list[tuple[str, str | None]] = [  # none: whatever is left of it
    ("../../etc/passwd.pdf", "passwd.pdf"),
    ("..\\..\\windows\\a.pdf", "a.pdf"),
    ("/etc/shadow", "shadow"),
    ("a\r\nSet-Cookie: x=1.pdf", None),
    ("检查报告 2026.pdf", "检查报告 2026.pdf"),
    ('a";x="b.pdf', None),
    ("字" * 200 + ".pdf", "字" * 116 + ".pdf"),
    ("\u202egpj.exe", "gpj.exe"),
    ("   ", "file.pdf"),
]


@pytest.mark.parametrize(("given", "name"), NAMES, ids=range(len(NAMES)))
def test_a_name_is_only_a_name(doctor, sent, disk, given, name):
    response = upload(doctor, sent, name=given)
    if given.strip() == "":
        assert response.status_code in (201, 400)
        return
    shown = response.json()["attachment"]
    assert shown["name"] == name or (name is None and shown["name"].isprintable())
    (path,) = kept(disk)
    assert path.parent.parent == disk / "attachments"
    assert path.stem == str(Attachment.objects.get().pk)
    disposition = download(doctor, shown["url"]).headers["Content-Disposition"]
    assert "\r" not in disposition
    assert "\n" not in disposition
    assert disposition.startswith("attachment; filename")


def test_a_fault_after_the_file_was_written_takes_it_away_again(doctor, sent, disk, monkeypatch):
    before = rows()

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("geheim")

    monkeypatch.setattr("consortium.lifecycle.note", fail)
    doctor.client.raise_request_exception = False
    response = upload(doctor, sent)
    assert response.status_code == 500
    assert b"geheim" not in response.content
    assert (kept(disk), rows()) == ([], before)


@pytest.mark.parametrize("data", [{}, {"referral": "x"}, {"file": "text"}, {"file": ""}], ids=str)
def test_an_upload_without_a_file_or_a_referral_is_refused(world, doctor, sent, data):
    response = doctor.client.post("/attachments/", data, headers=doctor.headers)
    assert (response.status_code, code_of(response.json())) == (400, "BAD_REQUEST")
    assert upload(doctor, "x").status_code == 400
    assert upload(doctor, gid(sent.case)).status_code == 400
    for path in ("/attachments/x/", "/attachments/%00/", "/attachments/..%2f..%2fetc/", f"/attachments/{gid(sent)}/"):
        assert download(doctor, path).status_code in (400, 404)
