"""The feed: every event once, in order, from any mark, whatever commits when."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import pytest
from django.db import connection
from django.utils import timezone

from consortium import feed
from consortium.errors import Refused
from consortium.feed import Mark
from consortium.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def other_connection() -> Iterator[Any]:
    """A transaction of somebody else, committed or rolled back by the test."""
    with closing(psycopg2.connect(**connection.get_connection_params() | {"cursor_factory": None})) as found:
        yield found


def happen(on: Any = None) -> UUID:
    """Write an event, in the transaction of another connection if one is given."""
    now, key = timezone.now(), uuid4()
    sql = """
        insert into consortium_event (id, kind, subject_kind, subject_id, thread_id, version, from_status, to_status,
            event_at, recorded_at, backdating_reason, actor_role, reason_code, comment, detail, request_id)
        values (%s, 'step', 'referral', %s, %s, 1, '', 'SENT', %s, %s, '', '', '', '', '{}', '')"""
    with (on or connection).cursor() as cursor:
        cursor.execute(sql, [str(key), str(uuid4()), str(uuid4()), now, now])
    return key


def read(since: Mark) -> tuple[list[UUID], Mark]:
    """Everything new behind a mark, and the next mark."""
    until = feed.present()
    return [e.pk for _stage, events in feed.slices(since, until) for e in events], Mark(until)


def test_events_come_once_and_in_order() -> None:
    start = Mark(feed.present())
    made = [happen() for _ in range(3)]
    found, mark = read(start)
    assert found == made
    assert read(mark)[0] == []


def test_a_long_transaction_holds_back_its_own_events_only() -> None:
    start = Mark(feed.present())
    with other_connection() as slow, other_connection() as failing:
        late = happen(slow)
        happen(failing)
        soon = happen()
        found, mark = read(start)
        assert found == [soon]
        slow.commit()
        failing.rollback()
        assert read(mark)[0] == [late]
        assert read(start)[0] == [late, soon]


def test_a_reader_may_stop_at_any_event_and_go_on_from_its_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "SLICE", 2)
    start = Mark(feed.present())
    with other_connection() as slow:
        late = happen(slow)
        made = [happen() for _ in range(5)]
        until = feed.present()
        marks = [str(feed.at(stage, e)) for stage, events in feed.slices(start, until) for e in events]
        assert len(marks) == 5
        slow.commit()
        after = happen()
        for n, text in enumerate(marks, start=1):
            # First the rest of what the interrupted reading had begun, then what is new.
            assert read(Mark.parse(text))[0] == [*made[n:], late, after]


def test_an_event_of_a_transaction_that_has_not_come_yet_is_left_out() -> None:
    start = Mark(feed.present())
    key = happen()
    with connection.cursor() as cursor:
        cursor.execute("alter table consortium_event disable trigger user")
        cursor.execute("update consortium_event set tx = '9000000000000000000' where id = %s", [str(key)])
        cursor.execute("alter table consortium_event enable trigger user")
    restored_from_elsewhere, mark = read(start)
    assert restored_from_elsewhere == []
    assert read(mark)[0] == []


def test_a_step_wakes_once_per_transaction() -> None:
    with other_connection() as listening, other_connection() as writing:
        listening.autocommit = True
        with listening.cursor() as cursor:
            cursor.execute(f"listen {feed.CHANNEL}")
        happen(writing)
        happen(writing)
        listening.poll()
        assert listening.notifies == []
        writing.commit()
        woken = threading.Event()
        for _ in range(100):
            listening.poll()
            if listening.notifies:
                break
            woken.wait(0.02)
        assert [notice.payload for notice in listening.notifies] == [""]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "5:3:",
        "1:2:~",
        "1:2:~1:2:~x~y",
        "1:2:~1:2:~1~" + "-" * 36,
        "99999999999999999999:1:",
        "1:9:5,3",
        "1:1:\x00",
    ],
)
def test_what_is_no_mark_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="续传") as caught:
        Mark.parse(text)
    assert caught.value.field == "lastEventId"


def test_the_index_serves_the_reading() -> None:
    mark = Mark(feed.present())
    happen()
    [(_stage, events)] = feed.ways(mark, feed.present())
    with connection.cursor() as cursor:
        cursor.execute("set enable_seqscan = off")
        plan = events.explain()
        cursor.execute("reset enable_seqscan")
    assert "Merge Append" in plan  # month by month in the order of the index, which each month has of its own
    assert "tx_id_idx" in plan
    assert "Seq Scan" not in plan
    assert "->  Sort" not in plan


def test_old_events_belong_to_the_past() -> None:
    happen()
    assert Event.objects.count() == 1
    assert read(Mark(feed.present()))[0] == []
