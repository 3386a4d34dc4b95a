"""Signed reports: versions in a sealed chain that nobody alters, addenda beside them, drafts that lose nothing."""

from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from consortium import seal
from consortium.errors import Code, Refused
from consortium.models import AuditEntry, Event, Notice
from consortium.roles import Role
from telemedicine import reports, store
from telemedicine.models import Addendum, KeyImage, Kind, Liability, Report, ReportDraft
from telemedicine.reports import drafts, reading
from tests.reports import LAB, PATHOLOGIST, READER, SENDER, case, complete, content, image, of, sign, slide
from tests.world import NOW, World

OTHER_LAB = ("foreign", LAB)
CHANGES = {
    "content": {"sections": []}, "conclusion": "良性。", "free_text": "x", "key_images": [{"x": 1}], "version": 9,
    "template": "GENERIC", "liability": "CONSULTATION", "amendment_reason": "x", "previous_sha256": "0" * 64,
    "signed_at": NOW + timedelta(microseconds=1),
}  # fmt: skip


def unguarded(table: str) -> None:
    """Let the owner of a table change it, as nobody else can."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(f"alter table {table} disable trigger user")


@pytest.fixture(autouse=True)
def _disk(settings, tmp_path) -> None:
    """Pictures of key images lie on a disk of the test's own."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def reader(world):
    return world.actor(*READER)


@pytest.fixture
def row(world):
    return case(world)


def refused(call: Any, *args: Any, **given: Any) -> tuple[str, str | None]:
    """The code and field of a refusal."""
    with pytest.raises(Refused) as caught:
        call(*args, **given)
    return caught.value.code.value, caught.value.field


def test_the_first_version_says_who_signed_what_and_when(world, row, reader):
    given = content(key_images=[image(row)], free_text=" 建议临床随访。 ")
    report = sign(world, row, **given)
    report.refresh_from_db()
    (slide_,) = row.slides.all()
    assert (report.version, report.template, report.liability) == (1, "BREAST", Liability.REMOTE_DIAGNOSIS)
    assert (report.signed_at, report.signed_by, report.signed_role) == (NOW, reader.person, Role.PATHOLOGIST)
    assert report.signed_hospital == world.hospitals["province"]
    assert (report.previous_sha256, report.amendment_reason) == ("", "")
    assert (report.conclusion, report.free_text) == ("（左乳）浸润性癌，非特殊型，2 级。", "建议临床随访。")
    kept = row.key_images.get()
    assert report.key_images == [
        {
            "slide": str(slide_.pk), "barcode": slide_.barcode, "stain": "HE", "note": "浸润灶", "sha256": "ab" * 32,
            "keyImage": str(kept.pk), "picture": kept.sha256, "x": 1200, "y": 800, "width": 640, "height": 480,
        }
    ]  # fmt: skip
    assert report.content["template"]["labelZh"] == "乳腺癌"
    specimen = report.content["sections"][0]
    assert (specimen["code"], specimen["labelZh"], specimen["labelEn"]) == ("SPECIMEN", "标本", "Specimen")
    assert specimen["answers"][1] == {
        "code": "procedure",
        "labelZh": "手术方式",
        "labelEn": "Procedure",
        "kind": "CHOICE",
        "system": "",
        "multiple": False,
        "options": [{"code": "CORE_BIOPSY", "labelZh": "粗针穿刺", "labelEn": "Core biopsy"}],
    }
    assert len(report.sha256) == 64
    assert reports.intact(report)
    assert reports.unbroken(row)


def test_the_hash_is_over_the_canonical_form():
    assert seal.canonical({"b": [1, 2.5, None], "a": "镜"}) == '{"a":"镜","b":[1,2.5,null]}'.encode()
    assert seal.digest({"a": 1}) == sha256(b'{"a":1}').hexdigest()
    with pytest.raises(ValueError, match="not JSON compliant"):
        seal.canonical(float("nan"))


def test_numbers_keep_their_hash_through_the_database(world, row):
    answers = complete(of("BREAST"), procedure="EXCISION", tumourSize=12.0, marginDistance=0.1, ki67Percent=30)
    report = sign(world, row, **content(answers=answers))
    again = Report.objects.get(pk=report.pk)
    assert (again.sha256, reports.intact(again)) == (report.sha256, True)
    assert report.content == again.content


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_behind_the_databases_back_is_found(world, row, name):
    """By the owner of the table, with the trigger away: the hash tells."""
    first = sign(world, row)
    sign(world, row, reason="补做免疫组化")
    assert reports.unbroken(row)
    unguarded("telemedicine_report")
    with connection.cursor() as cursor:
        cursor.execute("alter table telemedicine_report drop constraint report_versions_are_chained")
    Report.objects.filter(pk=first.pk).update(**{name: CHANGES[name]})
    assert not reports.intact(Report.objects.get(pk=first.pk))
    assert not reports.unbroken(row)


def test_a_rewritten_or_missing_version_breaks_the_chain(world, row):
    first = sign(world, row)
    second = sign(world, row, reason="更正侧别")
    unguarded("telemedicine_report")
    changed = Report.objects.get(pk=first.pk)
    changed.conclusion = "良性。"
    Report.objects.filter(pk=first.pk).update(conclusion="良性。", sha256=seal.digest(changed.sealed))
    assert reports.intact(Report.objects.get(pk=first.pk))
    assert not reports.unbroken(row)
    with connection.cursor() as cursor:
        cursor.execute("delete from telemedicine_report where id = %s", [first.pk])
    assert reports.intact(second)
    assert not reports.unbroken(row)


@pytest.mark.parametrize("statement", [
    "update telemedicine_report set conclusion = 'x'", "delete from telemedicine_report",
    "truncate telemedicine_report cascade", "update telemedicine_addendum set text = 'x'",
    "delete from telemedicine_addendum", "truncate telemedicine_addendum",
])  # fmt: skip
def test_the_database_refuses_to_change_what_was_signed(world, row, reader, statement):
    report = sign(world, row)
    reports.add_addendum(by=reader, id=report.pk, text="补充", now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")  # a table with checks still to be made cannot be emptied
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert (Report.objects.count(), Addendum.objects.count()) == (1, 1)


def test_an_amendment_is_a_further_version_and_the_old_one_stays(world, row):
    first = sign(world, row)
    assert refused(sign, world, row, reason="  ") == ("INCOMPLETE", "reason")
    second = sign(world, row, reason="补做 HER2", conclusion="HER2 阳性。")
    assert (second.version, second.amendment_reason, second.previous_sha256) == (2, "补做 HER2", first.sha256)
    assert [(one.version, one.conclusion) for one in Report.objects.filter(case=row)] == [
        (1, "（左乳）浸润性癌，非特殊型，2 级。"), (2, "HER2 阳性。"),
    ]  # fmt: skip
    assert first.verification_code != second.verification_code
    assert reports.unbroken(row)


@pytest.mark.parametrize("changes", [
    {"version": 1}, {"version": 3, "previous_sha256": ""}, {"version": 3, "amendment_reason": ""},
    {"version": 3, "conclusion": ""},
], ids=str)  # fmt: skip
def test_the_database_refuses_a_version_twice_or_out_of_the_chain(world, row, changes):
    sign(world, row)
    second = sign(world, row, reason="更正")
    second.pk, second.verification_code = uuid4(), seal.new_code()
    for name, value in changes.items():
        setattr(second, name, value)
    with pytest.raises(IntegrityError), transaction.atomic():
        second.save(force_insert=True)


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"template": "NONE"}, ("INVALID_INPUT", "report.content.template")),
        ({"template": ""}, ("INVALID_INPUT", "report.content.template")),
        ({"template": "FROZEN_GENERIC"}, ("INVALID_INPUT", "report.content.template")),
        ({"answers": {}}, ("INCOMPLETE", "report.content.answers.specimenDescription")),
        ({"answers": None}, ("INCOMPLETE", "report.content.answers.specimenDescription")),
        ({"free_text": "字" * 8001}, ("INVALID_INPUT", "free_text")),
    ],
    ids=str,
)
def test_what_is_not_complete_is_not_signed(world, row, change, answer):
    assert refused(sign, world, row, **content() | change) == answer
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"x": -1}, ("INVALID_INPUT", "report.content.keyImages.0.width")),
        ({"height": 0}, ("INVALID_INPUT", "report.content.keyImages.0.width")),
        ({"sha256": "ab"}, ("INVALID_INPUT", "report.content.keyImages.0.sha256")),
        ({"sha256": "g" * 64}, ("INVALID_INPUT", "report.content.keyImages.0.sha256")),
        ({"slide": UUID(int=1)}, ("NOT_FOUND", "report.content.keyImages.0.slide")),
        # Nobody kept these in the viewer: the neighbouring pixel, the same place of another file.
        ({"x": 1201}, ("INVALID_INPUT", "report.content.keyImages.0")),
        ({"height": 479}, ("INVALID_INPUT", "report.content.keyImages.0")),
        ({"sha256": "ac" * 32}, ("INVALID_INPUT", "report.content.keyImages.0")),
    ],
    ids=str,
)
def test_a_key_image_is_of_this_case_with_region_and_hash(world, row, change, answer):
    assert refused(sign, world, row, **content(key_images=[image(row, **change)])) == answer


def test_a_key_image_that_was_put_aside_or_altered_is_not_signed(world, row):
    given, kept = content(key_images=[image(row)]), row.key_images.get()
    KeyImage.objects.filter(pk=kept.pk).update(discarded_at=NOW)
    assert refused(sign, world, row, **given) == ("INVALID_INPUT", "report.content.keyImages.0")
    KeyImage.objects.filter(pk=kept.pk).update(discarded_at=None, picture=store.put("key-images/other.jpg", b"x"))
    assert refused(sign, world, row, **given) == ("INTERNAL", None)
    assert not Report.objects.filter(case=row).exists()


def test_a_key_image_of_another_case_and_too_many_are_refused(world, row):
    foreign = slide(world, case(world), "X-1")
    given = content(key_images=[image(row), image(row, slide=foreign.pk)])
    assert refused(sign, world, row, **given) == ("NOT_FOUND", "report.content.keyImages.1.slide")
    assert refused(sign, world, row, **content(key_images=[image(row)] * 13)) == (
        "INVALID_INPUT",
        "report.content.keyImages",
    )


def test_nobody_signs_without_a_role(world, row, reader):
    given = {"content": content(), "now": NOW}
    assert refused(reports.issue, row, by=reader, role=None, **given) == ("FORBIDDEN", None)


@pytest.mark.parametrize("kind", [Kind.FROZEN, Kind.CYTOLOGY, Kind.SECOND_OPINION])
def test_each_kind_of_case_has_its_template(world, kind):
    code = {Kind.FROZEN: "FROZEN_GENERIC", Kind.CYTOLOGY: "CYTOLOGY_GENERIC", Kind.SECOND_OPINION: "LYMPHOMA"}[kind]
    report = sign(world, case(world, kind), **content(code))
    assert report.template == code


class TestAddenda:
    """Words put beside a signed version."""

    def test_it_is_signed_sealed_noted_and_told_to_the_sender(self, world, row, reader):
        report = sign(world, row)
        later = NOW + timedelta(days=1)
        reports.add_addendum(by=reader, id=report.pk, text=" HER2 FISH 未扩增。 ", now=later)
        reports.add_addendum(by=reader, id=report.pk, text="二", now=later)
        one, two = Addendum.objects.all()
        assert (one.number, one.text, one.signed_by, one.signed_at) == (1, "HER2 FISH 未扩增。", reader.person, later)
        assert two.number == 2
        assert reports.intact(one)
        assert one.sha256 != two.sha256
        event = Event.objects.filter(subject_id=row.pk, kind="add_addendum").first()
        assert event is not None
        assert event.detail == {"report": str(report.pk), "version": 1, "addendum": 1}
        told = set(Notice.objects.filter(event=event).values_list("person__username", flat=True))
        assert told == {"county-PATHOLOGY_LAB-1"}
        assert reports.unbroken(row)

    def test_a_changed_addendum_is_found(self, world, row, reader):
        report = sign(world, row)
        reports.add_addendum(by=reader, id=report.pk, text="一", now=NOW)
        unguarded("telemedicine_addendum")
        Addendum.objects.update(text="二")
        assert not reports.unbroken(row)

    def test_only_the_pathologist_of_the_performer_adds_to_the_version_in_force(self, world, row, reader):
        report = sign(world, row)
        given = {"id": report.pk, "text": "一", "now": NOW}
        add = reports.add_addendum
        assert refused(add, by=world.actor(*SENDER), **given) == ("FORBIDDEN", None)
        assert refused(add, by=world.actor(*OTHER_LAB), **given) == ("NOT_FOUND", "id")
        assert refused(add, by=world.actor("province2", PATHOLOGIST), **given) == ("NOT_FOUND", "id")
        assert refused(add, by=reader, **given | {"text": " "}) == ("INCOMPLETE", "text")
        assert refused(add, by=reader, **given | {"id": uuid4()}) == ("NOT_FOUND", "id")
        sign(world, row, reason="更正")
        assert refused(add, by=reader, **given) == ("INVALID_STATE", None)
        assert not Addendum.objects.exists()


class TestDrafts:
    """What a pathologist types is kept."""

    def save(self, world: World, row: Any, version: int, **given: Any) -> ReportDraft:
        return reports.save_report_draft(
            by=world.actor(*READER), id=row.pk, expected_version=version, report=given, now=NOW
        )

    def test_anything_typed_is_kept_right_or_wrong(self, world, row):
        odd = {"tumourSize": "十二", "gone": [1]}
        draft = self.save(
            world, row, 0, conclusion="浸", content={"template": "BREAST", "answers": odd, "key_images": [image(row)]}
        )
        draft.refresh_from_db()
        assert (draft.version, draft.answers, draft.conclusion, draft.saved_at) == (1, odd, "浸", NOW)
        assert draft.key_images[0]["slide"] == str(row.slides.all()[0].pk)
        again = self.save(world, row, 1, conclusion="浸润性癌")
        assert (again.version, again.answers, again.conclusion) == (2, odd, "浸润性癌")

    def test_nobody_overwrites_what_was_saved_meanwhile(self, world, row):
        self.save(world, row, 0, conclusion="一")
        for seen in (0, 2):
            assert refused(self.save, world, row, seen, conclusion="二") == ("STALE_VERSION", "expectedVersion")
        assert ReportDraft.objects.get().conclusion == "一"

    def test_each_has_a_draft_of_their_own_that_signing_ends(self, world, row):
        self.save(world, row, 0, conclusion="一")
        other = world.newcomer("second", READER)
        reports.save_report_draft(by=other, id=row.pk, expected_version=0, report={"conclusion": "二"}, now=NOW)
        assert drafts.report_draft(by=world.actor(*READER), case=row).conclusion == "一"
        assert drafts.report_draft(by=other, case=row).conclusion == "二"
        sign(world, row)
        assert list(ReportDraft.objects.values_list("conclusion", flat=True)) == ["二"]

    def test_it_says_all_that_is_missing(self, world, row):
        draft = self.save(world, row, 0, conclusion="一")
        fields = [one.field for one in drafts.missing(draft, now=NOW)]
        assert fields == ["report.content.template", "report.diagnosticClass"]
        given = {"template": "BREAST", "answers": {"tumourSize": 0}}
        draft = self.save(world, row, 1, conclusion="", content=given)
        found = {one.field: one.code for one in drafts.missing(draft, now=NOW)}
        assert found["report.content.answers.tumourSize"] is Code.INVALID_INPUT
        assert found["report.content.answers.procedure"] is Code.INCOMPLETE
        assert found["report.conclusion"] is Code.INCOMPLETE
        whole = self.save(world, row, 2, conclusion="一", diagnostic_class="BENIGN", content=content())
        assert drafts.missing(whole, now=NOW) == []
        assert sign(world, row, **whole.content).version == 1

    def test_who_does_not_read_the_case_saves_nothing(self, world, row):
        given = {"id": row.pk, "expected_version": 0, "report": {"conclusion": "x"}, "now": NOW}
        save = reports.save_report_draft
        assert refused(save, by=world.actor(*SENDER), **given) == ("FORBIDDEN", None)
        assert refused(save, by=world.actor(*OTHER_LAB), **given) == ("NOT_FOUND", "id")
        assert refused(save, by=world.actor("province", Role.EXPERT), **given) == ("NOT_FOUND", "id")
        assert not ReportDraft.objects.exists()

    def test_too_long_a_conclusion_is_refused_by_name(self, world, row):
        assert refused(self.save, world, row, 0, conclusion="字" * 4001) == ("INVALID_INPUT", "conclusion")


class TestVerification:
    """The code on a printed copy."""

    def test_a_code_survives_how_people_write_it(self):
        code = seal.new_code()
        printed = seal.printed_code(code)
        assert len(printed) == 14
        for text in (code, printed, printed.lower(), f" {printed} ", code.replace("0", "O").replace("1", "l")):
            assert seal.read_code(text) == code

    def test_every_slip_of_one_character_is_seen(self):
        code = seal.new_code()
        wrong = {
            code[:place] + sign_ + code[place + 1 :]
            for place in range(len(code))
            for sign_ in seal.ALPHABET
            if sign_ != code[place]
        }
        assert len(wrong) == 12 * 31
        assert [text for text in wrong if seal.read_code(text)] == []
        assert [seal.read_code(text) for text in ("", "镜", code + "0", code[1:], "U" * 12)] == [None] * 5

    def test_it_tells_which_version_it_is_and_whether_it_is_intact(self, world, row, reader):
        first = sign(world, row)
        reports.add_addendum(by=reader, id=first.pk, text="一", now=NOW)
        sign(world, row, reason="更正")
        found = reading.verify(seal.printed_code(first.verification_code))
        assert found == reading.Verified(
            number=row.number,
            version=1,
            latest=2,
            hospital="province医院",
            signed_at=NOW,
            sha256=first.sha256,
            intact=True,
            addenda=1,
        )
        assert row.patient.name not in str(found)
        assert reading.verify(seal.new_code()) is None
        assert reading.verify("x" * 10_000) is None

    def test_a_changed_report_is_told_to_whoever_checks_it(self, world, row):
        report = sign(world, row)
        unguarded("telemedicine_report")
        Report.objects.filter(pk=report.pk).update(conclusion="良性。")
        found = reading.verify(report.verification_code)
        assert found is not None
        assert found.intact is False


def test_reading_is_for_those_who_see_the_case_and_is_audited(world, row, reader):
    report = sign(world, row)
    given = {"id": report.pk, "now": NOW}
    for read in (reading.diagnostic_report, lambda **rest: reading.print_report(address="http://x/verify/", **rest)):
        assert refused(read, by=world.actor(*OTHER_LAB), **given) == ("NOT_FOUND", "id")
        assert refused(read, by=world.actor("province", Role.EXPERT), **given) == ("NOT_FOUND", "id")
        read(by=world.actor(*SENDER), **given)
    entries = AuditEntry.objects.filter(action="read_report").values_list("actor__username", "actor_role", "object_id")
    assert list(entries) == [("county-PATHOLOGY_LAB-1", "PATHOLOGY_LAB", str(report.pk))] * 2
    assert AuditEntry.objects.filter(action="read_report", patient=row.patient).count() == 2
