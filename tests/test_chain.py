"""The chain of the audit trail: nothing is unchained, what an owner alters is found, and many write at once."""

import stat
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction

from consortium import access, chain, heads, trail
from consortium.models import AuditChain, AuditEntry, AuditLink
from consortium.roles import Role
from referrals.models import Status
from tests.drills import tamper
from tests.world import COUNTY_DOCTOR, NOW


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(settings, tmp_path):
    settings.AUDIT_HEADS, settings.AUDIT_KEY_FILE = tmp_path / "heads", tmp_path / "audit.key"
    settings.AUDIT_KEY, settings.AUDIT_FORMER_KEYS = "", []


def chains() -> dict[str, int]:
    """The chains with their lengths."""
    return {name: AuditLink.objects.filter(chain=name).count() for name in set(links().values())}


def links() -> dict[str, str]:
    """The chain of each entry."""
    return {str(entry): name for entry, name in AuditLink.objects.values_list("entry", "chain")}


def test_every_entry_is_chained_by_the_hospital_of_who_acted(committed):
    leg = committed.referral(Status.ACCEPTED)
    trail.audit(access.SYSTEM, "escalate", leg, role=None, purpose="TREATMENT", patient_id=leg.case.patient_id, now=NOW)
    doctor = committed.actor(*COUNTY_DOCTOR)
    trail.audit(doctor, "issue_api_token", leg, role=None, purpose="ADMINISTRATION", patient_id=None, now=NOW)
    entries, found = AuditEntry.objects.all(), links()
    assert {str(entry.pk): str(entry.actor_hospital_id) for entry in entries if entry.actor_hospital_id} == {
        entry: name for entry, name in found.items() if name not in (chain.PEOPLE, chain.SYSTEM)
    }
    hospitals = {str(committed.hospitals[name].pk) for name in ("county", "province")}
    assert set(chains()) == hospitals | {chain.PEOPLE, chain.SYSTEM}
    for name in chains():
        held = AuditLink.objects.filter(chain=name).order_by("sequence")
        assert [link.sequence for link in held] == list(range(1, len(held) + 1))
        assert [bytes(link.previous) for link in held] == [bytes(32), *(bytes(link.hash) for link in held)][:-1]
    assert (chain.walk().faults, chain.walk().rows) == ({}, len(entries))


def test_an_entry_names_the_hospital_of_its_patients_whatever_the_writer_says(committed):
    leg = committed.referral(Status.SENT)
    entry = AuditEntry.objects.create(
        action="x", purpose="TREATMENT", object_kind="referral", object_id="", patient_id=leg.case.patient_id,
        hospitals=[committed.hospitals["city"].pk], at=NOW,
    )  # fmt: skip
    entry.refresh_from_db()
    assert entry.hospitals == [committed.hospitals["county"].pk]


def test_an_entry_that_cannot_be_chained_undoes_its_transaction(committed):
    leg, before = committed.referral(Status.SENT), AuditEntry.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("alter table consortium_auditlink add constraint full_up check (sequence < 3) not valid")
    try:
        with pytest.raises(DatabaseError, match="full_up"):
            committed.take("cancel_referral", leg)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("alter table consortium_auditlink drop constraint full_up")
    leg.refresh_from_db()
    assert (AuditEntry.objects.count(), leg.status) == (before, Status.SENT)


@pytest.mark.parametrize("statement", ["update {} set sequence = 9", "delete from {}", "truncate {}"])
def test_the_database_refuses_to_alter_a_link(committed, statement):
    committed.referral(Status.SENT)
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(statement.format("consortium_auditlink"))


def test_what_an_owner_alters_is_found_at_its_place(committed, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    there = tamper.scene(committed, 40)
    assert heads.verify(now=NOW).faults == {}
    told = {}
    for alteration in tamper.ALTERATIONS:
        with tamper.altered(alteration, there):
            found = heads.verify(now=NOW)
        if not tamper.found_as(alteration, found, there):
            told[alteration.title] = found.faults
    assert told == {}
    assert heads.verify(now=NOW).faults == {}


def test_a_broken_chain_is_told_and_signed_no_further(committed, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    there = tamper.scene(committed, 20)
    call_command("verify_trail", stdout=StringIO())
    with tamper.altered(tamper.ALTERATIONS[0], there):
        with pytest.raises(CommandError, match=f"{there.name} at {there.at}: EDITED"):
            call_command("verify_trail", verbosity=0)
        row = AuditChain.objects.get(chain=there.name)
        assert (row.state, row.fault, row.fault_sequence) == ("BROKEN", "EDITED", there.at)
        assert (row.verified_sequence, row.sealed_sequence) == (there.at - 1, there.last.sequence)
    committed.referral(Status.SENT)
    hash_all = next(one for one in tamper.ALTERATIONS if one.kind == chain.Kind.REWRITTEN)
    with tamper.altered(hash_all, there):
        before = heads.read().line
        with pytest.raises(CommandError, match=there.name):
            call_command("seal_trail", verbosity=0)
        assert there.name not in heads.read().last or heads.read().last[there.name] == there.last
        assert heads.read().line == before


def test_heads_are_signed_once_for_what_is_new(committed):
    committed.referral(Status.SENT)
    name = str(committed.hospitals["county"].pk)
    first = heads.seal(now=NOW)
    assert (first.rows, first.reached[name].sequence) == (2, 2)
    assert heads.seal(now=NOW).rows == 0
    assert heads.read().line == 1
    committed.referral(Status.SENT)
    assert heads.seal(now=NOW).rows == 2
    signed = heads.read()
    assert (signed.line, signed.last[name].sequence) == (2, 4)
    row = AuditChain.objects.get(chain=name)
    assert (row.hospital, row.state, row.sealed_sequence, row.sealed_at) == (
        committed.hospitals["county"], "INTACT", 4, NOW,
    )  # fmt: skip


def test_the_key_of_a_development_install_is_its_own_and_private(committed):
    committed.referral(Status.SENT)
    heads.seal(now=NOW)
    assert stat.S_IMODE(settings.AUDIT_KEY_FILE.stat().st_mode) == 0o600
    key = settings.AUDIT_KEY_FILE.read_text()
    heads.seal(now=NOW)
    assert settings.AUDIT_KEY_FILE.read_text() == key


def test_a_former_key_counts_only_when_it_is_trusted(committed, settings):
    committed.referral(Status.SENT)
    heads.seal(now=NOW)
    former = next(iter(heads.trusted_keys()))
    settings.AUDIT_KEY_FILE.unlink()
    assert heads.verify(now=NOW).faults[heads.OF_ALL].kind == chain.Kind.HEAD_FORGED
    settings.AUDIT_FORMER_KEYS = [former]
    assert heads.verify(now=NOW).faults == {}
    settings.AUDIT_KEY = "short"
    with pytest.raises(ImproperlyConfigured, match="REFNET_AUDIT_KEY"):
        heads.private_key()


@pytest.mark.parametrize("text", ["", '"\\', "中文 𠮷", "\x01\x1f\x7f", "\u2028\t\n"])
def test_the_database_and_we_hash_the_same_text(committed, text):
    leg = committed.referral(Status.SENT)
    by = committed.actor("province", Role.EXPERT)
    with transaction.atomic():
        AuditEntry.objects.create(
            action=text[:40], purpose=text, object_kind=text[:20], object_id=text, request_id=text, at=NOW,
            actor=by.person, actor_hospital=committed.hospitals["city"], objects_seen=[leg.pk, leg.case_id],
            patients=[leg.case.patient_id],
        )  # fmt: skip
    assert chain.walk().faults == {}


def test_many_write_into_one_chain_at_once(committed):
    leg = committed.referral(Status.SENT)
    by, name = committed.actor("province", Role.EXPERT), str(committed.hospitals["province"].pk)

    def write(number: int) -> None:
        try:
            with transaction.atomic():
                for _n in range(3):
                    trail.audit(
                        by, "read_referral", leg, role=by.held[0], purpose="TREATMENT",
                        patient_id=leg.case.patient_id, now=NOW,
                    )  # fmt: skip
                if number % 5 == 0:
                    transaction.set_rollback(True)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    assert chains()[name] == 32 * 3
    assert chain.walk().faults == {}
