"""The demo cases of remote pathology: in every state, on real slide files, told through the real actions.

Patients and slides are invented. The stories run in the order of time over the last 60 days; the same moment gives the
same stories. In the end the clock takes its round over them, so that whoever is late has been reminded.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from random import Random
from typing import Any

from django.conf import settings
from django.db import transaction

from consortium import moment
from consortium.demo import loaded as network_is_there
from consortium.escalation import escalate
from consortium.models import Department, Level, Patient
from consortium.progress import Progress
from referrals.demo.cast import Cast
from referrals.demo.patients import Patients
from telemedicine.demo.plots import PLOTS, moments
from telemedicine.demo.scans import Scanner
from telemedicine.demo.story import LAB, Bench, Story
from telemedicine.models import PathologyCase

TITLE = "示范病理会诊 / demo pathology cases"
HOME, EXPERTS = ("浏阳市人民医院", "病理科"), ("湖南省肿瘤医院", "病理科")


def load(progress: Progress) -> bool:
    """Play all stories in one transaction and return whether anything was to do; nothing without the demo network."""
    if not network_is_there() or PathologyCase.objects.exists():
        return False
    now = moment.now()
    with transaction.atomic(), Scanner.at_work() as scanner:
        cast = Cast(now)
        bench = Bench(cast, cast.named[EXPERTS], scanner)
        bench.appoint_readers()
        stories = plan(bench, now)
        scenes = sorted((at, story.number, scene, story) for story in stories for scene, at in enumerate(story.times))
        for done, (at, _number, scene, story) in enumerate(scenes):
            if done % 20 == 0:
                progress(done, len(scenes))
            story.play(scene, at)
        escalate(PathologyCase, now=now)
    progress(len(scenes), len(scenes))
    return True


def plan(bench: Bench, now: datetime) -> list[Story]:
    """Every story with its lab, its patient and the moment of each of its steps; the first of a plot is at home."""
    chance = Random("refnet demo pathology")  # noqa: S311 (reproducible, not secret)
    patients, labs = Patients(chance), county_labs(bench.cast)
    patients.numbers |= {row.id_number[:17] for row in Patient.objects.only("id_number") if row.id_number}
    stories: list[Story] = []
    for plot in PLOTS:
        fitting = [text for text in read_texts() if text["kind"] == plot.kind]
        for copy in range(plot.times):
            number = len(stories)
            lab = bench.cast.named[HOME] if copy == 0 else chance.choice(labs)
            text, times = fitting[number % len(fitting)], moments(plot, chance, now)
            patient = patients.invent(text, lab.hospital.division, times[0])
            if born := text.get("born"):  # what the scanner wrote into the file
                day = date.fromisoformat(born)
                patient["id_number"] = patients.number(lab.hospital.division_id, day, text["sex"])
            stories.append(Story(number, bench, plot, lab, text, patient, times, turn=copy))
    return stories


def county_labs(cast: Cast) -> list[Department]:
    """The laboratories of county hospitals that have somebody to send a case."""
    return [row for row in cast.departments if (LAB, row.pk) in cast.staff and row.hospital.level == Level.COUNTY]


@cache
def read_texts() -> list[Mapping[str, Any]]:
    """The clinical texts of `telemedicine/data/demo_cases.json`."""
    path = settings.BASE_DIR / "telemedicine" / "data" / "demo_cases.json"
    texts: list[Mapping[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return texts
