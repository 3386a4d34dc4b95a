"""Uploads and images in GraphQL: the lab sees how its files come, everybody who sees the case sees its slides."""

import pytest

from consortium.roles import Role
from schema import ids
from telemedicine.models import SlideImage, Status
from telemedicine.uploads import check
from tests.edge.client import Edge, as_role, gid
from tests.slides.lab import LAB, PATHOLOGIST, glass, lab, lab_case, received, shown
from tests.world import ADMIN, DOCTOR, NOW

UPLOADS = """query($slide: ID!) { uploads(slide: $slide) {
  name size offset state refusalCode refusal url sha256 createdBy { name } createdAt settledAt } }"""
IMAGES = """query($slide: ID!) { slideImages(slide: $slide) {
  id sha256 size format width height mpp magnification url replacedAt removedAt } }"""
SPACE = "{ slideSpace { hospital { name } used limit } }"


@pytest.fixture
def slide(world):
    """A slide of a case before the provincial experts that its lab may still mend."""
    return glass(lab_case(world, Status.RETURNED))


def test_the_lab_follows_its_uploads(world, slide):
    sender = lab(world)
    sender.begin(slide, 100, name="b.svs")
    received(sender, slide, b"<html>" * 50)
    while check.check_next(now=NOW):
        pass
    refused, waiting = sender.edge.data(UPLOADS, slide=gid(slide))["uploads"]
    assert (waiting["name"], waiting["size"], waiting["offset"], waiting["state"]) == ("b.svs", 100, 0, "RECEIVING")
    assert (refused["state"], refused["refusalCode"], waiting["refusal"]) == ("REFUSED", "WEB_PAGE", None)
    assert refused["refusal"].startswith("这是网页或脚本")
    assert sender.ask("HEAD", waiting["url"]).status_code == 200


def test_images_are_listed_for_those_who_see_the_case(world, slide, made):
    image = shown(lab(world), slide, made["svs"])
    for place, role in (("county", LAB), ("province", PATHOLOGIST), ("province", LAB)):
        (told,) = as_role(world, place, role).data(IMAGES, slide=gid(slide))["slideImages"]
        assert (told["width"], told["height"], told["replacedAt"]) == (1500, 1100, None)
        assert told["url"] == f"/slides/{ids.encode('SlideImage', image.pk)}/info"
    assert SlideImage.objects.get().size == told["size"]


WHO = [
    ("county", LAB, "OK", "OK"), ("province", PATHOLOGIST, "FORBIDDEN", "OK"), ("province", LAB, "NOT_FOUND", "OK"),
    ("foreign", LAB, "NOT_FOUND", "NOT_FOUND"), ("foreign", PATHOLOGIST, "FORBIDDEN", "NOT_FOUND"),
    ("county.other", LAB, "NOT_FOUND", "NOT_FOUND"), ("county", ADMIN, "FORBIDDEN", "FORBIDDEN"),
    ("county", DOCTOR, "FORBIDDEN", "FORBIDDEN"), ("county", Role.AUDITOR, "FORBIDDEN", "FORBIDDEN"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "role", "uploads", "images"), WHO, ids=[f"{row[0]}-{row[1]}" for row in WHO])
def test_who_may_ask(world, slide, place, role, uploads, images):
    edge = as_role(world, place, role)
    assert edge.code(UPLOADS, slide=gid(slide)) == uploads
    assert edge.code(IMAGES, slide=gid(slide)) == images
    for document in (UPLOADS, IMAGES, SPACE):
        assert Edge().code(document, slide=gid(slide)) == "UNAUTHENTICATED"


def test_the_room_of_the_hospital_is_told(world, slide, settings):
    settings.SLIDE_QUOTA_BYTES = 10**12
    lab(world).begin(slide, 3 * 10**9)
    (told,) = lab(world).edge.data(SPACE)["slideSpace"]
    assert told == {"hospital": {"name": "county医院"}, "used": 3e9, "limit": 1e12}
