"""Whose specimen it is: told to who treats the case, one case at a time; nobody else finds a word by any query."""

import pytest

from consortium import seal
from telemedicine.models import PathologyCase, Report
from tests.edge.client import Edge, as_role, gid, widest
from tests.edge.tables import PARTIES, SEES_SLIDES
from tests.reports import case, content, image, sign
from tests.world import World

SECRETS = {"history": "密语病史", "question": "密语目的", "preliminary_diagnosis": "密语初诊", "consent_by": "密语亲属"}
BOXES = ("IN", "OUT", "POOL", "MINE")
NAME, WRITTEN = "欧阳堃", "密语"


@pytest.fixture(autouse=True)
def _disk(settings, tmp_path) -> None:
    """Pictures of key images lie on a disk of the test's own."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def read(world: World) -> PathologyCase:
    """A case with a word of its own in every place where one about the patient can stand, and a signed report."""
    row = case(world, **SECRETS)
    sign(world, row, conclusion="密语结论", **content(key_images=[image(row, note="密语图注")], free_text="密语补充"))
    return row


def documents(row: PathologyCase) -> dict[str, tuple[str, str]]:
    """Every query by which something of a case could be read, as wide as the schema allows."""
    signed, glass = Report.objects.get(case=row), gid(row.slides.get())
    about = {
        "pathologyCase": ("id", "PathologyCase", gid(row)),
        "slideScreen": ("slide", "SlideScreen", glass),
        "slideImages": ("slide", "SlideImage", glass),
        "uploads": ("slide", "Upload", glass),
        "report": ("id", "Report", gid(signed)),
        "reportDraft": ("case", "ReportDraft", gid(row)),
    }
    made = {
        name: (f"query($id: ID!) {{ {name}({argument}: $id) {widest(kind, depth=4)} }}", named)
        for name, (argument, kind, named) in about.items()
    }
    nodes = "nodes " + widest("PathologyCase", depth=4)
    made |= {box: (f"{{ pathologyWorklist(box: {box}, first: 100) {{ totalCount {nodes} }} }}", "") for box in BOXES}
    code = seal.printed_code(signed.verification_code)
    return made | {
        "diagnosticReport": ("query($id: ID!) { diagnosticReport(id: $id) }", gid(signed)),
        "verifyReport": (f'{{ verifyReport(code: "{code}") ' + widest("VerifiedReport") + " }", ""),
        "pathologyLedger": ("{ pathologyLedger(grouping: EXPERT) " + widest("PathologyLedgerEntry") + " }", ""),
        "notices": ("{ notices(first: 100) { nodes " + widest("Notice") + " } }", ""),
    }


def told(edge: Edge, row: PathologyCase) -> dict[str, str]:
    """The text of the answer to each query."""
    return {
        name: edge.send({"query": text, "variables": {"id": named} if named else {}}).content.decode()
        for name, (text, named) in documents(row).items()
    }


def names(text: str, row: PathologyCase) -> bool:
    """Whether a text says whose specimen it is."""
    return NAME in text or row.patient.id_number in text


def test_who_does_not_see_a_case_finds_no_word_of_it(world, read):
    leaks = {}
    for party, roles in PARTIES:
        for role in roles:
            if (party, role) not in SEES_SLIDES:
                answers = told(as_role(world, party, role), read)
                found = {name for name, text in answers.items() if names(text, read) or WRITTEN in text}
                leaks |= {(party, role): found} if found else {}
    assert leaks == {}


@pytest.mark.usefixtures("documents_of_any_size")
def test_who_sees_a_case_learns_the_name_of_one_case_and_none_from_a_list(world, read):
    """So that the test above looks for the right words; a printed copy's code names nobody to anybody."""
    for who in SEES_SLIDES:
        answers = told(as_role(world, *who), read)
        named = {name for name, text in answers.items() if names(text, read)}
        assert named == {"pathologyCase", "diagnosticReport"}, who
        assert all(word in answers["pathologyCase"] for word in SECRETS.values())
        assert WRITTEN not in answers["verifyReport"]
        assert "欧**" in answers["IN" if who[0] == "province" else "OUT"]
