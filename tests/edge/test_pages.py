"""The front's page: one for each of its addresses, without a word about anybody, under a policy without exceptions."""

from datetime import datetime

import pytest
from django.test import Client

from tests.world import NOW


@pytest.fixture
def built(tmp_path, settings):
    settings.FRONT = tmp_path
    (tmp_path / "index.html").write_text("<!doctype html>the front", encoding="utf-8")


def test_the_door_leads_to_the_front(db):
    response = Client().get("/")
    assert (response.status_code, response.headers["Location"]) == (302, "/app/")


@pytest.mark.parametrize("path", ["/app", "/app/", "/app/case/abc", "/app/a/b/c"])
def test_each_address_of_the_front_is_its_page(db, built, path):
    response = Client().get(path)
    assert (response.status_code, response.content) == (200, b"<!doctype html>the front")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert not any(word in policy for word in ("unsafe", "http", "*"))
    assert [part for part in policy.split("; ") if "data:" in part] == ["img-src 'self' blob: data:"]  # the icon
    assert response.headers["Cache-Control"] == "no-cache"


def test_a_front_that_is_not_built_says_what_to_do(db, tmp_path, settings):
    settings.FRONT = tmp_path
    response = Client().get("/app/")
    assert response.status_code == 503
    assert "python web/build.py" in response.content.decode()


def test_every_answer_tells_the_services_time(db):
    answer = Client().get("/session/")
    assert datetime.fromisoformat(answer.headers["X-Refnet-Now"]) == NOW
