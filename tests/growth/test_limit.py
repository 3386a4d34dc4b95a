"""The limit that reads are measured against says what the service says, and a read takes few statements."""

import json

import pytest
from django.db import connection

from bench.limit.statements import READS
from consortium.roles import Role
from referrals.models import Status
from schema.keyset import cursor
from schema.worklist import ORDERS
from tests.edge.client import as_role, gid
from tests.edge.many import copies, statements

MOST = 7  # session, person, roles, whose name, page, count, the trail


@pytest.mark.parametrize("name", READS)
def test_the_limit_says_what_the_service_says(world, name):
    world.take("claim_referral", world.referral(Status.SENT))
    leg = world.referral(Status.INFO_NEEDED)
    rows = copies(leg, [{}] * 24)
    edge, place = as_role(world, "province", Role.REFERRAL_OFFICE), str(world.hospitals["province"].pk)
    variables, parameters = {
        "detail": ({"id": gid(leg)}, [place, str(leg.pk)]),
        "a page deep inside": ({"after": cursor(ORDERS["NEWEST"], rows[4])}, [place, str(rows[4].pk)]),
    }.get(name, ({}, [place]))
    (said,) = edge.data(READS[name].document, **variables).values()
    with connection.cursor() as asked:
        asked.execute(f"prepare limit_read ({READS[name].types}) as {READS[name].sql}".replace("%", "%%"), [])
        asked.execute(f"execute limit_read ({', '.join(['%s'] * len(parameters))})", parameters)
        assert json.loads(asked.fetchone()[0]) == said
        asked.execute("deallocate limit_read")


@pytest.mark.parametrize("name", READS)
def test_a_read_of_the_measurement_takes_few_statements(world, name):
    leg = world.referral(Status.SENT)
    edge = as_role(world, "province", Role.REFERRAL_OFFICE)
    variables = {"id": gid(leg)} if name == "detail" else {}
    edge.data(READS[name].document, **variables)
    taken = len(statements(lambda: edge.data(READS[name].document, **variables)))
    assert taken <= MOST + 5 * (name == "detail")
