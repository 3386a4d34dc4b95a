"""The protocol tus 1.0.0: what is promised, what is stored, what is refused; offsets are those of the database."""

import errno
import os
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from consortium import access
from consortium.models import AuditEntry
from consortium.roles import Role
from telemedicine.models import PathologyCase, Status, Upload, UploadState
from telemedicine.uploads import incoming, receive
from tests.edge.client import Edge, as_role, code_of, gid, issue
from tests.slides.conftest import kept
from tests.slides.lab import LAB, PATHOLOGIST, Sender, digest, glass, key, lab, lab_case, metadata
from tests.world import ADMIN, DOCTOR, EXPERT, NOW, OFFICE, World

CONTENT = bytes(range(256)) * 40
HALF = len(CONTENT) // 2


@pytest.fixture
def case(world: World) -> PathologyCase:
    """A draft of the county's lab."""
    return lab_case(world)


@pytest.fixture
def slide(case):
    """Its slide."""
    return glass(case)


@pytest.fixture
def sender(world: World) -> Sender:
    """The county's lab."""
    return lab(world)


def refused(response: Any) -> tuple[int, str]:
    """Status and code of a refusal."""
    assert response.headers["Tus-Resumable"] == "1.0.0"
    return response.status_code, code_of(response.json())


def test_options_promise_what_the_server_can(world):
    for path in ("/uploads/", "/uploads/x"):
        response = Sender(Edge()).ask("OPTIONS", path, Tus_Resumable="")
        assert response.status_code == 204
        assert {name: response.headers[name] for name in response.headers if name.startswith("Tus-")} == {
            "Tus-Resumable": "1.0.0", "Tus-Version": "1.0.0", "Tus-Max-Size": str(10 * 2**30),
            "Tus-Extension": "creation,checksum,termination,expiration", "Tus-Checksum-Algorithm": "sha1,sha256",
        }  # fmt: skip


def test_a_file_comes_in_pieces_and_is_then_checked(sender, slide, disk, begun):
    response = sender.announce(slide, CONTENT, name="C:\\扫描\\乳腺 1.svs")
    assert response.status_code == 201
    assert (response.headers["Upload-Offset"], response.headers["Cache-Control"]) == ("0", "no-store")
    assert response.headers["Upload-Expires"] == "Mon, 09 Mar 2026 01:00:00 GMT"
    path = response.headers["Location"]
    first = sender.piece(path, CONTENT[:HALF], 0)
    assert (first.status_code, first.headers["Upload-Offset"], first.content) == (204, str(HALF), b"")
    head = sender.ask("HEAD", path)
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == (str(HALF), str(len(CONTENT)))
    assert "filename" in head.headers["Upload-Metadata"]
    assert begun == []
    last = sender.piece(path, CONTENT[HALF:], HALF)
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(CONTENT)))
    upload = Upload.objects.get()
    assert (upload.state, upload.name, upload.writer) == (UploadState.CHECKING, "乳腺 1.svs", None)
    assert upload.digest == upload.sha256 == sha256(CONTENT).hexdigest()
    (file,) = kept(disk)
    assert (file, file.read_bytes()) == (incoming.path(upload.pk), CONTENT)
    assert begun == ["check"]
    assert sender.offset(path) == len(CONTENT)
    assert sender.piece(path, b"", len(CONTENT)).status_code == 204
    assert AuditEntry.objects.filter(action="announce_upload", patient=slide.case.patient).count() == 1


def test_another_process_reads_the_file_once_more_for_its_checksum(sender, slide, begun):
    path = sender.begin(slide, CONTENT)
    sender.piece(path, CONTENT[:HALF], 0)
    incoming.running = incoming.Running()  # the server was started anew
    assert sender.offset(path) == HALF
    assert sender.piece(path, CONTENT[HALF:], HALF).status_code == 204
    upload = Upload.objects.get()
    assert (upload.state, upload.digest, begun) == (UploadState.CHECKING, "", ["check"])
    assert incoming.digest(upload.pk) == upload.sha256


def test_a_file_that_is_not_what_was_announced_is_gone(sender, slide, disk, django_capture_on_commit_callbacks):
    path = sender.begin(slide, CONTENT)
    with django_capture_on_commit_callbacks(execute=True):
        response = sender.piece(path, b"x" * len(CONTENT), 0)
    assert refused(response) == (460, "CHECKSUM_MISMATCH")
    upload = Upload.objects.get()
    assert (upload.state, upload.refusal_code, kept(disk)) == (UploadState.REFUSED, "WRONG_CHECKSUM", [])
    assert sender.ask("HEAD", path).status_code == 410


@pytest.mark.parametrize("name", ["sha1", "sha256"])
def test_a_piece_with_a_checksum_is_kept_whole_or_not_at_all(sender, slide, name):
    path = sender.begin(slide, CONTENT)
    wrong = sender.piece(path, CONTENT[:HALF], 0, Upload_Checksum=digest(name, CONTENT))
    assert refused(wrong) == (460, "CHECKSUM_MISMATCH")
    assert sender.offset(path) == 0
    right = sender.piece(path, CONTENT[:HALF], 0, Upload_Checksum=digest(name, CONTENT[:HALF]))
    assert (right.status_code, sender.offset(path)) == (204, HALF)
    rest = sender.piece(path, b"y" * HALF, HALF, Upload_Checksum=digest(name, CONTENT[HALF:]))
    assert (rest.status_code, sender.offset(path)) == (460, HALF)
    rest = sender.piece(path, CONTENT[HALF:], HALF, Upload_Checksum=digest(name, CONTENT[HALF:]))
    assert rest.status_code == 204
    assert Upload.objects.get().digest == sha256(CONTENT).hexdigest()


@pytest.mark.parametrize("given", ["md5 AAAA", "sha1", "sha1 ***", "sha256 字", "x" * 5000])
def test_a_checksum_that_cannot_be_read_is_refused(sender, slide, given):
    path = sender.begin(slide, CONTENT)
    if not given.isascii():
        given = "sha256 \u00ff"
    assert refused(sender.piece(path, CONTENT, 0, Upload_Checksum=given)) == (400, "BAD_REQUEST")
    assert sender.offset(path) == 0


def test_a_piece_goes_where_the_upload_stands(sender, slide):
    path = sender.begin(slide, CONTENT)
    for offset in (1, HALF, len(CONTENT)):
        assert refused(sender.piece(path, b"", offset)) == (409, "STALE_VERSION")
    assert refused(sender.piece(path, CONTENT + b"x", 0)) == (413, "LIMIT_EXCEEDED")
    assert refused(sender.piece(path, b"x", 10**17)) == (413, "LIMIT_EXCEEDED")
    assert sender.offset(path) == 0
    sender.piece(path, CONTENT[:HALF], 0)
    assert refused(sender.piece(path, CONTENT[:HALF], 0)) == (409, "STALE_VERSION")
    assert sender.offset(path) == HALF


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"content_type": "application/octet-stream"}, 400),
        ({"Upload_Offset": ""}, 400),
        ({"Upload_Offset": "-1"}, 400),
        ({"Upload_Offset": "1.0"}, 400),
        ({"Upload_Offset": "٣"}, 400),
        ({"Upload_Offset": "9" * 30}, 400),
        ({"Tus_Resumable": ""}, 412),
        ({"Tus_Resumable": "0.2.2"}, 412),
    ],
    ids=str,
)
def test_a_piece_that_is_not_of_the_protocol_is_refused(sender, slide, change, status):
    path = sender.begin(slide, CONTENT)
    if not change.get("Upload_Offset", "").isascii():
        change = {"Upload_Offset": "\u00b3"}
    response = sender.piece(path, CONTENT, 0, **change)
    assert refused(response) == (status, "BAD_REQUEST")
    assert ("Tus-Version" in response.headers) == (status == 412)
    assert sender.offset(path) == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload_Length": ""}, 400),
        ({"Upload_Length": "-1"}, 400),
        ({"Upload_Length": "0"}, 413),
        ({"Upload_Length": str(10 * 2**30 + 1)}, 413),
        ({"Upload_Length": "", "Upload_Defer_Length": "1"}, 400),
        ({"Upload_Metadata": ""}, 400),
        ({"Upload_Metadata": "slide ***"}, 400),
        ({"Upload_Metadata": "slide /w=="}, 400),
        ({"Upload_Metadata": metadata(slide="x\0")}, 400),
        ({"Upload_Metadata": metadata(slide="x" * 2000)}, 400),
        ({"Upload_Metadata": metadata(slide="U2xpZGU6MQ")}, 400),
    ],
    ids=str,
)
def test_an_announcement_that_says_too_little_is_refused(sender, slide, headers, status):
    whole = {"Upload_Length": "100", "Upload_Metadata": metadata(slide=gid(slide))}
    response = sender.ask("POST", "/uploads/", **whole | headers)
    assert response.status_code == status
    assert Upload.objects.count() == 0


def test_a_wrong_sha256_is_refused_at_once(sender, slide):
    for wrong in ("x", "0" * 63, "g" * 64):
        assert refused(sender.announce(slide, 10, sha256=wrong)) == (400, "INVALID_INPUT")
    assert Upload.objects.count() == 0


def test_other_methods_are_named(sender, slide):
    path = sender.begin(slide, CONTENT)
    for method, address in (("GET", path), ("PUT", path), ("GET", "/uploads/"), ("PATCH", "/uploads/")):
        response = sender.ask(method, address)
        assert refused(response) == (405, "BAD_REQUEST")
        assert "OPTIONS" in response.headers["Allow"]


def test_a_post_may_stand_for_a_patch_and_a_get_for_nothing_else(sender, slide):
    path = sender.begin(slide, CONTENT)
    done = sender.ask("POST", path, CONTENT[:HALF], Upload_Offset="0", X_HTTP_Method_Override="PATCH")
    assert (done.status_code, sender.offset(path)) == (204, HALF)
    for method in ("DELETE", "PATCH"):
        assert sender.ask("GET", path, X_HTTP_Method_Override=method, Upload_Offset=str(HALF)).status_code == 405
    assert sender.offset(path) == HALF


def test_the_same_announcement_before_any_byte_is_the_same_upload(sender, slide):
    path = sender.begin(slide, CONTENT)
    assert sender.begin(slide, CONTENT) == path
    sender.piece(path, CONTENT[:1], 0)
    assert sender.begin(slide, CONTENT) != path
    assert Upload.objects.count() == 2


def test_an_upload_is_given_up_and_its_bytes_are_gone(sender, slide, disk, django_capture_on_commit_callbacks):
    path = sender.begin(slide, CONTENT)
    sender.piece(path, CONTENT[:HALF], 0)
    assert len(kept(disk)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert sender.ask("DELETE", path).status_code == 204
    assert kept(disk) == []
    for response in (sender.ask("DELETE", path), sender.piece(path, b"x", HALF)):
        assert refused(response) == (410, "INVALID_STATE")
    assert Upload.objects.get().refusal_code == "TERMINATED"


def test_a_whole_file_cannot_be_given_up(sender, slide, disk):
    path = sender.begin(slide, CONTENT)
    sender.piece(path, CONTENT, 0)
    assert refused(sender.ask("DELETE", path)) == (410, "INVALID_STATE")
    assert len(kept(disk)) == 1


def test_an_upload_waits_seven_days_for_its_next_byte(sender, slide, clock):
    path = sender.begin(slide, CONTENT)
    clock.moment = NOW + timedelta(days=6)
    sender.piece(path, CONTENT[:HALF], 0)
    clock.moment = NOW + timedelta(days=12)
    assert sender.offset(path) == HALF
    clock.moment = NOW + timedelta(days=13, seconds=1)
    assert sender.ask("HEAD", path).status_code == 410
    assert refused(sender.piece(path, CONTENT[HALF:], HALF)) == (410, "INVALID_STATE")


def test_one_writes_at_a_time_until_it_falls_silent(sender, slide, clock):
    path = sender.begin(slide, CONTENT)
    pen = receive.take_pen(key(path), by=access.SYSTEM, offset=0, now=NOW)
    assert refused(sender.piece(path, CONTENT, 0)) == (423, "BUSY")
    clock.moment = NOW + timedelta(seconds=16)
    assert sender.piece(path, CONTENT[:HALF], 0).status_code == 204
    with incoming.opened(pen.upload) as file, pytest.raises(receive.Refused) as caught:
        receive.keep_block(pen, file, b"late")
    assert caught.value.code == "BUSY"
    assert (sender.offset(path), incoming.path(pen.upload).read_bytes()) == (HALF, CONTENT[:HALF])


def test_what_the_disk_lost_is_asked_for_again(sender, slide):
    path = sender.begin(slide, CONTENT)
    sender.piece(path, CONTENT[:HALF], 0)
    os.truncate(incoming.path(key(path)), 100)
    assert refused(sender.piece(path, CONTENT[HALF:], HALF)) == (409, "STALE_VERSION")
    assert sender.offset(path) == 100
    assert sender.piece(path, CONTENT[100:], 100).status_code == 204
    assert incoming.digest(key(path)) == sha256(CONTENT).hexdigest()


def test_a_full_disk_says_so_and_keeps_what_it_has(sender, slide, monkeypatch):
    path = sender.begin(slide, CONTENT)
    sender.piece(path, CONTENT[:HALF], 0)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(incoming, "write", full)
        assert refused(sender.piece(path, CONTENT[HALF:], HALF)) == (507, "STORAGE_FULL")
    assert sender.offset(path) == HALF
    assert sender.piece(path, CONTENT[HALF:], HALF).status_code == 204
    assert incoming.digest(key(path)) == sha256(CONTENT).hexdigest()


def test_no_room_and_no_quota_are_said_before_a_byte_comes(sender, slide, settings, world):
    settings.SLIDE_QUOTA_BYTES = 150
    sender.begin(slide, 100)
    assert refused(sender.announce(slide, 51)) == (413, "LIMIT_EXCEEDED")
    sender.begin(slide, 50)
    other = lab_case(world, place="foreign")
    assert lab(world, "foreign").announce(glass(other), 100).status_code == 201
    settings.SLIDE_QUOTA_BYTES, settings.UPLOADS_AT_A_TIME = 10**6, 2
    assert refused(sender.announce(slide, 10)) == (413, "LIMIT_EXCEEDED")
    settings.UPLOADS_AT_A_TIME, settings.DISK_RESERVE_BYTES = 3, 2**62
    assert refused(sender.announce(slide, 10)) == (507, "STORAGE_FULL")


WHO = [
    ("county", LAB, 201, 200), ("county", DOCTOR, 404, 404), ("county", OFFICE, 404, 404), ("county", ADMIN, 404, 404),
    ("county", PATHOLOGIST, 404, 404), ("county.other", LAB, 404, 404), ("foreign", LAB, 404, 404),
    ("city", LAB, 404, 404), ("province", LAB, 404, 404), ("province", EXPERT, 404, 404),
    ("province", PATHOLOGIST, 404, 404), ("province", Role.AUDITOR, 404, 404),
]  # fmt: skip


@pytest.mark.parametrize(("place", "role", "announced", "seen"), WHO, ids=[f"{row[0]}-{row[1]}" for row in WHO])
def test_only_the_senders_lab_may_send(world, sender, slide, place, role, announced, seen):
    path = sender.begin(slide, CONTENT)
    other = Sender(as_role(world, place, role))
    assert other.announce(slide, 77).status_code == announced
    assert other.ask("HEAD", path).status_code == seen
    if seen == 404:
        for response in (other.piece(path, CONTENT, 0), other.ask("DELETE", path)):
            assert refused(response) == (404, "NOT_FOUND")
        absent = path[:-6] + "aaaaaa"
        assert other.piece(path, CONTENT, 0).content == other.piece(absent, CONTENT, 0).content
        assert sender.offset(path) == 0


def test_the_expert_sees_the_case_but_no_upload_of_it(world, sender):
    slide = glass(lab_case(world, Status.RETURNED))
    path = sender.begin(slide, CONTENT)
    expert = Sender(as_role(world, "province", PATHOLOGIST))
    assert expert.ask("HEAD", path).status_code == 404
    assert refused(expert.announce(slide, 10)) == (403, "FORBIDDEN")


@pytest.mark.parametrize("status", Status.values)
def test_slides_come_only_while_the_lab_may_fix_its_case(world, sender, status):
    closed = NOW if status in (Status.CANCELLED, Status.RECONCILED) else None
    case = lab_case(world, status, closed_at=closed, ending="CANCELLED" if closed else "")
    response = sender.announce(glass(case), 10)
    open_now = status in ("DRAFT", "RESERVED", "RETURNED", "MORE_NEEDED")
    assert response.status_code == (201 if open_now else 410)


def test_a_case_that_moved_on_takes_no_more_bytes(world, sender, slide, case):
    path = sender.begin(slide, CONTENT)
    PathologyCase.objects.filter(pk=case.pk).update(status=Status.SUBMITTED, sent_at=NOW, submitted_at=NOW)
    assert refused(sender.piece(path, CONTENT, 0)) == (410, "INVALID_STATE")


def test_the_signed_out_a_missing_csrf_token_and_a_reading_token_send_nothing(world, sender, slide):
    path = sender.begin(slide, CONTENT)
    person = world.people["county", LAB, 1]
    assert refused(Sender(Edge()).piece(path, CONTENT, 0)) == (401, "UNAUTHENTICATED")
    bare = Sender(Edge(person, headers={"X-CSRFToken": "x"}))
    assert bare.piece(path, CONTENT, 0).status_code == 400
    _token, read = issue(person, "read", now=NOW)
    _token, both = issue(person, "read", "write", now=NOW)
    assert Sender(Edge(token=read)).piece(path, CONTENT, 0).status_code == 404
    assert sender.offset(path) == 0
    assert Sender(Edge(token=both)).piece(path, CONTENT, 0).status_code == 204


def test_an_id_of_another_kind_is_nothing(sender, slide, case):
    for id in ("x", "..", "%00", "U2xpZGU6MQ", sender.begin(slide, 10).rpartition("/")[2][:-1]):
        assert sender.ask("HEAD", f"/uploads/{id}").status_code == 404
