"""What is left on a slide by those who read it: annotations, key images, traces; by whom, within which bounds."""

import base64
import io
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from openslide import OpenSlide
from PIL import Image

from consortium import grants as rights
from consortium.models import AuditEntry, Person
from consortium.roles import Role
from schema import ids
from schema.schema import schema
from telemedicine import geometry, store, viewing
from telemedicine.models import Annotation, AnnotationKind, KeyImage, PathologyCase, SlideImage, SlideTrace, Status
from tests.edge.client import Edge, as_role, code_of, gid, new_key, widest
from tests.edge.many import statements
from tests.slides.lab import LAB, PATHOLOGIST, glass, lab, lab_case, shown

BOX = {"type": "Polygon", "coordinates": [[[10, 20], [110, 20], [110, 70], [10, 70], [10, 20]]]}
SCREEN = "query($slide: ID!) { slideScreen(slide: $slide) " + widest("SlideScreen") + " }"
WHOLE = {"x": 0, "y": 0, "width": 1500, "height": 1100, "scale": 0.25}


@pytest.fixture
def image(world, made) -> SlideImage:
    """The image of the first slide of a case that the provincial pathologist reads."""
    case = lab_case(world, status=Status.MORE_NEEDED)
    found = shown(lab(world), glass(case), made["svs"])
    PathologyCase.objects.filter(pk=case.pk).update(status=Status.READING)
    return found


@pytest.fixture
def reader(world) -> Edge:
    """The pathologist."""
    return as_role(world, "province", PATHOLOGIST)


def slide_of(image: SlideImage) -> str:
    """The global id of the slide of an image."""
    return ids.encode("Slide", image.slide_id)


def draw(edge: Edge, image: SlideImage, **given: Any) -> dict[str, Any]:
    """A box drawn on an image."""
    wanted = {"slide": slide_of(image), "kind": "BOX", "geometry": BOX} | given
    return edge.done("annotateSlide", "annotation " + widest("Annotation"), **wanted)["annotation"]


def screen(edge: Edge, image: SlideImage) -> dict[str, Any]:
    """What a viewer shows."""
    return dict(edge.data(SCREEN, slide=slide_of(image))["slideScreen"])


# --- annotations -----------------------------------------------------------------------------------------------------


def test_an_annotation_is_drawn_changed_hidden_and_deleted(image, reader, world):
    drawn = draw(reader, image, label=" 浸润灶 ")
    assert (drawn["label"], drawn["version"], drawn["visibility"], drawn["mine"]) == ("浸润灶", 1, "SHOWN", True)
    assert drawn["geometry"] == BOX
    assert (drawn["slideId"], drawn["imageId"]) == (slide_of(image), gid(image))
    assert screen(as_role(world, "county", LAB), image)["annotations"][0]["mine"] is False
    change = {"id": drawn["id"], "visibility": "HIDDEN", "label": "导管内"}
    changed = reader.done("changeAnnotation", "annotation { version label }", expectedVersion=1, **change)
    assert changed["annotation"] == {"version": 2, "label": "导管内"}
    assert screen(as_role(world, "county", LAB), image)["annotations"] == []
    assert [found["label"] for found in screen(reader, image)["annotations"]] == ["导管内"]
    stale = reader.payload("deleteAnnotation", id=drawn["id"], expectedVersion=1)
    assert stale["errors"][0]["code"] == "STALE_VERSION"
    gone = reader.done("deleteAnnotation", "annotation { deletedAt }", id=drawn["id"], expectedVersion=2)
    assert gone["annotation"]["deletedAt"]
    assert screen(reader, image)["annotations"] == []
    assert reader.payload("deleteAnnotation", id=drawn["id"], expectedVersion=3)["errors"][0]["code"] == "NOT_FOUND"
    row = Annotation.objects.get()
    assert (row.version, row.label) == (3, "导管内")
    trail = AuditEntry.objects.filter(object_id=str(row.pk)).order_by("id")
    assert list(trail.values_list("action", flat=True)) == [
        "annotate_slide", "change_annotation", "delete_annotation",
    ]  # fmt: skip
    assert {entry.patient_id for entry in trail} == {image.case.patient_id}


def test_an_annotation_belongs_to_who_drew_it(image, reader, world):
    drawn = draw(reader, image)
    colleague = Edge(another(world, reader))
    for action in ("changeAnnotation", "deleteAnnotation"):
        answer = colleague.payload(action, id=drawn["id"], expectedVersion=1)
        assert answer["errors"][0]["code"] == "NOT_FOUND"


def another(world: Any, reader: Edge) -> Person:
    """Another pathologist of the same department."""
    made = Person.objects.create_user("second-pathologist", name="乙")
    rights.enrol([(made, PATHOLOGIST, world.departments["province"])], starts_at=world.now)
    rights.sync()
    return made


def test_who_may_draw_and_keep(image, world):
    """Of those who see the case, the pathologists; a case one does not see has no slides."""
    expected = {
        ("province", PATHOLOGIST): "OK",
        ("county", LAB): "FORBIDDEN",
        ("province", Role.PATHOLOGY_LEAD): "FORBIDDEN",
        ("province2", PATHOLOGIST): "NOT_FOUND",
        ("foreign", LAB): "NOT_FOUND",
        ("province", Role.EXPERT): "NOT_FOUND",
        ("county", Role.REFERRING_DOCTOR): "NOT_FOUND",
    }
    found, kept = {}, {}
    for place, role in expected:
        edge = as_role(world, place, role)
        slide = slide_of(image)
        found[place, role] = code_of(edge.attempt("annotateSlide", slide=slide, kind="BOX", geometry=BOX).json())
        area = {"x": 0, "y": 0, "width": 100, "height": 80}
        kept[place, role] = code_of(edge.attempt("keepKeyImage", slide=slide, **area).json())
    assert found == kept == expected


def test_what_may_be_shown_to_whom(image, world):
    seen = {
        (place, role): code_of(as_role(world, place, role).answer(SCREEN, slide=slide_of(image)))
        for place, role in [
            ("province", PATHOLOGIST), ("county", LAB), ("province2", PATHOLOGIST), ("foreign", LAB),
            ("county", Role.REFERRING_DOCTOR), ("county", Role.HOSPITAL_ADMIN),
        ]
    }  # fmt: skip
    assert list(seen.values()) == ["OK", "OK", "NOT_FOUND", "NOT_FOUND", "FORBIDDEN", "FORBIDDEN"]
    assert code_of(Edge().answer(SCREEN, slide=slide_of(image))) == "UNAUTHENTICATED"


def test_nothing_is_drawn_on_an_ended_case_or_a_withdrawn_slide(image, reader, world):
    drawn = draw(reader, image)
    PathologyCase.objects.update(status=Status.RECONCILED, closed_at=world.now, ending="COMPLETED")
    for action, given in (
        ("annotateSlide", {"slide": slide_of(image), "kind": "BOX", "geometry": BOX}),
        ("changeAnnotation", {"id": drawn["id"], "expectedVersion": 1}),
        ("deleteAnnotation", {"id": drawn["id"], "expectedVersion": 1}),
        ("keepKeyImage", {"slide": slide_of(image), "x": 0, "y": 0, "width": 50, "height": 50}),
    ):
        assert reader.payload(action, **given)["errors"][0]["code"] == "INVALID_STATE", action
    shown_now = screen(reader, image)
    assert (shown_now["mayAnnotate"], shown_now["mayKeep"], len(shown_now["annotations"])) == (False, False, 1)
    image.slide.withdrawn_at = world.now
    image.slide.save()
    assert code_of(reader.answer(SCREEN, slide=slide_of(image))) == "NOT_FOUND"


def test_a_person_draws_so_much_and_no_more(image, reader, monkeypatch):
    monkeypatch.setattr("telemedicine.annotations.MOST_OF_ONE_PERSON", 2)
    draw(reader, image)
    draw(reader, image)
    more = reader.payload("annotateSlide", slide=slide_of(image), kind="BOX", geometry=BOX)
    assert more["errors"][0]["code"] == "LIMIT_EXCEEDED"
    assert Annotation.objects.count() == 2


def ring(*points: Any) -> dict[str, Any]:
    """A polygon of one ring."""
    return {"type": "Polygon", "coordinates": [list(points)]}


GOOD = {
    "a point at the corner": ("POINT", {"type": "Point", "coordinates": [1500, 1100]}),
    "words": ("TEXT", {"type": "Point", "coordinates": [0, 0]}),
    "a line": ("LINE", {"type": "LineString", "coordinates": [[0, 0], [3.25, 4]]}),
    "a triangle": ("POLYGON", ring([0, 0], [9, 0], [0, 9], [0, 0])),
    "a box": ("BOX", BOX),
}
BAD = {
    "another shape": ("POINT", BOX),
    "a shape we do not know": ("POLYGON", {"type": "MultiPolygon", "coordinates": []}),
    "more than a geometry": ("POINT", {"type": "Point", "coordinates": [1, 1], "crs": {}}),
    "no coordinates": ("POINT", {"type": "Point"}),
    "outside": ("POINT", {"type": "Point", "coordinates": [1501, 1]}),
    "before the edge": ("POINT", {"type": "Point", "coordinates": [-0.5, 1]}),
    "far beyond": ("POINT", {"type": "Point", "coordinates": [10**400, 1]}),
    "three numbers": ("POINT", {"type": "Point", "coordinates": [1, 1, 1]}),
    "words for numbers": ("POINT", {"type": "Point", "coordinates": ["1", 1]}),
    "true for one": ("POINT", {"type": "Point", "coordinates": [True, 1]}),
    "nothing for one": ("POINT", {"type": "Point", "coordinates": [None, 1]}),
    "a line of one point": ("LINE", {"type": "LineString", "coordinates": [[1, 1]]}),
    "a line that goes nowhere": ("LINE", {"type": "LineString", "coordinates": [[1, 1], [1, 1]]}),
    "a line of lines": ("LINE", {"type": "LineString", "coordinates": [[[1, 1]], [[1, 1]]]}),
    "a ring left open": ("POLYGON", ring([0, 0], [9, 0], [0, 9], [1, 1])),
    "a ring of two": ("POLYGON", ring([0, 0], [9, 0], [0, 0])),
    "a ring without area": ("POLYGON", ring([0, 0], [9, 0], [5, 0], [0, 0])),
    "a hole": ("POLYGON", {"type": "Polygon", "coordinates": [BOX["coordinates"][0]] * 2}),
    "a slanting box": ("BOX", ring([0, 5], [5, 0], [10, 5], [5, 10], [0, 5])),
    "a triangle as a box": ("BOX", ring([0, 0], [9, 0], [0, 9], [0, 0])),
    "a bow tie as a box": ("BOX", ring([0, 0], [9, 9], [9, 0], [0, 9], [0, 0])),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_geometry_is_stored_to_a_tenth_of_a_pixel(name, image, reader):
    kind, shape = GOOD[name]
    drawn = draw(reader, image, kind=kind, geometry=shape, label="字")
    assert drawn["geometry"]["type"] == shape["type"]
    if name == "a line":
        assert drawn["geometry"]["coordinates"] == [[0.0, 0.0], [3.2, 4.0]]


def test_no_other_geometry_is_stored(image, reader):
    found = {}
    for name, (kind, shape) in BAD.items():
        answer = reader.payload("annotateSlide", slide=slide_of(image), kind=kind, geometry=shape)
        found[name] = (answer["errors"][0]["code"], answer["errors"][0]["field"])
    assert found == dict.fromkeys(BAD, ("INVALID_INPUT", "geometry"))
    long = {"type": "LineString", "coordinates": [[n % 1000, 1] for n in range(geometry.MOST_POSITIONS + 1)]}
    answer = reader.payload("annotateSlide", slide=slide_of(image), kind="LINE", geometry=long)
    assert answer["errors"][0]["code"] == "LIMIT_EXCEEDED"
    wordless = reader.payload("annotateSlide", slide=slide_of(image), kind="TEXT", geometry=GOOD["words"][1], label=" ")
    assert (wordless["errors"][0]["code"], wordless["errors"][0]["field"]) == ("INCOMPLETE", "label")
    assert Annotation.objects.count() == 0


@pytest.mark.parametrize("given", ["text", 3, [1], None])
def test_what_is_no_object_is_no_geometry(given, image, reader):
    wanted = {"slide": slide_of(image), "kind": "POINT", "geometry": given, "idempotencyKey": new_key()}
    document = "mutation($input: AnnotateSlideInput!) { annotateSlide(input: $input) { errors { code } } }"
    answer = reader.send({"query": document, "variables": {"input": wanted}})
    assert answer.status_code in (200, 400)
    assert answer.json()["errors"]
    assert Annotation.objects.count() == 0


def test_a_geometry_may_stand_in_the_document(image, reader):
    document = """mutation { annotateSlide(input: { slide: "%s", kind: POINT, idempotencyKey: "literal",
        geometry: { type: "Point", coordinates: [3, 4.5] } }) { annotation { geometry } errors { code } } }"""
    made = reader.data(document % slide_of(image))["annotateSlide"]
    assert made == {"annotation": {"geometry": {"type": "Point", "coordinates": [3.0, 4.5]}}, "errors": []}


# --- key images ------------------------------------------------------------------------------------------------------


def test_a_key_image_is_the_region_of_the_file(image, reader, made, world):
    area = {"x": 300, "y": 200, "width": 500, "height": 333}
    given = {"slide": slide_of(image), "caption": " 核分裂 "} | area
    kept = reader.done("keepKeyImage", "keyImage " + widest("KeyImage"), **given)["keyImage"]
    assert (kept["caption"], kept["pictureWidth"], kept["pictureHeight"]) == ("核分裂", 500, 333)
    assert kept["slideSha256"] == image.sha256
    response = reader.client.get(kept["url"])
    assert (response.status_code, response.headers["Content-Type"]) == (200, "image/jpeg")
    assert sha256(response.content).hexdigest() == kept["sha256"]
    picture = Image.open(io.BytesIO(response.content))
    with OpenSlide(made["svs"]) as source:
        wanted = source.read_region((300, 200), 0, (500, 333)).convert("RGB")
    assert picture.size == wanted.size
    assert difference(picture, wanted) < 3
    assert as_role(world, "county", LAB).client.get(kept["url"]).status_code == 200
    assert as_role(world, "foreign", LAB).client.get(kept["url"]).status_code == 404
    assert Edge().client.get(kept["url"]).status_code == 401


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures of one size, in steps of 255."""
    pairs = zip(one.convert("RGB").tobytes(), other.tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / (one.width * one.height * 3)


def test_a_large_region_becomes_a_small_picture(image, reader, monkeypatch):
    monkeypatch.setattr("telemedicine.wsi.mosaic.LONGEST", 256)
    area = {"x": 0, "y": 0, "width": 1500, "height": 1100}
    kept = reader.done("keepKeyImage", "keyImage { pictureWidth pictureHeight }", slide=slide_of(image), **area)
    assert kept["keyImage"] == {"pictureWidth": 256, "pictureHeight": 188}


def test_a_region_outside_the_image_is_refused(image, reader):
    for x, y, width, height in [
        (-1, 0, 50, 50),
        (0, 0, 1501, 50),
        (1490, 0, 16, 16),
        (0, 0, 15, 50),
        (0, 2**30, 50, 50),
    ]:
        area = {"x": x, "y": y, "width": width, "height": height}
        assert reader.payload("keepKeyImage", slide=slide_of(image), **area)["errors"][0]["code"] == "INVALID_INPUT"
    assert KeyImage.objects.count() == 0


def test_a_key_image_put_aside_keeps_its_picture(image, reader, world):
    area = {"x": 0, "y": 0, "width": 64, "height": 64}
    kept = reader.done("keepKeyImage", "keyImage { id url }", slide=slide_of(image), **area)["keyImage"]
    assert Edge(another(world, reader)).payload("discardKeyImage", id=kept["id"])["errors"][0]["code"] == "NOT_FOUND"
    reader.done("discardKeyImage", id=kept["id"])
    assert screen(reader, image)["keyImages"] == []
    assert reader.client.get(kept["url"]).status_code == 200
    store.store().delete(KeyImage.objects.get().picture)
    store.put(KeyImage.objects.get().picture, b"another")
    assert reader.client.get(kept["url"]).status_code == 500


# --- what was seen ---------------------------------------------------------------------------------------------------


def trace(edge: Edge, image: SlideImage, *looks: dict[str, Any]) -> dict[str, Any]:
    """One's trace after a report."""
    wanted = "trace " + widest("SlideTrace")
    return edge.done("reportViewing", wanted, slide=slide_of(image), looks=list(looks))["trace"]


def test_a_trace_grows_and_never_shrinks(image, reader, world):
    first = trace(reader, image, WHOLE)
    assert (first["columns"], first["rows"], first["share"]) == (63, 46, 1.0)
    assert set(base64.b64decode(first["cells"])) == {25}
    corner = {"x": -10, "y": -10, "width": 10 + 48, "height": 10 + 24, "scale": 1.2}
    near = base64.b64decode(trace(reader, image, corner)["cells"])
    assert [place for place, cell in enumerate(near) if cell == 100] == [0, 1]
    assert base64.b64decode(trace(reader, image, WHOLE | {"scale": 0.01})["cells"]) == near
    other = trace(as_role(world, "county", LAB), image, corner)
    assert round(other["share"] * 63 * 46) == 2
    assert screen(reader, image)["shown"]["share"] == 1.0
    assert SlideTrace.objects.count() == 2


def test_a_report_of_nonsense_changes_nothing(image, reader):
    for look in ({"x": 1e12}, {"width": 1e300}, {"y": -1e10}):
        answer = reader.payload("reportViewing", slide=slide_of(image), looks=[WHOLE | look])
        assert answer["errors"][0]["code"] == "INVALID_INPUT"
    many = reader.payload("reportViewing", slide=slide_of(image), looks=[WHOLE] * 101)
    assert many["errors"][0]["code"] == "LIMIT_EXCEEDED"
    empty = trace(reader, image, WHOLE | {"width": -5}, WHOLE | {"x": 5000}, WHOLE | {"height": 0})
    assert empty["share"] == 0.0


def test_every_slide_must_be_opened_and_a_new_scan_anew(image, reader, made, world):
    case, person = image.case, reader.person
    second = glass(case)
    assert viewing.unopened(case, person) == [image.slide.barcode, second.barcode]
    opened = reader.done("openSlide", "slideView { slide { barcode } }", id=slide_of(image))["slideView"]
    assert opened["slide"]["barcode"] == image.slide.barcode
    assert viewing.unopened(case, person) == [second.barcode]
    reader.done("openSlide", id=gid(second))
    assert viewing.every_slide_opened(case, person)
    assert [glass_["opened"] for glass_ in screen(reader, image)["slides"]] == [True, True]
    SlideImage.objects.filter(pk=image.pk).update(added_at=world.now + timedelta(hours=1))
    assert viewing.unopened(case, person) == [image.slide.barcode]
    assert screen(reader, image)["shown"]["opened"] is False
    reader.done("openSlide", id=slide_of(image))
    assert viewing.every_slide_opened(case, person)
    assert as_role(world, "province2", PATHOLOGIST).payload("openSlide", id=slide_of(image))["errors"][0]["code"] in (
        "NOT_FOUND",
    )


# --- the whole screen, and its page ----------------------------------------------------------------------------------


def test_a_screen_of_little_and_of_much_takes_the_same_statements(image, reader, made, world):
    def taken() -> int:
        return len(statements(lambda: reader.data(SCREEN, slide=slide_of(image))))

    draw(reader, image)
    area = {"x": 0, "y": 0, "width": 64, "height": 64}
    reader.done("keepKeyImage", slide=slide_of(image), **area)
    trace(reader, image, WHOLE)
    few = taken()
    for _number in range(4):
        glass(image.case)
        draw(reader, image)
        reader.done("keepKeyImage", slide=slide_of(image), **area)
    found = screen(reader, image)
    assert [len(found[name]) for name in ("slides", "annotations", "keyImages")] == [5, 5, 5]
    assert taken() == few


def test_the_kinds_of_the_wire_are_those_of_the_rows():
    wire = schema.graphql_schema.type_map["AnnotationKind"].values
    assert set(wire) == set(AnnotationKind)
