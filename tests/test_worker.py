"""The worker: several beside each other, ended politely or killed; the schedule it keeps."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command, get_commands
from django.db import connection
from django.utils import timezone
from django_q.models import Schedule

from consortium import outbox, worker
from consortium.models import Delivery, WebhookEndpoint
from tests.receiver import receiving
from tests.world import NOW, World

ROOT = Path(__file__).resolve().parent.parent
State = Delivery.State


def pending(world: World, url: str, many: int) -> list[str]:
    """The ids of as many deliveries to a system, committed and due."""
    WebhookEndpoint.objects.create(
        hospital=world.hospitals["county"], name="HIS", url=url, salt=b"1" * 32, created_at=NOW
    )
    for _n in range(many):
        world.draft()
    return [str(pk) for pk in Delivery.objects.values_list("pk", flat=True)]


def until(met: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something is so; fail after some time."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


@pytest.fixture
def lanes() -> Iterator[Callable[[int], None]]:
    """Lets as many workers deliver to systems, in threads with sessions of their own, and ends them."""
    stop, threads = threading.Event(), []

    def begin(many: int) -> None:
        for _n in range(many):
            threads.append(threading.Thread(target=worker.work, args=(outbox.SYSTEMS, stop)))
            threads[-1].start()

    yield begin
    stop.set()
    for thread in threads:
        thread.join(10)


def test_workers_beside_each_other_send_nothing_twice(committed, lanes):
    with receiving(silence=0.01) as receiver:
        wanted = pending(committed, receiver.url, 60)
        lanes(3)
        until(lambda: not Delivery.objects.filter(state=State.PENDING).exists())
    assert Counter(receiver.ids()) == Counter(wanted)
    assert receiver.most_at_once > 1


def test_two_claims_at_the_same_moment_share_what_is_due(committed):
    pending(committed, "https://his.example.org/", 40)
    claimed: list[list[Delivery]] = [[], [], [], []]
    start = threading.Barrier(4, timeout=20)

    def take(n: int) -> None:
        connection.ensure_connection()
        start.wait()
        claimed[n] = outbox.claim(now=NOW, limit=10)
        connection.close()

    threads = [threading.Thread(target=take, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    taken = [row.pk for rows in claimed for row in rows]
    assert len(taken) == len(set(taken)) <= 40
    assert set(Delivery.objects.filter(attempts=1).values_list("pk", flat=True)) == set(taken)


def test_a_worker_that_dies_between_sending_and_marking_sends_it_again_under_the_same_id(committed):
    with receiving() as receiver:
        (wanted,) = pending(committed, receiver.url, 1)
        (claimed,) = outbox.claim(now=NOW, limit=1)
        assert outbox.attempt(claimed) is None  # and here it dies
        assert outbox.deliver(now=NOW) == (0, 0)
        assert outbox.deliver(now=NOW + outbox.lease()) == (1, 0)
    assert receiver.ids() == [wanted, wanted]
    assert Delivery.objects.get().state == State.SENT


def test_others_are_served_while_one_system_hangs(committed, settings, lanes):
    settings.DELIVERY_TIMEOUT = 2
    with receiving(silence=5) as hanging, receiving() as well:
        pending(committed, well.url, worker.WIDTH - 1)
        hangs = WebhookEndpoint.objects.create(
            hospital=committed.hospitals["county"], name="2", url=hanging.url, salt=b"1" * 32, created_at=NOW
        )
        committed.draft()
        lanes(1)
        until(lambda: len(well.taken) == worker.WIDTH)
        until(lambda: Delivery.objects.filter(endpoint=hangs, last_error="TIMEOUT").exists())


def begin(*options: str) -> subprocess.Popen[str]:
    """A worker in a process of its own, on the test database."""
    name = connection.settings_dict
    url = f"postgresql://{name['USER']}@{str(name['HOST']).replace('/', '%2F')}:{name['PORT'] or 5432}/{name['NAME']}"
    return subprocess.Popen(
        [sys.executable, "manage.py", "worker", *options],
        cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--no-jobs",)], ids=["with-jobs", "without"])
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_finishes_what_it_is_doing(committed, options, ending):
    with receiving(silence=1.0) as receiver:
        wanted = pending(committed, receiver.url, 3)
        process = begin(*options)
        until(lambda: len(receiver.taken) == 3, 60)
        process.send_signal(ending)
        said, _ = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in said) == (0, False), said
    assert sorted(receiver.ids()) == sorted(wanted)
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.SENT}


@pytest.mark.django_db
def test_the_schedule_is_what_the_settings_say(settings):
    settings.JOBS = {"tick": 5, "deliver": 1}
    worker.schedule_jobs()
    Schedule.objects.filter(name="refnet: tick").update(next_run=timezone.now() + timedelta(minutes=3), minutes=9)
    Schedule.objects.create(name="somebody else's", func="math.sqrt", args="4")
    planned = Schedule.objects.get(name="refnet: tick").next_run
    settings.JOBS = {"tick": 5}
    worker.schedule_jobs()
    rows = {row.name: (row.func, row.args, row.minutes) for row in Schedule.objects.all()}
    call: tuple[Any, ...] = ("django.core.management.call_command", "('tick',)", 5)
    assert rows == {"refnet: tick": call, "somebody else's": ("math.sqrt", "4", None)}
    assert Schedule.objects.get(name="refnet: tick").next_run == planned


def test_every_job_is_a_command(settings):
    assert set(settings.JOBS) <= set(get_commands())


def test_one_pass_says_what_came_of_it(committed, capsys):
    with receiving() as receiver:
        pending(committed, receiver.url, 2)
        call_command("deliver")
    assert len(receiver.taken) == 2
    assert capsys.readouterr().out == "delivered 2, failed 0\n"
