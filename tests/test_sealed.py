"""Numbers at rest: sealed, bound to their row, found by a blind index alone; and the keys that do it."""

import base64
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from consortium import cipher, keyring
from consortium.cipher import AesGcm, Cipher, Unopened
from consortium.keyring import KeysMissing
from consortium.models import Hospital, Patient
from tests.dump import clear_numbers, dumped
from tests.world import NOW, patient

PHONE = "13912345678"
SECRETS = ("id_number", "phone", "guardian_phone")


def ring(*, seal_with: int = 1, index_with: int = 1, keys: int = 1) -> keyring.Keyring:
    """Keys that are the same for the same arguments."""
    known = {str(n): base64.b64encode(bytes([n]) * 32).decode() for n in range(1, keys + 1)}
    return keyring.read(json.dumps({"seal": known, "index": known, "seal_with": seal_with, "index_with": index_with}))


@pytest.fixture
def stored(world) -> Patient:
    """A patient with all three numbers."""
    who = patient(name="欧阳密语", phone=PHONE, guardian_phone="13787654321")
    return Patient.objects.get(pk=world.draft(patient=who).case.patient_id)


def raw(row: Patient) -> dict[str, bytes]:
    """What the database holds of a patient's numbers."""
    columns = ", ".join(f"{name}_sealed" for name in SECRETS)
    with connection.cursor() as cursor:
        cursor.execute(f"select {columns} from consortium_patient where id = %s", [row.pk])  # noqa: S608 - our columns
        return dict(zip(SECRETS, map(bytes, cursor.fetchone()), strict=True))


def put(row: Patient, name: str, value: bytes) -> None:
    """Write an envelope into a column as somebody with the database's password could."""
    with connection.cursor() as cursor:
        cursor.execute(f"update consortium_patient set {name}_sealed = %s where id = %s", [value, row.pk])  # noqa: S608


# --- in the database --------------------------------------------------------------------------------------------------


def test_no_table_holds_a_number_in_clear(world, stored):
    """After steps that wrote events, audit entries, notices, deliveries and kept answers."""
    assert stored.phone == PHONE
    world.referral("CLOSED")
    assert clear_numbers() == {}


def test_the_search_for_clear_numbers_finds_one(world, stored):
    Patient.objects.filter(pk=stored.pk).update(address=f"电话 {PHONE}")
    assert clear_numbers() == {"consortium_patient": {PHONE}}
    assert stored.id_number not in dumped("consortium_patient")


def test_an_envelope_tells_its_cipher_and_key_and_is_never_the_same(world, stored):
    before = raw(stored)
    assert {value[:2] for value in before.values()} == {bytes((1, project.KEYRING.seal.current))}
    known = [getattr(stored, name) for name in SECRETS]
    stored.save()
    assert all(value != before[name] for name, value in raw(stored).items())
    assert [getattr(Patient.objects.get(pk=stored.pk), name) for name in SECRETS] == known


def test_a_value_nobody_opened_is_stored_as_it_was(world, stored):
    before = raw(stored)
    again = Patient.objects.get(pk=stored.pk)
    again.address = "新址"
    again.save()
    assert raw(stored) == before


def test_a_value_opens_in_its_own_row_and_column_alone(world, stored):
    other = Patient.objects.get(pk=world.draft(patient=patient(phone="13800000001")).case.patient_id)
    put(other, "phone", raw(stored)["phone"])
    put(stored, "guardian_phone", raw(stored)["phone"])
    for row, name in ((other, "phone"), (stored, "guardian_phone")):
        moved = Patient.objects.get(pk=row.pk)
        with pytest.raises(Unopened):
            getattr(moved, name)
    assert Patient.objects.get(pk=stored.pk).phone == PHONE


def test_every_altered_byte_is_noticed(world, stored):
    sealed = raw(stored)["phone"]
    for at in range(len(sealed)):
        put(stored, "phone", sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :])
        with pytest.raises(Unopened):
            _ = Patient.objects.get(pk=stored.pk).phone
    for cut in (1, 2, 14, len(sealed) - 1):
        put(stored, "phone", sealed[:cut])
        with pytest.raises(Unopened):
            _ = Patient.objects.get(pk=stored.pk).phone


def test_a_sealed_value_shows_nothing_of_itself(world, stored):
    again = Patient.objects.get(pk=stored.pk)
    shown = (repr(again), str(again), repr(again.__dict__), repr(Patient.objects.filter(pk=stored.pk).values()))
    assert not [text for text in shown for number in (PHONE, stored.id_number) if number in text]
    with pytest.raises(TypeError, match="fixtures"):
        serializers.serialize("json", [again])


def test_a_row_is_opened_only_when_its_number_is_read(world, stored, monkeypatch):
    opened = []
    monkeypatch.setattr(cipher, "unseal", lambda sealed, *, place: opened.append(place) or "13900000000")
    rows = list(Patient.objects.all())
    assert [row.masked_name for row in rows]
    assert opened == []
    assert rows[0].phone == "13900000000"
    assert rows[0].phone == "13900000000"
    assert len(opened) == 1


def test_nothing_compares_clear_text_with_what_is_sealed(world, stored):
    for lookup in ("phone", "phone__in", "phone__contains", "id_number", "id_number__startswith", "phone__gt"):
        with pytest.raises(FieldError, match="blind index"):
            Patient.objects.filter(**{lookup: PHONE})
    with pytest.raises(TypeError, match="through its row"), transaction.atomic():
        Patient.objects.update(phone="13900000000")
    assert Patient.objects.filter(id_number__isnull=True).count() == 0


def test_no_telephone_is_stored_as_nothing_at_all(world):
    row = Patient.objects.get(pk=world.draft(patient=patient()).case.patient_id)
    assert (row.phone, raw(row)["phone"]) == ("", b"")


# --- the blind index --------------------------------------------------------------------------------------------------


def test_a_number_is_found_by_its_mark_however_it_is_typed(world, stored):
    number = stored.id_number
    for typed in (number, f" {number} ", number.lower(), f"{number[:6]} {number[6:]}"):
        assert Patient.objects.with_id_number(typed).get() == stored
    assert not Patient.objects.with_id_number(number[:17]).exists()
    assert not Patient.objects.with_id_number("").exists()


def test_one_number_is_one_row_and_a_number_without_its_mark_is_refused(world, stored):
    twin = {"name": "甲", "sex": "MALE", "registered_at": NOW, "registered_by_hospital": Hospital.objects.first()}
    with pytest.raises(IntegrityError, match="id_mark"), transaction.atomic():
        Patient.objects.create(id_number=stored.id_number, **twin)
    with pytest.raises(IntegrityError, match="patient_has_one_identity"), transaction.atomic():
        Patient.objects.create(**twin)
    with pytest.raises(IntegrityError, match="patient_number_can_be_found"), transaction.atomic():
        Patient.objects.filter(pk=stored.pk).update(id_mark=None)


def test_while_the_index_key_changes_a_number_stays_one_row(world, stored, settings):
    number = stored.id_number
    old = stored.id_mark
    settings.KEYRING = keyring.Keyring(
        settings.KEYRING.seal, keyring.Keys(settings.KEYRING.index.known | {9: b"9" * 32}, 9)
    )
    assert Patient.objects.with_id_number(number).get() == stored
    twin = {"name": "甲", "sex": "MALE", "registered_at": NOW, "registered_by_hospital": Hospital.objects.first()}
    with pytest.raises(IntegrityError, match="another key"), transaction.atomic():
        Patient.objects.create(id_number=number, **twin)
    again = Patient.objects.get(pk=stored.pk)
    again.save()
    assert (again.id_mark[0], Patient.objects.with_id_number(number).get()) == (9, stored)
    assert bytes(old)[1:] != bytes(again.id_mark)[1:]


# --- the cipher and its keys ------------------------------------------------------------------------------------------


@given(st.text(max_size=60), st.binary(max_size=80))
def test_what_is_sealed_opens_at_its_place_alone(text, place):
    one = AesGcm(ring().seal)
    sealed = one.seal(text, place=place)
    assert one.open(sealed, place=place) == text
    with pytest.raises(Unopened):
        one.open(sealed, place=place + b"x")
    assert text.encode() not in sealed or len(text.encode()) < 4


def test_a_former_key_opens_and_an_unknown_one_does_not():
    sealed = AesGcm(ring(keys=2).seal).seal(PHONE, place=b"p")
    assert AesGcm(ring(keys=2, seal_with=2).seal).open(sealed, place=b"p") == PHONE
    newer = AesGcm(ring(keys=2, seal_with=2).seal).seal(PHONE, place=b"p")
    assert (sealed[1], newer[1]) == (1, 2)
    with pytest.raises(Unopened, match="REFNET_KEYS"):
        AesGcm(ring().seal).open(newer, place=b"p")


class Reversed(Cipher):
    """Another algorithm, to stand in: no secret at all, but the same interface as SM4 or a module would have."""

    ALGORITHM = 77

    def encrypt(self, key: bytes, text: bytes, bound: bytes) -> bytes:
        """Backwards, with what it is bound to."""
        return text[::-1] + bound

    def decrypt(self, key: bytes, body: bytes, bound: bytes) -> bytes:
        """Forwards again."""
        if not body.endswith(bound):
            raise Unopened("moved")
        return body[: len(body) - len(bound)][::-1]


def test_another_cipher_stands_in_and_opens_what_the_former_one_sealed(world, stored, settings):
    settings.CIPHERS = ["tests.test_sealed.Reversed", "consortium.cipher.AesGcm"]
    again = Patient.objects.get(pk=stored.pk)
    assert again.phone == PHONE
    again.save()
    assert raw(stored)["phone"][:2] == bytes((77, 1))
    assert Patient.objects.get(pk=stored.pk).phone == PHONE
    settings.CIPHERS = ["consortium.cipher.AesGcm"]
    with pytest.raises(Unopened, match="REFNET_CIPHER"):
        _ = Patient.objects.get(pk=stored.pk).phone


def both(number: int) -> dict[str, dict[str, str]]:
    """Good keys of both purposes under a number."""
    return {purpose: {str(number): base64.b64encode(b"1" * 32).decode()} for purpose in keyring.PURPOSES}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"seal": {"1": "c2hvcnQ="}, "index": {"1": "c2hvcnQ="}}',
        '{"seal": {}, "index": {}}',
        json.dumps(both(0)),
        json.dumps(both(256)),
        json.dumps(both(1) | {"seal_with": 2}),
    ],
)
def test_keys_that_are_none_are_refused_with_a_sentence_and_no_key(text):
    with pytest.raises(KeysMissing, match=r"python -m consortium\.keyring") as refused:
        keyring.read(text)
    assert "c2hvcnQ" not in str(refused.value)
    assert "MTEx" not in str(refused.value)


def test_keys_do_not_show_themselves():
    assert base64.b64encode(bytes([1]) * 32).decode() not in repr(ring())
    assert repr(bytes([1]) * 32) not in repr(ring())


def test_a_new_key_is_added_and_not_used_before_it_is_known_everywhere():
    first = keyring.made()
    more = keyring.made(first)
    before, after = keyring.read(first), keyring.read(more)
    assert (before.seal.current, set(before.seal.known)) == (1, {1})
    assert (after.seal.current, set(after.seal.known), after.index.current) == (1, {1, 2}, 1)
    used = {name: value for name, value in json.loads(more).items() if not name.endswith("_with")}
    assert keyring.read(json.dumps(used)).seal.current == 2
    assert len({*before.seal.known.values(), *after.seal.known.values(), *after.index.known.values()}) == 4


def test_a_development_install_makes_its_own_keys_once(tmp_path: Path):
    own = tmp_path / "data" / "keys.json"
    first = keyring.load(text="", file=None, own=own)
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    assert keyring.load(text="", file=None, own=own).seal.known == first.seal.known
    assert list(own.parent.iterdir()) == [own]
    with pytest.raises(KeysMissing, match="cannot be read"):
        keyring.load(text="", file=tmp_path / "absent", own=own)


def start(tmp_path: Path, **environment: str) -> str:
    """The key in use, or the sentence with which a process refuses to start that only reads the settings."""
    known = {"REFNET_KEYS": "", "REFNET_KEY_FILE": "", "DATABASE_URL": "postgresql://nobody@localhost/none"}
    ended = subprocess.run(
        [sys.executable, "-c", "from consortium import settings; print(settings.KEYRING.seal.current)"],
        env=os.environ | known | {"REFNET_DATA": str(tmp_path)} | environment,
        cwd=project.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.stdout.strip() if ended.returncode == 0 else ended.stderr.splitlines()[-1]


def test_production_does_not_start_without_keys_of_its_own(tmp_path: Path):
    keys = tmp_path / "given.json"
    keys.write_text(keyring.made())
    real = {"REFNET_PRODUCTION": "1", "REFNET_SECRET_KEY": "".join(map(chr, range(48, 98)))}
    real["REFNET_AUDIT_KEY"] = base64.b64encode(bytes(range(32))).decode()
    refused = "django.core.exceptions.ImproperlyConfigured: REFNET_KEYS, REFNET_KEY_FILE: Set one of them: "
    assert start(tmp_path, **real).startswith(refused)
    assert not (tmp_path / "keys.json").exists()
    assert start(tmp_path, **real, REFNET_KEY_FILE=str(keys)) == "1"
    assert start(tmp_path, **real, REFNET_KEYS=keys.read_text()) == "1"
    assert start(tmp_path) == "1"
    assert (tmp_path / "keys.json").exists()
