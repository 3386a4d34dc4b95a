"""Tiles and pictures of a slide: the very bytes of the file, for those who may see the case, as long as they may."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from PIL import Image

from consortium import grants as rights
from consortium.models import AuditEntry, Person, PractitionerRole
from consortium.roles import Role
from schema import ids
from schema.views import slides
from telemedicine import grants, store, tiles
from telemedicine.models import PathologyCase, SlideImage, Status
from telemedicine.uploads import check
from telemedicine.wsi import open_slide
from telemedicine.wsi.check import inspect
from telemedicine.wsi.decode import Decoder
from tests.edge.client import Edge, as_role, code_of, issue
from tests.slides.lab import LAB, PATHOLOGIST, glass, lab, lab_case, shown
from tests.world import ADMIN, DOCTOR, EXPERT, NOW, OFFICE, World

FOUND: dict[bytes, Any] = {}


@pytest.fixture(autouse=True)
def _judged_once(monkeypatch) -> None:
    """The same file is judged once for all these tests; `test_check.py` judges each."""

    def known(path: Any, **given: Any) -> Any:
        content = path.read_bytes()
        if content not in FOUND:
            FOUND[content] = inspect(path, **given)
        return FOUND[content]

    monkeypatch.setattr(check, "inspect", known)


@pytest.fixture
def image(world, made) -> SlideImage:
    """An Aperio slide of a case before the provincial experts."""
    return shown(lab(world), glass(lab_case(world, Status.RETURNED)), made["svs"])


@pytest.fixture
def expert(world: World) -> Edge:
    """Who reads it."""
    return as_role(world, "province", PATHOLOGIST)


def get(edge: Edge, path: str, **headers: str) -> Any:
    """The response to a GET."""
    return edge.client.get(
        path, headers=edge.headers | {name.replace("_", "-"): text for name, text in headers.items()}
    )


def at(image: SlideImage | None, rest: str) -> str:
    """An address below an image."""
    return f"/slides/{ids.encode('SlideImage', (image or SlideImage()).pk)}/{rest}"


def info(edge: Edge, image: SlideImage) -> dict[str, Any]:
    """What a viewer is told."""
    response = get(edge, at(image, "info"))
    assert response.status_code == 200, response.content
    return dict(response.json()["slide"])


def test_info_tells_the_grid_and_hands_out_a_grant(expert, image):
    told = info(expert, image)
    assert (told["format"], told["width"], told["height"]) == (image.format, 1500, 1100)
    first = told["levels"][0]
    assert (first["columns"], first["rows"], first["stored"]) == (
        -(-1500 // first["tileWidth"]), -(-1100 // first["tileHeight"]), True,
    )  # fmt: skip
    assert told["grantEndsAt"] == "2026-03-02T09:10:00+08:00"
    cookie = expert.client.cookies["slide"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (
        at(image, ""),
        True,
        "Strict",
        600,
    )
    assert AuditEntry.objects.filter(action="read_slide", patient=image.case.patient).count() == 1


def test_a_tile_is_the_stored_jpeg_without_a_statement(expert, image, made, django_assert_num_queries):
    told, slide = info(expert, image), open_slide(made["svs"])
    for number, level in enumerate(told["levels"]):
        for column, row in ((0, 0), (level["columns"] - 1, level["rows"] - 1)):
            with django_assert_num_queries(0):
                response = get(expert, told["tiles"].format(level=number, column=column, row=row))
            assert response.status_code == 200
            assert response.content == slide.raw_tile(number, column, row)
            assert response.headers["Content-Type"] == "image/jpeg"
            shape = Image.open(io.BytesIO(response.content)).size
            assert shape == (level["tileWidth"], level["tileHeight"])


def asked_at_once(edge: Edge, path: str, **headers: str) -> Any:
    """What the server's loop has at hand for a GET of this browser."""
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in edge.client.cookies.items())
    told = {"cookie": cookie} | {name.replace("_", "-"): text for name, text in headers.items()}
    scope = {"path": path, "method": "GET", "headers": [(k.encode(), v.encode("latin-1")) for k, v in told.items()]}
    return slides.at_hand(scope)


def test_a_tile_at_hand_is_the_one_that_the_page_serves(expert, image, django_assert_num_queries):
    path = info(expert, image)["tiles"].format(level=0, column=1, row=2)
    ordinary = get(expert, path)
    with django_assert_num_queries(0):
        headers, data = asked_at_once(expert, path)
    assert data == ordinary.content
    for name in ("ETag", "Cache-Control", "Content-Type", "X-Content-Type-Options", "Referrer-Policy"):
        assert headers[name] == ordinary.headers[name]


def test_nothing_is_at_hand_for_whoever_is_not_trusted_right_now(world, expert, image, clock):
    path = info(expert, image)["tiles"].format(level=0, column=0, row=0)
    headers, _data = asked_at_once(expert, path)
    assert asked_at_once(expert, path, if_none_match=headers["ETag"]) is None
    for other in (at(image, "info"), at(image, "tiles/0/99_0"), at(image, "tiles/99/0_0"), at(None, "tiles/0/0_0")):
        assert asked_at_once(expert, other) is None
    stranger = as_role(world, "foreign", PATHOLOGIST)
    assert asked_at_once(stranger, path) is None
    # Somebody else's grant, in one's own session.
    stranger.client.cookies["slide"] = expert.client.cookies["slide"].value
    assert asked_at_once(stranger, path) is None
    clock.moment = NOW + timedelta(minutes=10)
    assert asked_at_once(expert, path) is None
    clock.moment = NOW
    assert asked_at_once(expert, path) is not None
    grants.trusted.forget()
    assert asked_at_once(expert, path) is None


def test_what_the_disk_would_have_to_be_waited_for_is_not_at_hand(expert, image, monkeypatch):
    path = info(expert, image)["tiles"].format(level=0, column=0, row=0)
    monkeypatch.setattr("os.preadv", lambda *_given: (_ for _ in ()).throw(BlockingIOError()))
    assert asked_at_once(expert, path) is None
    assert get(expert, path).status_code == 200


def test_a_tile_is_kept_no_longer_than_the_grant(expert, image, clock):
    told = info(expert, image)
    path = told["tiles"].format(level=0, column=0, row=0)
    assert get(expert, path).headers["Cache-Control"] == "private, max-age=600"
    clock.moment = NOW + timedelta(minutes=9, seconds=30)
    response = get(expert, path)
    assert response.headers["Cache-Control"] == "private, max-age=30"
    again = get(expert, path, If_None_Match=response.headers["ETag"])
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", response.headers["ETag"])
    clock.moment = NOW + timedelta(minutes=10)
    assert get(expert, path).headers["Cache-Control"] == "private, max-age=60"  # asked as any other request
    expert.client.logout()
    assert get(expert, path).status_code == 401


BAD = ["0/-1_0", "0/0_-1", "0/2147483648_0", "0/0_2147483648", "99/0_0", "999/0_0", "9999/0_0", "-1/0_0", "x/0_0",
       "0/x_y", "0/0_0_0", "0/0_0.jpg", "0/%00_0", "0/٣_0", "0/999999999999_0", "0/ 0_0", "0/0_0%0a"]  # fmt: skip


@pytest.mark.parametrize("place", BAD)
def test_a_place_outside_the_slide_is_not_found(expert, image, place):
    for edge in (expert, Edge(expert.person)):
        if edge is expert:
            info(edge, image)
        response = get(edge, at(image, f"tiles/{place}"))
        assert (response.status_code, code_of(response.json())) == (404, "NOT_FOUND")


WHO = [
    ("county", LAB, 200), ("province", PATHOLOGIST, 200), ("province", LAB, 200), ("county", DOCTOR, 404),
    ("county", OFFICE, 404), ("county", ADMIN, 404), ("foreign", LAB, 404), ("foreign", PATHOLOGIST, 404),
    ("city", PATHOLOGIST, 404), ("county.other", LAB, 404), ("province", EXPERT, 404), ("province", ADMIN, 404),
    ("county", Role.AUDITOR, 404), ("province", Role.ALLIANCE_ADMIN, 404),
]  # fmt: skip


@pytest.mark.parametrize(("place", "role", "status"), WHO, ids=[f"{row[0]}-{row[1]}" for row in WHO])
def test_who_sees_a_slide(world, image, place, role, status):
    edge = as_role(world, place, role)
    for path in ("tiles/0/0_0", "info", "pictures/overview"):
        response = get(edge, at(image, path))
        assert response.status_code == status, path
        if status == 404:
            assert response.content == get(edge, at(None, path)).content


def test_the_label_is_for_the_senders_lab_alone(world, image, expert):
    sender = as_role(world, "county", LAB)
    mine, theirs = info(sender, image)["pictures"], info(expert, image)["pictures"]
    assert set(mine) - set(theirs) == {"beside-label", "beside-macro"}
    assert "overview" in theirs
    for name in ("beside-label", "beside-macro"):
        response = get(sender, mine[name])
        assert (response.status_code, response.headers["Cache-Control"]) == (200, "private, no-store")
        for other in (expert, as_role(world, "province", LAB)):
            hidden, absent = get(other, at(image, f"pictures/{name}")), get(other, at(image, "pictures/nothing"))
            assert (hidden.status_code, hidden.content) == (404, absent.content)
    assert get(sender, at(image, "pictures/index")).status_code == 404
    assert Image.open(io.BytesIO(get(expert, theirs["overview"]).content)).format == "JPEG"


def test_a_revoked_role_ends_it(world, image, expert, settings):
    told = info(expert, image)
    path = told["tiles"].format(level=0, column=0, row=0)
    role = PractitionerRole.objects.get(person=expert.person)
    rights.revoke_role(by=world.actor("province", ADMIN), id=role.pk, expected_version=role.version, now=NOW)
    assert get(expert, path).status_code == 200  # trusted for some seconds, as docs/operations.md says
    age(grants.trusted)
    assert get(expert, path).status_code == 404
    assert get(expert, at(image, "info")).status_code == 404


def age(trusted: grants.Trusted) -> None:
    """Let the seconds of trust pass."""
    for grant in trusted._until:
        trusted._until[grant] -= 10


@pytest.mark.parametrize("end", ["account", "logout", "retired", "case"])
def test_what_else_ends_a_grant(image, expert, end):
    path = info(expert, image)["tiles"].format(level=0, column=0, row=0)
    if end == "account":
        Person.objects.filter(pk=expert.person.pk).update(is_active=False)
    if end == "retired":
        SlideImage.objects.filter(pk=image.pk).update(removed_at=NOW)
    if end == "case":
        PathologyCase.objects.filter(pk=image.case_id).update(sent_at=None, status=Status.DRAFT)
    if end == "logout":
        cookie = expert.client.cookies["slide"].value
        expert.client.logout()
        expert.client.cookies["slide"] = cookie
    else:
        age(grants.trusted)
    assert get(expert, path).status_code == (404 if end in ("retired", "case") else 401)


def test_a_grant_is_for_one_slide_and_one_session(world, image, made, expert):
    other = shown(lab(world), glass(image.case), made["tiff"], name="b.tiff")
    text = info(expert, image)["grant"]
    stranger = as_role(world, "foreign", LAB)
    for edge in (stranger, Edge()):
        expected = 404 if edge is stranger else 401
        assert get(edge, at(image, f"tiles/0/0_0?grant={text}")).status_code == expected
    _token, secret = issue(expert.person, "read", now=NOW)
    by_token = Edge(token=secret)
    text = info(by_token, image)["grant"]
    assert get(Edge(), at(image, f"tiles/0/0_0?grant={text}")).status_code == 200
    assert get(Edge(), at(other, f"tiles/0/0_0?grant={text}")).status_code == 401
    for forged in (text[:-1], "x", "", text.upper(), signing.dumps([1, image.pk.hex, "s:", 2**40], salt="other")):
        assert get(Edge(), at(image, f"tiles/0/0_0?grant={forged}")).status_code == 401


def test_a_revoked_token_ends_its_grants(image, expert):
    token, secret = issue(expert.person, "read", now=NOW)
    text = info(Edge(token=secret), image)["grant"]
    path = at(image, f"tiles/0/0_0?grant={text}")
    assert get(Edge(), path).status_code == 200
    type(token).objects.filter(pk=token.pk).update(revoked_at=NOW)
    age(grants.trusted)
    assert get(Edge(), path).status_code == 401


def test_a_slide_is_read_and_not_written(expert, image):
    for path in ("info", "tiles/0/0_0", "pictures/overview"):
        response = expert.client.post(at(image, path), headers=expert.headers)
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


def test_a_level_that_is_not_stored_as_jpeg_is_decoded_and_kept(world, expert, image, disk, monkeypatch):
    slide = tiles.opened.get(image.pk)
    undone = slide.__class__(**{**vars(slide), "stored": (None, *slide.stored[1:]), "decoder": decoder(image, disk)})
    monkeypatch.setattr(tiles.opened, "get", lambda pk: undone)
    response = get(expert, at(image, "tiles/0/0_0"))
    assert response.status_code == 200
    assert Image.open(io.BytesIO(response.content)).size == (slide.levels[0].tile_width, slide.levels[0].tile_height)
    assert len([path for path in (disk / "tiles").rglob("*") if path.is_file()]) == 1


def decoder(image: SlideImage, disk: Any) -> Any:
    """What decodes the tiles of an image."""
    return Decoder(store.local_path(image.files[0]), cache=tiles.TileCache(disk / "tiles", limit_bytes=10**6))


def test_a_damaged_tile_is_said_and_logged_and_no_trace_is_shown(expert, image, disk, caplog):
    slide = tiles.opened.get(image.pk)
    with (disk / image.files[0]).open("r+b") as file:
        file.seek(slide.stored[0].offsets[0])
        file.write(b"\0" * 20)
    response = get(expert, at(image, "tiles/0/0_0"))
    assert (response.status_code, code_of(response.json())) == (500, "INTERNAL")
    assert "tile 0 0_0" in caplog.text
