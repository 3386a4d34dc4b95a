"""The demo cases of remote pathology: every state, on real slide files, with reports, the same each time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from consortium import access, demo
from consortium.models import Person
from consortium.progress import silent
from telemedicine import demo as cases
from telemedicine import reports, tiles
from telemedicine.demo.plots import PLOTS, moments
from telemedicine.models import Ending, Kind, PathologyCase, Report, SlideImage, Status, Upload
from tests.demo.known import tally

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("played")]


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Path]:
    """The demo network with its pathology cases, and the folder with their slides; undone in the end."""
    folder = tmp_path_factory.mktemp("files")
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "MEDIA_ROOT", folder)
        assert demo.load(silent)
        assert cases.load(silent)
        yield folder
        transaction.set_rollback(True)


@pytest.fixture
def played(loaded: Path, settings) -> Iterator[Path]:
    """The loaded cases; whatever a test does to them is undone."""
    settings.MEDIA_ROOT = loaded
    with transaction.atomic():
        yield loaded
        transaction.set_rollback(True)


def test_cases_are_in_every_state_and_of_every_kind():
    assert tally(PathologyCase.objects, "status").keys() == set(Status.values)
    assert tally(PathologyCase.objects, "ending").keys() == {"", *Ending.values}
    assert tally(PathologyCase.objects, "kind").keys() == set(Kind.values)
    assert PathologyCase.objects.count() == sum(plot.times for plot in PLOTS)
    assert PathologyCase.objects.filter(referral__isnull=False).count() == 1


def test_the_named_accounts_have_work_in_every_state():
    for username, unseen in (("lab", set()), ("pathologist", {Status.DRAFT})):
        by = access.actor(Person.objects.get(username=username), now=timezone.now())
        states = set(access.visible(by, PathologyCase).values_list("status", flat=True))
        assert states == set(Status.values) - unseen


def test_slides_are_real_files_of_three_formats_that_show_their_tiles(played):
    images = SlideImage.objects.filter(replaced_at=None)
    assert len(tally(images, "format")) == 3
    tiles.opened.forget()
    for image in images.order_by("format", "id").distinct("format"):
        data, kind = tiles.opened.get(image.pk).tile(0, 0, 0)
        assert (kind, data[:2]) == ("image/jpeg", b"\xff\xd8")
    assert not Upload.objects.exclude(state="READY").exists()
    size = sum(path.stat().st_size for path in played.rglob("*") if path.is_file())
    assert size < 30 * 2**20


def test_reports_are_sealed_and_one_is_amended():
    assert max(Report.objects.values_list("version", flat=True)) == 2
    for case in PathologyCase.objects.filter(report_version__gt=0):
        assert reports.unbroken(case)
    assert len(tally(Report.objects, "template")) >= 5


def test_frozen_sections_were_told_within_their_limit():
    told = PathologyCase.objects.filter(kind=Kind.FROZEN, answered_at__isnull=False)
    assert told.count() == 3
    assert all((case.answered_at - case.specimen_received_at).total_seconds() <= 30 * 60 for case in told)


def test_loading_again_does_nothing():
    assert not cases.load(silent)


def test_the_same_moment_gives_the_same_stories():
    now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    chances = [cases.Random("the same") for _n in range(2)]
    first, second = ([moments(plot, chance, now) for plot in PLOTS] for chance in chances)
    assert first == second
    assert all(times == sorted(times) and times[-1] < now for times in first)
