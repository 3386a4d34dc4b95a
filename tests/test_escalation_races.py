"""Two rounds of reminders at once give each reminder once."""

from threading import Barrier, Thread

from django.db import connection, transaction

from consortium.escalation import Tally, escalate
from consortium.models import Escalation, Event, Notice
from referrals.models import Referral
from tests.test_escalation import DUE, MINUTE, late, staffed


def test_two_ticks_at_once_give_each_reminder_once(committed):
    staffed(committed)
    for _ in range(5):
        late(committed)
    ready, tallies = Barrier(4), list[Tally]()

    def tick() -> None:
        ready.wait()
        try:
            tallies.append(escalate(Referral, now=DUE + 5 * MINUTE))
        finally:
            connection.close()

    threads = [Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    escalate(Referral, now=DUE + 5 * MINUTE)  # what every round left because another held it
    given = list(Escalation.objects.values_list("run", "rung", "repetition"))
    assert len(given) == len(set(given)) == 5 * 3
    assert Event.objects.filter(kind="escalate").count() == 15
    assert Notice.objects.filter(event__kind="escalate").count() == 5 * (1 + 1 + 3)
    assert len(tallies) == 4


def test_a_case_in_somebodys_hands_is_left_for_the_next_round(committed):
    staffed(committed)
    referral = late(committed)
    found: list[int] = []

    def tick() -> None:
        found.append(escalate(Referral, now=DUE).reminders)
        connection.close()

    with transaction.atomic():
        Referral.objects.select_for_update().get(pk=referral.pk)
        thread = Thread(target=tick)
        thread.start()
        thread.join()
    tick()
    assert found == [0, 2]
