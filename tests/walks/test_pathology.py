"""The five stories of remote pathology, told to a real server on the small world with real slide files."""

from pathlib import Path

import pytest
from django.core.management import call_command

from consortium.roles import Role
from tests.conftest import Nowhere
from tests.dump import clear_numbers
from tests.lab import LAB, LEAD, PATHOLOGIST, Lab
from tests.live.server import running
from tests.walks import pathology
from tests.walks.test_night import cast

CAST = {
    "lab": ("county", LAB),
    "quality": ("province", LAB),
    "first": ("province", PATHOLOGIST),
    "lead": ("province", LEAD),
    "county.doctor": ("county", Role.REFERRING_DOCTOR),
    "oncologist": ("province", Role.EXPERT),
    "stranger": ("foreign", LAB),
    "second": ("province", PATHOLOGIST, 2),
}


@pytest.mark.slow
def test_five_stories_of_pathology(committed_lab: Lab, settings, tmp_path: Path) -> None:
    settings.DEMO_CLOCK = tmp_path / "clock.json"

    def ahead(minutes: int) -> None:
        call_command("tick", ahead=minutes, stdout=Nowhere())

    names = []
    with running(REFNET_DATA=str(tmp_path)) as server:
        for name, step in pathology.told(pathology.Pathology(server.url, cast(CAST), ahead)):
            step()
            names.append(name)
    assert len(names) == 15
    assert clear_numbers() == {}
