"""Changing keys while the service runs: killed in the middle it goes on where it was, and says what is left."""

import base64
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command
from django.db import connection

from consortium import keyring, rotation
from consortium.models import Patient
from consortium.progress import silent
from tests.conftest import Nowhere
from tests.edge.many import copied
from tests.live.server import database_url
from tests.world import World, id_number, patient

COLUMNS = ("id_number_sealed", "phone_sealed", "guardian_phone_sealed", "id_mark")
MANY = 60


def two_keys(used: int) -> str:
    """The keys of this process and one more of each, of which one is used."""
    given: dict = {"seal_with": used, "index_with": used}
    for purpose in keyring.PURPOSES:
        (known,) = getattr(project.KEYRING, purpose).known.values()
        given[purpose] = {"1": base64.b64encode(known).decode(), "2": base64.b64encode(b"2" * 32).decode()}
    return json.dumps(given)


@pytest.fixture
def people(committed: World) -> dict[str, tuple[str | None, str, str]]:
    """Many committed patients: what each one's numbers are, by the key of the row."""
    first = committed.draft(patient=patient(phone="13912345678", guardian_phone="13787654321")).case.patient
    rows = [
        copied(first, id_number=id_number(first.birth_date, 2 * n), phone=f"139{n:08}") for n in range(300, 300 + MANY)
    ]
    Patient.objects.bulk_create(rows)
    return numbers()


def numbers() -> dict[str, tuple[str | None, str, str]]:
    """Every patient's numbers, opened."""
    return {str(row.pk): (row.id_number, row.phone, row.guardian_phone) for row in Patient.objects.all()}


def keys_in_use() -> Counter[int]:
    """How many sealed values and marks there are under each key."""
    found: Counter[int] = Counter()
    for column in COLUMNS:
        at = 0 if column == "id_mark" else 1
        with connection.cursor() as cursor:
            cursor.execute(
                f"select get_byte({column}, {at}), count(*) from consortium_patient "  # noqa: S608 - our columns
                f"where length({column}) > 0 group by 1"
            )
            found.update(dict(cursor.fetchall()))
    return found


def test_killed_in_the_middle_it_goes_on_and_retires_the_old_key(people, settings, tmp_path: Path):
    total = (MANY + 1) * len(COLUMNS)
    assert keys_in_use() == {1: total}
    environment = os.environ | {"DATABASE_URL": database_url(), "REFNET_DATA": str(tmp_path), "REFNET_PRODUCTION": "0"}
    environment |= {"REFNET_KEYS": two_keys(2)}
    command = [sys.executable, "manage.py", "rotate_keys", "--batch", "3"]
    program = subprocess.Popen(command, cwd=project.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True)
    assert program.stdout
    assert program.stdout.readline() == f"3 / {MANY + 1}\n"
    program.send_signal(signal.SIGKILL)
    program.wait(timeout=30)
    between = keys_in_use()
    assert between[1] > 0
    assert between[2] >= 3 * len(COLUMNS)
    assert between[2] % (3 * len(COLUMNS)) == 0, "a batch is there as a whole or not at all"
    settings.KEYRING = keyring.read(two_keys(2))
    assert numbers() == people, "half of the way everything opens"
    assert all(Patient.objects.with_id_number(number).count() == 1 for number, _phone, _other in people.values())
    ended = subprocess.run(command, cwd=project.BASE_DIR, env=environment, capture_output=True, text=True, check=True)
    assert keys_in_use() == {2: total}
    assert "All is under the keys in use." in ended.stdout
    assert f"consortium_patient.id_mark: {MANY + 1} under index key 2" in ended.stdout
    alone = json.loads(environment["REFNET_KEYS"])
    for purpose in keyring.PURPOSES:
        del alone[purpose]["1"]
    settings.KEYRING = keyring.read(json.dumps(alone))
    assert numbers() == people, "and without the old key"
    assert all(Patient.objects.with_id_number(number).count() == 1 for number, _phone, _other in people.values())


def test_a_second_time_nothing_is_left_to_do(world, settings):
    world.draft()
    settings.KEYRING = keyring.read(two_keys(2))
    told: list[tuple[int, int]] = []
    assert rotation.rotate(progress=lambda done, total: told.append((done, total))) == []
    assert told == [(1, 1)]
    before = keys_in_use()
    assert set(before) == {2}
    assert rotation.rotate(progress=lambda done, total: told.append((done, total))) == []
    assert told == [(1, 1)]


def test_a_row_that_does_not_open_is_named_and_the_others_are_done(world, settings):
    good, bad = (world.draft(patient=patient(phone="13912345678")).case.patient for _ in range(2))
    with connection.cursor() as cursor:
        cursor.execute("update consortium_patient set phone_sealed = '\\x0101aa' where id = %s", [bad.pk])
    settings.KEYRING = keyring.read(two_keys(2))
    assert rotation.rotate(batch=1, progress=silent) == [f"consortium_patient {bad.pk}"]
    assert Patient.objects.get(pk=good.pk).phone == "13912345678"
    with pytest.raises(CommandError, match=f"1 rows do not open.*{bad.pk}"):
        call_command("rotate_keys", stdout=Nowhere())


def test_only_counting_changes_nothing(world, settings):
    world.draft()
    settings.KEYRING = keyring.read(two_keys(2))
    before = keys_in_use()
    call_command("rotate_keys", check=True, stdout=Nowhere())
    assert (keys_in_use(), set(before)) == (before, {1})
