"""Slides, what is left on them, and reports at the edge: every operation by every role at every party."""

from typing import Any

import pytest
from django.db import transaction

from consortium.roles import Role
from schema.schema import schema
from telemedicine.models import Annotation, AnnotationKind, KeyImage, PathologyCase, ReportDraft, Upload
from tests.edge.client import Edge, as_role, code_of, gid, widest
from tests.edge.many import statements
from tests.edge.tables import (
    FORBIDDEN,
    IDS,
    LAB,
    NOBODY,
    NOT_FOUND,
    OK,
    OWN,
    PARTIES,
    PARTNER,
    PATHOLOGIST,
    SEES_SLIDES,
    STALE,
    VIEWING,
)
from tests.reports import REGION, case, keep, scan, sign, slide
from tests.world import NOW, World

BOX = {"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]]}
READER = {(PARTNER, PATHOLOGIST)}
OUTSIDE = "INVALID_INPUT"  # the region lies outside the image, as only somebody is told who may keep one
# mutation: who may take it with which answer, and what others are told who see the case; the rest: NOT_FOUND
TABLE: dict[str, tuple[set[tuple[str, Role]], str, str]] = {
    "openSlide": (SEES_SLIDES, OK, OK),
    "reportViewing": (SEES_SLIDES, OK, OK),
    "annotateSlide": (READER, OK, FORBIDDEN),
    "changeAnnotation": (READER, STALE, NOT_FOUND),  # one's own: nobody else has it
    "deleteAnnotation": (READER, STALE, NOT_FOUND),
    "keepKeyImage": (READER, OUTSIDE, FORBIDDEN),
    "discardKeyImage": (READER, OK, NOT_FOUND),
    "saveReportDraft": (READER, STALE, FORBIDDEN),
    "addAddendum": (READER, OK, FORBIDDEN),
}


@pytest.fixture(autouse=True)
def _disk(settings, tmp_path) -> None:
    """Pictures of key images lie on a disk of the test's own."""
    settings.MEDIA_ROOT = tmp_path


def drawn(row: Any, **given: Any) -> Annotation:
    """A box that the provincial pathologist drew on an image."""
    fixed = {"kind": AnnotationKind.BOX, "geometry": BOX, "created_at": NOW, "changed_at": NOW}
    return Annotation.objects.create(case=row.case, image=row, person=row.case.assigned_to, **fixed | given)


@pytest.fixture
def read(world: World) -> PathologyCase:
    """A case in the hands of the provincial pathologist, with a scan, a drawing, a key image and a signed report."""
    row = case(world)
    image = scan(row.slides.get())
    drawn(image)
    keep(image)
    sign(world, row)
    return row


def inputs(row: PathologyCase) -> dict[str, dict[str, Any]]:
    """Inputs by which only who may take a mutation gets its answer."""
    glass = {"slide": gid(row.slides.get())}
    own = {"id": gid(row.annotations.get()), "expectedVersion": 9}
    outside = REGION | {"x": 10**6}
    return {
        "openSlide": {"id": glass["slide"]},
        "reportViewing": glass | {"looks": []},
        "annotateSlide": glass | {"kind": "BOX", "geometry": BOX},
        "changeAnnotation": own | {"label": "x"},
        "deleteAnnotation": own,
        "keepKeyImage": glass | outside,
        "discardKeyImage": {"id": gid(row.key_images.get())},
        "saveReportDraft": {"id": gid(row), "expectedVersion": 9, "report": {"conclusion": "x"}},
        "addAddendum": {"id": gid(row.reports.get()), "text": "x"},
    }


def test_the_table_names_every_operation_of_the_viewer():
    assert set(TABLE) == VIEWING | {"openSlide", "saveReportDraft", "addAddendum"}
    assert set(TABLE) <= set(schema.graphql_schema.mutation_type.fields)


@pytest.mark.parametrize(("party", "roles"), PARTIES, ids=IDS)
def test_every_mutation_by_every_role(world, read, party, roles):
    found, expected = {}, {}
    for name, given in inputs(read).items():
        who, answer, otherwise = TABLE[name]
        for role in roles:
            with transaction.atomic():
                found[name, role] = code_of(as_role(world, party, role).attempt(name, **given).json())
                transaction.set_rollback(True)
            sees = (party, role) in SEES_SLIDES
            expected[name, role] = answer if (party, role) in who else otherwise if sees else NOT_FOUND
    assert found == expected


def test_nobody_and_a_colleague_of_the_author(world, read):
    """Not even another pathologist of the department changes what somebody drew or typed."""
    colleague = world.newcomer("colleague", (PARTNER, PATHOLOGIST))
    found = {}
    for name, given in inputs(read).items():
        assert code_of(Edge().attempt(name, **given).json()) == NOBODY
        with transaction.atomic():
            found[name] = code_of(Edge(colleague.person).attempt(name, **given).json())
            transaction.set_rollback(True)
    others = ("changeAnnotation", "deleteAnnotation", "discardKeyImage")
    assert found == {name: NOT_FOUND if name in others else TABLE[name][1] for name in TABLE}


def test_a_hidden_drawing_is_shown_to_its_author_only(world, read):
    drawn(read.images.get(), visibility="HIDDEN", label="密语标注")
    document = "query($id: ID!) { slideScreen(slide: $id) " + widest("SlideScreen") + " }"
    glass = gid(read.slides.get())
    seen = {who: "密语标注" in str(as_role(world, *who).answer(document, id=glass)) for who in SEES_SLIDES}
    assert seen == {who: who in READER for who in SEES_SLIDES}


def test_uploads_are_listed_for_the_senders_lab_only_with_no_name_of_the_file_elsewhere(world, read):
    Upload.objects.update(name="欧阳密语 住院号 77.svs")
    glass = gid(read.slides.get())
    wide = "query($id: ID!) { %s(slide: $id) %s }"
    seen = {}
    for who in SEES_SLIDES:
        edge = as_role(world, *who)
        texts = [
            str(edge.answer(wide % ("uploads", widest("Upload")), id=glass)),
            str(edge.answer(wide % ("slideImages", widest("SlideImage")), id=glass)),
            str(edge.answer(wide % ("slideScreen", widest("SlideScreen")), id=glass)),
        ]
        seen[who] = ["欧阳密语" in text for text in texts]
    assert seen == {who: [who == (OWN, LAB), False, False] for who in SEES_SLIDES}


def test_lists_of_little_and_of_much_take_the_same_statements(world, read):
    """Uploads and images of a slide, a case with its slides and scans, the screen of a viewer."""
    glass, image = read.slides.get(), read.images.get()
    documents = {
        "uploads": ("query($id: ID!) { uploads(slide: $id) " + widest("Upload") + " }", gid(glass)),
        "slideImages": ("query($id: ID!) { slideImages(slide: $id) " + widest("SlideImage") + " }", gid(glass)),
        "slideScreen": ("query($id: ID!) { slideScreen(slide: $id) " + widest("SlideScreen") + " }", gid(glass)),
        "pathologyCase": (
            "query($id: ID!) { pathologyCase(id: $id) " + widest("PathologyCase", depth=4) + " }",
            gid(read),
        ),
    }
    edge = as_role(world, OWN, LAB)

    def counted() -> dict[str, int]:
        return {
            name: len(statements(lambda document=document, named=named: edge.data(document, id=named)))
            for name, (document, named) in documents.items()
        }

    counted()  # what the process keeps from the first use on
    few = counted()
    image.replaced_at = NOW
    image.save()
    for number in range(6):
        more = slide(world, read, f"M-{number}")
        scanned = scan(more)
        keep(scanned, x=number)
        latest = scan(glass, replaced_at=NOW if number < 5 else None)
        drawn(scanned)
    drawn(latest)
    assert KeyImage.objects.filter(case=read).count() == 7
    assert counted() == few


def test_an_unfinished_report_is_nobody_elses(world, read):
    """Not in the case as read by anybody, not by its id."""
    reader = as_role(world, PARTNER, PATHOLOGIST)
    given = {"id": gid(read), "expectedVersion": 0, "report": {"conclusion": "密语草稿"}}
    reader.done("saveReportDraft", **given)
    assert ReportDraft.objects.count() == 1
    documents = (
        "query($id: ID!) { pathologyCase(id: $id) " + widest("PathologyCase", depth=4) + " }",
        "query($id: ID!) { reportDraft(case: $id) " + widest("ReportDraft") + " }",
    )
    seen = {
        who: ["密语草稿" in str(as_role(world, *who).answer(text, id=gid(read))) for text in documents]
        for who in SEES_SLIDES
    }
    assert seen == {who: [False, who in READER] for who in SEES_SLIDES}
