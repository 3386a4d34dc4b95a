"""The store keeps one promise, in a folder and in a bucket of a real S3 server: the same names, bytes and ranges."""

import io
import os
import random
import urllib.error
import urllib.request
from typing import Any

import boto3
import pytest
from botocore.config import Config
from PIL import Image

from consortium.models import uuid7
from telemedicine import store, tiles
from telemedicine.models import Status
from telemedicine.uploads import clean
from telemedicine.wsi import open_slide
from tests.edge.client import as_role
from tests.slides.bucket import BUCKET, KEY, SECRET, Swift
from tests.slides.conftest import kept
from tests.slides.lab import PATHOLOGIST, glass, lab, lab_case, shown
from tests.slides.test_tiles import at, get, info

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def swift(tmp_path_factory) -> Any:
    """The S3 server, with our bucket in it."""
    made = Swift(tmp_path_factory.mktemp("swift"))
    client = boto3.client(
        "s3", endpoint_url=made.url, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
    client.create_bucket(Bucket=BUCKET)
    yield made
    made.stop()


def bucket(swift: Swift) -> dict[str, Any]:
    """The settings of a service that keeps its slides there."""
    options = {
        "bucket_name": BUCKET, "endpoint_url": swift.url, "region_name": "us-east-1", "access_key": KEY,
        "secret_key": SECRET,
    }  # fmt: skip
    return {"BACKEND": "telemedicine.bucket.Bucket", "OPTIONS": options}


@pytest.fixture(params=["folder", "bucket"])
def place(request, settings) -> str:
    """Where slides are kept in this test."""
    if request.param == "bucket":
        settings.STORAGES = settings.STORAGES | {"slides": bucket(request.getfixturevalue("swift"))}
    return str(request.param)


def test_bytes_come_back_whole_and_in_ranges(place, tmp_path):
    content = random.Random(5).randbytes(20_000_001)  # noqa: S311 - not for secrets; large enough for several parts
    path, name = tmp_path / "file", f"{store.folder(uuid7())}/parts/图 1.svs"
    path.write_bytes(content)
    assert store.put_file(name, path) == name
    assert store.get(name) == content
    source = store.source(name)
    assert source.size == len(content)
    for offset, length in ((0, 10), (9_999_999, 70_000), (20_000_000, 100), (20_000_001, 5), (3, 0)):
        assert source.read_at(offset, length) == content[offset : offset + length]
    assert path.exists() == (place == "bucket")  # moved on one disk


def test_all_of_an_image_goes_and_nothing_else(place):
    first, second = uuid7(), uuid7()
    for image in (first, second):
        for name in ("index", "parts/slide", "parts/a/b/c.dat"):
            store.put(f"{store.folder(image)}/{name}", image.bytes)
    assert {first, second} <= set(clean.stored())
    store.remove(first)
    assert first not in clean.stored()
    assert store.get(f"{store.folder(second)}/parts/a/b/c.dat") == second.bytes
    store.remove(first)
    store.remove(second)
    assert second not in clean.stored()


@pytest.mark.usefixtures("_at_once")
def test_a_slide_is_checked_kept_and_shown_from_there(place, world, made, disk):
    image = shown(lab(world), glass(lab_case(world, Status.RETURNED)), made["svs"])
    expert, slide = as_role(world, "province", PATHOLOGIST), open_slide(made["svs"])
    told = info(expert, image)
    for number, level in enumerate(told["levels"]):
        response = get(expert, told["tiles"].format(level=number, column=level["columns"] - 1, row=0))
        assert response.content == slide.raw_tile(number, level["columns"] - 1, 0)
    assert Image.open(io.BytesIO(get(expert, told["pictures"]["overview"]).content)).format == "JPEG"
    assert get(expert, at(image, "tiles/0/99_99")).status_code == 404
    if place == "bucket":
        assert kept(disk) == []  # nothing of it is left on the disk of the service
    store.remove(image.pk)
    assert image.pk not in clean.stored()


@pytest.fixture
def _at_once(monkeypatch) -> None:
    """What follows a commit follows at once: the world of a module is never committed."""
    monkeypatch.setattr("django.db.transaction.on_commit", lambda what: what())


def test_what_must_be_decoded_is_copied_once(swift, settings, tmp_path, disk):
    settings.STORAGES = settings.STORAGES | {"slides": bucket(swift)}
    settings.SLIDE_COPIES_BYTES = 2500
    images = [uuid7() for _ in range(3)]
    for number, image in enumerate(images):
        names = [store.put(f"{store.folder(image)}/parts/{part}", b"x" * 500) for part in ("a.mrxs", "a/d.dat")]
        copy = store.local_copy(image, names)
        assert sorted(str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file()) == [
            "a.mrxs",
            "a/d.dat",
        ]
        os.utime(copy, (number, number))
    assert sorted(path.name for path in store.copies().iterdir()) == sorted(map(str, images[1:]))
    store.remove(images[1])
    assert [path.name for path in store.copies().iterdir()] == [str(images[2])]


def test_a_stranger_reads_nothing_from_the_bucket(swift, settings):
    settings.STORAGES = settings.STORAGES | {"slides": bucket(swift)}
    name = store.put(f"{store.folder(uuid7())}/index", b"secret")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{swift.url}/{BUCKET}/{name}", timeout=20)  # noqa: S310 - our own server
    assert refused.value.code in (400, 401, 403)
    stranger = boto3.client(
        "s3", endpoint_url=swift.url, aws_access_key_id=KEY, aws_secret_access_key=SECRET[1:], region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )  # fmt: skip
    with pytest.raises(stranger.exceptions.ClientError) as denied:
        stranger.get_object(Bucket=BUCKET, Key=name)
    assert denied.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.usefixtures("_at_once")
def test_a_tile_costs_one_range_and_not_the_file(swift, settings, world, made):
    settings.STORAGES = settings.STORAGES | {"slides": bucket(swift)}
    image = shown(lab(world), glass(lab_case(world, Status.RETURNED)), made["svs"])
    slide, asked = tiles.opened.get(image.pk), []
    client = slide.sources[0]._object.meta.client
    client.meta.events.register("before-send.s3.GetObject", lambda request, **_: asked.append(request.headers["Range"]))
    data, _kind = tiles.tile(image.pk, 0, 1, 1)
    (only,) = asked
    text = only.decode() if isinstance(only, bytes) else only
    first, last = map(int, text.removeprefix("bytes=").split("-"))
    assert last - first < len(data) < image.size
