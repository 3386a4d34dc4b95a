"""A whole file is judged in a process of its own: then the slide shows it, or nothing of it is left."""

import os
import zipfile
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from consortium.models import Event
from telemedicine import store
from telemedicine.images import all_verified
from telemedicine.models import SlideImage, Status, Upload, UploadState
from telemedicine.uploads import check, clean, incoming
from tests.slides.conftest import kept, zipped_dicom
from tests.slides.lab import Sender, glass, key, lab, lab_case, received, shown
from tests.world import NOW, World


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: Any) -> None:
    """What follows a commit follows at once: the world of a module is never committed."""
    for module in (check, check.transaction):
        if hasattr(module, "on_commit"):
            monkeypatch.setattr(module, "on_commit", lambda what: what())


@pytest.fixture
def case(world: World):
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


def test_an_aperio_file_becomes_the_image_of_its_slide(sender, slide, case, made, disk):
    assert not all_verified(case)
    image = shown(sender, slide, made["svs"])
    content = made["svs"].read_bytes()
    assert (image.sha256, image.size) == (sha256(content).hexdigest(), len(content))
    assert (image.width, image.height, image.replaced_at) == (1500, 1100, None)
    assert image.mpp == pytest.approx(0.25, rel=0.01)
    assert [name for name, kept in image.pictures.items() if kept["label"]] == ["beside-label", "beside-macro"]
    files = [path for path in kept(disk) if path.read_bytes() == content]
    assert files == [disk / image.files[0]]
    assert list(incoming.folder().iterdir()) == []
    slide.refresh_from_db()
    assert slide.verified_at == NOW
    assert all_verified(case)
    event = Event.objects.get(subject_id=case.pk, kind="upload_slide")
    assert event.detail == {"slide": str(slide.pk), "image": str(image.pk), "sha256": image.sha256}
    assert event.actor == image.upload.created_by


@pytest.fixture
def namesake(world):
    """A slide of the patient whom the made-up DICOM files name."""
    return glass(lab_case(world, whose={"name": "王一", "birth": date(1970, 1, 1)}))


def test_an_archive_is_unpacked_and_not_kept(sender, namesake, made, disk):
    image = shown(sender, namesake, made["dicom"], name="c.zip")
    parts = sorted(path for path in kept(disk) if "parts" in path.parts)
    assert [path.suffix for path in parts] == [".dcm"] * len(parts)
    assert sorted(image.files) == [str(path.relative_to(disk)) for path in parts]
    assert image.size == sum(path.stat().st_size for path in parts)
    assert not [path for path in kept(disk) if path.read_bytes() == made["dicom"].read_bytes()]


def test_a_new_scan_takes_the_place_of_the_old_one(sender, slide, made):
    first, second = shown(sender, slide, made["svs"]), shown(sender, slide, made["tiff"], name="b.tiff")
    first.refresh_from_db()
    assert (first.replaced_at, second.replaced_at) == (NOW, None)
    assert Path(store.local_path(first.files[0])).exists()


def evil_zip(path: Path, name: str) -> bytes:
    """A zip whose member wants to lie elsewhere."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"x" * 1000)
    return path.read_bytes()


HOSTILE = {
    "html": (b"<html><script>alert(1)</script>" * 100, "WEB_PAGE"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>" * 9, "WEB_PAGE"),
    "noise": (os.urandom(5000), "NOT_A_SLIDE"),
    "zeros": (b"\0" * 5000, "NOT_A_SLIDE"),
    "one": (b"x", "NOT_A_SLIDE"),
    "cyclic": (b"II*\0\x08\0\0\0" + b"\0\0" + b"\x08\0\0\0" * 40, None),
    "truncated": (b"II*\0\xff\xff\xff\x7f", None),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_slide_leaves_nothing(sender, slide, disk, name):
    content, code = HOSTILE[name]
    upload = received(sender, slide, content, name=f"{name}.svs")
    check.check_next(now=NOW)
    upload.refresh_from_db()
    assert upload.state == UploadState.REFUSED
    assert upload.refusal_code == code or (code is None and upload.refusal_code in check.SENTENCES)
    assert "。" in str(check.SENTENCES[upload.refusal_code])
    assert (kept(disk), SlideImage.objects.count()) == ([], 0)


@pytest.mark.parametrize("member", ["../../evil.dcm", "/etc/evil.dcm", "a/../../b.dcm"])
def test_an_archive_that_reaches_outside_leaves_nothing(sender, slide, disk, tmp_path_factory, member):
    content = evil_zip(tmp_path_factory.mktemp("zip") / "x.zip", member)
    upload = received(sender, slide, content, name="x.zip")
    check.check_next(now=NOW)
    upload.refresh_from_db()
    assert (upload.refusal_code, kept(disk)) == ("ZIP_PATH", [])


def test_a_slide_of_another_patient_is_refused(sender, namesake, tmp_path_factory, disk):
    content = zipped_dicom(tmp_path_factory.mktemp("other"), patient="Zhang^San=张^三")
    upload = received(sender, namesake, content, name="c.zip")
    check.check_next(now=NOW)
    upload.refresh_from_db()
    assert (upload.refusal_code, kept(disk)) == ("OTHER_PATIENT", [])


def test_what_was_lost_or_changed_on_the_disk_is_refused(sender, case, made):
    lost, changed = (received(sender, glass(case), made["svs"]) for _ in range(2))
    incoming.remove(lost.pk)
    Upload.objects.filter(pk=changed.pk).update(digest="")
    with incoming.path(changed.pk).open("r+b") as file:
        file.write(b"x")
    while check.check_next(now=NOW):
        pass
    codes = set(Upload.objects.values_list("pk", "refusal_code"))
    assert codes == {(lost.pk, "LOST"), (changed.pk, "WRONG_CHECKSUM")}


def test_a_check_that_died_is_done_again_and_one_under_way_is_left_alone(sender, slide, made):
    upload = received(sender, slide, made["svs"])
    Upload.objects.filter(pk=upload.pk).update(writer=upload.pk, written_at=NOW)
    assert check.check_next(now=NOW + timedelta(minutes=39)) is None
    assert check.check_next(now=NOW + timedelta(minutes=41)).state == UploadState.READY


def test_a_fault_in_between_leaves_the_store_as_it_was(sender, namesake, made, disk, monkeypatch):
    received(sender, namesake, made["dicom"], name="c.zip")

    def fail(*_: Any) -> None:
        raise RuntimeError("fault")

    with monkeypatch.context() as patch:
        patch.setattr(check, "on_the_trail", fail)
        with pytest.raises(RuntimeError):
            check.check_next(now=NOW)
    assert [path.parent for path in kept(disk)] == [incoming.folder()]
    assert check.check_next(now=NOW + timedelta(hours=1)).state == UploadState.READY


def test_the_commands_check_and_clean(sender, slide, made, capsys, settings):
    settings.CHECK_UPLOADS = False
    received(sender, slide, made["tiff"])
    call_command("clean_uploads")
    assert capsys.readouterr().out == "expired 0 · orphans 0 · retired 0 · to check 1\n"
    call_command("check_uploads")
    assert capsys.readouterr().out.endswith("READY\n")
    assert SlideImage.objects.count() == 1


def test_the_cellar_is_cleaned(sender, case, made, disk, settings):
    image, waiting = shown(sender, glass(case), made["svs"]), sender.begin(glass(case), 100)
    sender.piece(waiting, b"x" * 50, 0)
    stray, part = incoming.folder() / "stray", incoming.folder() / f"{key(waiting)}.parts"
    for path in (stray, part):
        path.write_bytes(b"x")
        os.utime(path, (1, 1))
    young = incoming.folder() / "young"
    young.write_bytes(b"x")
    orphan = store.folder(SlideImage().pk)
    store.put(f"{orphan}/index", b"x")
    done = clean.clean(now=NOW + timedelta(days=6))
    assert (done.expired, done.orphans, done.retired) == (0, 2, 0)
    assert not stray.exists()
    assert part.exists()
    assert young.exists()
    assert not (disk / orphan).exists()
    done = clean.clean(now=NOW + timedelta(days=8))
    assert (done.expired, Upload.objects.get(pk=key(waiting)).refusal_code) == (1, "EXPIRED")
    assert not incoming.path(key(waiting)).exists()
    assert Path(store.local_path(image.files[0])).exists()


def test_images_go_when_their_time_is_over_and_the_row_says_when(world, sender, case, made, disk, settings):
    image = shown(sender, glass(case), made["svs"])
    type(case).objects.filter(pk=case.pk).update(status=Status.CANCELLED, closed_at=NOW, ending="CANCELLED")
    settings.SLIDE_YEARS = 15
    assert clean.clean(now=NOW + timedelta(days=365 * 15)).retired == 0
    later = NOW + timedelta(days=366 * 15)
    assert clean.clean(now=later).retired == 1
    image.refresh_from_db()
    assert (image.removed_at, kept(disk)) == (later, [])
    assert clean.clean(now=later).retired == 0
