"""A report on paper and as FHIR: the text that can be taken out of the PDF, its ink, its QR code, its masks."""

import hashlib
from io import BytesIO
from typing import Any

import pypdf
import pypdfium2
import pytest
import segno
from PIL import Image

from consortium import paper, seal
from consortium.errors import Code, Refused
from consortium.roles import Role
from schema import ids
from telemedicine import reports, store
from telemedicine.models import KeyImage, Kind, Liability
from telemedicine.reports import checks, reading
from tests.edge.client import as_role
from tests.reports import LAB, PATHOLOGIST, READER, SENDER, case, complete, content, image, of, sign
from tests.world import NOW

ADDRESS = "https://refnet.example/verify/"
IHC = [
    {"antibody": "ER", "result": "POSITIVE", "percent": 90},
    {"antibody": "HER2", "result": "SCORE_2", "note": "建议 FISH"},
    {"antibody": "OTHER", "antibodyOther": "TRPS1", "result": "POSITIVE"},
]


def text_of(data: bytes) -> str:
    """The text of a PDF without blanks: as a browser's own search would find it."""
    return "".join(pages_of(data))


def pages_of(data: bytes) -> list[str]:
    """The same, page by page."""
    return ["".join(page.get_textpage().get_text_range().split()) for page in pypdfium2.PdfDocument(data)]


def drawn(data: bytes, page: int = 0, scale: float = 2.0) -> Image.Image:
    """A page as it looks, in grey."""
    return pypdfium2.PdfDocument(data)[page].render(scale=scale).to_pil().convert("L")


@pytest.fixture(autouse=True)
def _disk(settings, tmp_path) -> None:
    """Pictures of key images lie on a disk of the test's own."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def row(world):
    return case(world)


@pytest.fixture
def whole(world, row):
    answers = complete(of("BREAST"), procedure="MASTECTOMY", ihc=IHC, tumourSize=23.5, pt="pT2", pn="pN1a")
    return sign(world, row, **content(answers=answers, key_images=[image(row)], free_text="请结合临床。"))


def printed(world: Any, report: Any, who: tuple[str, Role] = READER) -> bytes:
    """The PDF as somebody gets it."""
    return reading.print_report(by=world.actor(*who), id=report.pk, address=ADDRESS, now=NOW)[0]


def test_the_text_of_the_pdf_is_the_report(world, row, whole):
    text = text_of(printed(world, whole))
    for words in (
        "province医院", "远程病理诊断报告", "姓名欧阳堃", "性别女", "出生日期1970-05-06", row.patient.id_number,
        f"会诊单号{row.number}", "申请医院county医院", "标本", "手术方式全乳切除", "肿瘤最大径23.5mm",
        "组织学类型浸润性癌，非特殊型（8500/3）", "部位乳头（C50.0）", "pTpT2（>20–50mm）", "pNpN1a（1–3枚腋窝）",
        "抗体", "阳性比例", "90%", "2+", "建议FISH", "TRPS1", "诊断结论", "结论分类恶性",
        "（左乳）浸润性癌，非特殊型，2级。",
        "补充说明请结合临床。", "关键图像", "图1切片", "左上1200,800宽高640×480", "浸润灶", "ab" * 32,
        "本报告即为病理诊断，由会诊医院承担诊断责任。", "签发医师provincePATHOLOGIST1", "签发时间2026-03-0209:00",
        "报告版本第1版", whole.sha256, f"核验码{seal.printed_code(whole.verification_code)}", ADDRESS, "第1/2页",
        "第2/2页",
    ):  # fmt: skip
        assert "".join(words.split()) in text, words
    assert "未签发" not in text
    assert "已被修订" not in text


def test_the_picture_of_a_key_image_is_in_the_pdf_or_nothing_is(world, row, whole):
    """In the colours that the viewer kept; also when it was put aside since; never another picture."""
    kept = row.key_images.get()
    KeyImage.objects.filter(pk=kept.pk).update(discarded_at=NOW)

    def pictures() -> list[Any]:
        pages = pypdf.PdfReader(BytesIO(printed(world, whole))).pages
        return [one.image.convert("RGB") for page in pages for one in page.images]

    (found,) = [one for one in pictures() if one.size == (640, 480)]
    assert max(abs(a - b) for a, b in zip(found.getpixel((320, 240)), (221, 160, 221), strict=True)) <= 3
    other = b"another picture"
    changed = {"picture": store.put("key-images/x.jpg", other), "sha256": hashlib.sha256(other).hexdigest()}
    KeyImage.objects.filter(pk=kept.pk).update(**changed)
    with pytest.raises(Refused) as refused:
        printed(world, whole)
    assert refused.value.code == Code.INTERNAL


def test_the_font_is_embedded_and_the_same_report_is_the_same_file(world, whole):
    data = printed(world, whole)
    fonts = pypdf.PdfReader(BytesIO(data)).pages[0]["/Resources"]["/Font"]
    (font,) = [fonts[name] for name in fonts]
    descriptor = font["/DescendantFonts"][0]["/FontDescriptor"]
    assert font["/BaseFont"].endswith("+NotoSansSC")
    assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor)
    assert data == printed(world, whole)
    assert len(data) < 120_000


def test_the_font_is_the_one_its_makers_publish():
    published = "faa6c9df652116dde789d351359f3d7e5d2285a2b2a1f04a2d7244df706d5ea9"
    assert hashlib.sha256(paper.font().read_bytes()).hexdigest() == published


def test_without_the_font_a_report_says_what_to_install(world, whole, monkeypatch):
    assert checks.font_is_there() == []
    monkeypatch.setattr(paper, "WHEEL", "no_such_wheel")
    (warning,) = checks.font_is_there()
    assert warning.id == "telemedicine.W001"
    address = f"/reports/{ids.encode('Report', whole.pk)}.pdf"
    response = as_role(world, *READER).client.get(address)
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (500, "INTERNAL")
    assert response.json()["errors"][0]["message"].startswith("本机缺少报告所用的字体：请管理员按 requirements.txt")


def test_every_page_carries_ink_and_white_margins(world, whole):
    data = printed(world, whole)
    pages = len(pypdfium2.PdfDocument(data))
    assert pages == 2
    for number in range(pages):
        picture = drawn(data, number)
        width, height = picture.size
        dark = sum(picture.histogram()[:100])
        assert 0.002 < dark / (width * height) < 0.2
        edge = 18
        for box in ((0, 0, edge, height), (width - edge, 0, width, height), (0, 0, width, edge)):
            assert min(picture.crop(box).tobytes()) == 255


def test_the_qr_code_leads_to_the_check_of_this_report(world, whole):
    """Each module of the code is found at its place in the picture."""
    wanted = [
        list(line)
        for line in segno.make(f"{ADDRESS}?code={whole.verification_code}", error="m", micro=False).matrix_iter(
            border=0
        )
    ]
    picture = drawn(printed(world, whole), 1, scale=4.0)
    dots = picture.size[0] / 210  # per millimetre
    step = 32 / (len(wanted) + 4)
    left = 210 - paper.MARGIN - 32 + 2 * step
    column = picture.crop((int((left - 0.5) * dots), 0, int((left + 7 * step) * dots), picture.size[1]))
    # The upper left corner is a dark square of seven modules below an empty border.
    side = int(7 * step * dots)
    tops = [
        y for y in range(column.size[1] - side)
        if all(column.getpixel((int((0.5 + (k + 0.5) * step) * dots), y)) < 128 for k in range(7))
    ]  # fmt: skip

    def read(top: float) -> list[list[int]]:
        """The modules of a code that begins at this height, in pixels."""
        across = [int((left + (x + 0.5) * step) * dots) for x in range(len(wanted))]
        down = [int(top + (y + 0.5) * step * dots) for y in range(len(wanted))]
        return [[int(picture.getpixel((x, min(y, picture.size[1] - 1))) < 128) for x in across] for y in down]

    assert wanted in [read(top) for top in tops]


def test_a_later_version_marks_the_older_as_superseded(world, row, whole):
    before = printed(world, whole)
    second = sign(world, row, reason="更正侧别")
    row.report_version = 2
    old, new = printed(world, whole), printed(world, second)
    assert ("已被修订" in text_of(old), "已被修订" in text_of(new)) == (True, False)
    assert "修订原因更正侧别" in text_of(new)
    pale = [sum(drawn(data).histogram()[200:240]) for data in (before, old)]
    assert pale[1] > pale[0] + 10_000


def test_addenda_are_printed_with_who_and_when(world, whole):
    reports.add_addendum(by=world.actor(*READER), id=whole.pk, text="FISH：未扩增。", now=NOW)
    text = text_of(printed(world, whole))
    assert "补充1FISH：未扩增。provincePATHOLOGIST12026-03-0209:00" in text


def test_a_draft_says_on_every_page_that_it_is_not_signed(world, row):
    by = world.actor(*READER)
    given = {"template": "BREAST", "answers": complete(of("BREAST")) | {"tumourSize": "大", "ihc": IHC * 12}}
    draft = reports.save_report_draft(
        by=by, id=row.pk, expected_version=0, report={"conclusion": "待定", "content": given}, now=NOW
    )
    data, name = reading.print_draft(by=by, id=draft.pk, address=ADDRESS, now=NOW)
    pages = pages_of(data)
    assert len(pages) > 1
    assert all("未签发" in page for page in pages)
    assert name == f"{row.number}-draft.pdf"
    text = "".join(pages)
    assert "核验码" not in text
    assert "肿瘤最大径" not in text
    assert "待定" in text
    assert text.count("抗体其他抗体结果") >= 2  # the head of the table again on the next page


@pytest.mark.parametrize("liability", Liability)
def test_the_sheet_says_who_answers_for_the_diagnosis(world, liability):
    row = case(world, liability=liability)
    text = text_of(printed(world, sign(world, row)))
    titles = {Liability.CONSULTATION: "远程病理会诊意见书", Liability.REMOTE_DIAGNOSIS: "远程病理诊断报告"}
    assert [title in text for title in titles.values()] == [one is liability for one in titles]
    assert ("最终诊断由申请医院病理科出具" in text) is (liability is Liability.CONSULTATION)


def test_who_may_not_know_the_patient_reads_a_masked_name(world, row, whole, monkeypatch):
    by = world.actor(*SENDER)
    monkeypatch.setattr(reading, "identified", lambda *_: False)
    text = text_of(reading.print_report(by=by, id=whole.pk, address=ADDRESS, now=NOW)[0])
    fhir = reading.diagnostic_report(by=by, id=whole.pk, now=NOW)
    assert "姓名欧**" in text
    assert fhir["subject"]["display"] == "欧**"
    for secret in ("欧阳堃", row.patient.id_number, "1970-05-06"):
        assert secret not in text
        assert secret not in str(fhir)


def test_both_sides_of_the_case_know_whose_it_is(world, row):
    seen = {(place, role): reading.identified(world.actor(place, role), row) for place in ("county", "province", "city")
            for role in (LAB, PATHOLOGIST, Role.AUDITOR)}  # fmt: skip
    known = {key for key, value in seen.items() if value}
    assert {("county", LAB), ("province", PATHOLOGIST)} <= known
    assert not {key for key in known if key[0] == "city" or key[1] == Role.AUDITOR}


def test_a_character_that_the_font_lacks_is_named_not_left_out():
    assert paper.printable("王𠮷\x07\r\n\n李") == "王〓[U+20BB7] \n\n李"
    assert paper.printable("堃玥喆髙㐂𫍣") == "堃玥喆髙㐂𫍣"


def test_small_figures_that_the_font_lacks_stay_figures():
    assert paper.printable("WBC 18.6×10⁹/L PaCO₂ 58") == "WBC 18.6×10^9/L PaCO2 58"
    assert paper.printable("10⁻³ mol, 10⁻¹² g/L, C₁₂H₂₂O₁₁, Ca²⁺") == "10^−3 mol, 10^−12 g/L, C12H22O11, Ca^2+"


def test_lines_break_between_characters_and_never_within_a_word(world):
    page = paper.Paper(head=("院", "报告"), foot="", across="", made_at=NOW)
    page.ink(10)
    text = "浸润性癌（非特殊型），Nottingham 分级 2 级；pT2N1a，HER2 2+，建议 FISH 检测。" * 6
    lines = list(page.lines(text, 60))
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(page.get_string_width(line) <= 60 for line in lines)
    assert not [line for line in lines if line[0] in paper.NEVER_FIRST]
    assert not [line for line in lines if line.endswith(("Nottingha", "Notting", "FIS", "HER"))]
    assert [list(page.lines(short, 60)) for short in ("", "一\n\n二")] == [[""], ["一", "", "二"]]
    assert all(page.get_string_width(line) <= 60 for line in page.lines("A" * 400, 60))


class TestFhir:
    """The report for machines."""

    def resource(self, world: Any, report: Any) -> dict[str, Any]:
        return reading.diagnostic_report(by=world.actor(*SENDER), id=report.pk, now=NOW)

    def test_it_is_a_diagnostic_report_with_its_answers(self, world, row, whole):
        found = self.resource(world, whole)
        assert {name: found[name] for name in ("resourceType", "id", "status", "issued", "conclusion")} == {
            "resourceType": "DiagnosticReport",
            "id": str(whole.pk),
            "status": "final",
            "issued": "2026-03-02T01:00:00.000000+00:00",
            "conclusion": "（左乳）浸润性癌，非特殊型，2 级。",
        }
        assert found["code"] == {
            "coding": [{"system": "http://loinc.org", "code": "11526-1", "display": "Pathology study"}],
            "text": "乳腺癌",
        }
        assert found["identifier"] == [{"system": "urn:refnet:pathology-case", "value": row.number}]
        assert found["subject"] == {"reference": f"Patient/{row.patient_id}", "display": "欧阳堃"}
        assert found["specimen"] == [{"identifier": {"value": row.specimens.get().barcode}, "display": "左乳"}]
        codes = [(one["coding"][0]["system"].rpartition("/")[2], one["coding"][0]["code"])
                 for one in found["conclusionCode"]]  # fmt: skip
        assert codes == [("icd-10", "C50.900"), ("icd-o-3", "C50.0"), ("icd-o-3", "8500/3")]
        inside = {one["id"]: one for one in found["contained"]}
        assert [one["reference"] for one in found["result"]] == [f"#{name}" for name in inside]
        assert inside["tumourSize"]["valueQuantity"] == {
            "value": 23.5, "unit": "mm", "system": "http://unitsofmeasure.org", "code": "mm",
        }  # fmt: skip
        assert inside["pt"]["valueCodeableConcept"]["coding"] == [
            {"system": "urn:refnet:AJCC-8", "code": "pT2", "display": "pT2 (>20–50 mm)"}
        ]
        first, second, third = inside["ihc"]["component"]
        assert first["code"]["coding"][0]["code"] == "ER"
        assert first["code"]["text"] == "ER；阳性比例 90 %"
        assert first["valueCodeableConcept"]["text"] == "阳性"
        assert second["valueCodeableConcept"]["coding"][0]["code"] == "SCORE_2"
        assert third["code"]["text"] == "其他；其他抗体 TRPS1"
        said = {one["url"]: one["valueString"] for one in found["extension"]}
        assert said["urn:refnet:sha256"] == whole.sha256
        assert said["urn:refnet:liability"] == "REMOTE_DIAGNOSIS"
        assert said["urn:refnet:diagnostic-class"] == "MALIGNANT"
        assert said["urn:refnet:note"] == "请结合临床。"
        (media,) = found["media"]
        assert media["comment"] == "浸润灶"
        assert media["link"]["display"] == f"x=1200;y=800;width=640;height=480;sha256={'ab' * 32}"

    def test_its_status_tells_of_amendments_and_addenda(self, world, row, whole):
        second = sign(world, row, reason="更正")
        assert self.resource(world, second)["status"] == "amended"
        reports.add_addendum(by=world.actor(*READER), id=second.pk, text="补", now=NOW)
        assert self.resource(world, second)["status"] == "appended"

    @pytest.mark.parametrize(("kind", "code", "category"), [
        (Kind.CYTOLOGY, "CYTOLOGY_GENERIC", "CP"), (Kind.FROZEN, "FROZEN_GENERIC", "SP"),
    ])  # fmt: skip
    def test_cells_and_tissue_have_their_categories(self, world, kind, code, category):
        report = sign(world, case(world, kind), **content(code))
        assert self.resource(world, report)["category"][0]["coding"][0]["code"] == category
