"""Clear numbers become sealed ones, in three steps that can each be taken back, with old and new code between them."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from consortium.models import Patient
from tests.conftest import Nowhere
from tests.world import NOW, id_number, patient

BEFORE, EXPANDED, FILLED, AFTER = (
    "0014_break_glass", "0015_sealed_numbers", "0016_seal_numbers", "0017_no_clear_numbers",
)  # fmt: skip
NUMBER = "11010519491231002X"


def migrate(name: str) -> type[Patient]:
    """Bring the room's tables to a migration; the patients as code of that time knows them."""
    executor = MigrationExecutor(connection)
    executor.migrate([("consortium", name)])
    return executor.loader.project_state([("consortium", name)]).apps.get_model("consortium", "Patient")


@pytest.fixture
def at_the_end_as_it_was(transactional_db, request):
    """Whatever a test leaves, the tables are those of today afterwards."""
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    call_command("secure_database", verbosity=0, stdout=Nowhere())


def shown(rows: type[Patient], suffix: str = "") -> set[tuple[str | None, str, str]]:
    """The numbers of every patient, from the clear or the sealed columns."""
    names = [f"{name}{suffix}" for name in ("id_number", "phone", "guardian_phone")]
    return {tuple(getattr(row, name) for name in names) for row in rows.objects.all()}  # type: ignore[misc]


@pytest.mark.slow
def test_there_and_back_and_there_again(committed, at_the_end_as_it_was):
    given = [patient(phone=f"1391234567{n}", guardian_phone=f"1378765432{n}") for n in range(3)]
    for who in given:
        committed.draft(patient=who)
    committed.draft(patient={"temporary_identity": "无名氏-急诊-0302"})
    known = {(who["id_number"], who["phone"], who["guardian_phone"]) for who in given} | {(None, "", "")}
    hospital = committed.hospitals["county"].pk
    who = {"sex": "MALE", "registered_at": NOW, "registered_by_hospital_id": hospital, "name_grams": []}

    old = migrate(BEFORE)
    assert shown(old) == known

    middle = migrate(EXPANDED)
    assert shown(middle) == known
    # Code of the time before writes clear numbers and knows no others; code of the time after the reverse.
    old.objects.create(name="旧", id_number=NUMBER, phone="13900000009", **who)
    assert Patient.objects.create(name="新", id_number=id_number(NOW.date(), 7), phone="13900000008", **who).pk
    with pytest.raises(IntegrityError, match="patient_has_one_identity"), transaction.atomic():
        old.objects.create(name="无", **who)

    filled = migrate(FILLED)
    known |= {(NUMBER, "13900000009", ""), (id_number(NOW.date(), 7), "13900000008", "")}
    assert shown(filled, "_sealed") == known
    late = id_number(NOW.date(), 9)
    old.objects.create(name="迟", id_number=late, **who)  # by a process of the version before, after the backfill
    known |= {(late, "", "")}

    migrate(AFTER)
    assert shown(Patient) == known
    assert Patient.objects.with_id_number(NUMBER).get().phone == "13900000009"
    with connection.cursor() as cursor:
        cursor.execute("select string_agg(p::text, '') from consortium_patient p")
        (text,) = cursor.fetchone()
    assert not [number for row in known for number in row if number and number in text]

    assert shown(migrate(BEFORE)) == known
    migrate(AFTER)
    assert shown(Patient) == known
