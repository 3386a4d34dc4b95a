"""What a plan of PostgreSQL must not hold: reading a whole table of cases, or sorting more than a page."""

import json
from collections.abc import Iterator
from typing import Any

from django.db import connection

LARGE = {
    "referrals_referral",
    "referrals_case",
    "referrals_clinicalsummary",
    "referrals_attachment",
    "consortium_patient",
    "consortium_event",
    "consortium_auditentry",
    "consortium_clockrun",
}


def explained(sql: str) -> dict[str, Any]:
    """The plan of a statement that is run by this."""
    with connection.cursor() as cursor:
        cursor.execute("explain (analyze, format json, timing off) " + sql.replace("%", "%%"), [])
        found = cursor.fetchone()[0]
    return dict((json.loads(found) if isinstance(found, str) else found)[0]["Plan"])


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node that was run."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def large(name: str) -> bool:
    """Whether a table grows with the referrals, or is a month of one that does."""
    return any(name == table or name.startswith(f"{table}_") for table in LARGE)


def faults(plan: dict[str, Any], *, page: int) -> list[str]:
    """What is wrong with a plan for a page of so many rows."""
    found = []
    for node in nodes(plan):
        if not node["Actual Loops"]:
            continue
        kind, table = node["Node Type"], node.get("Relation Name", "")
        if kind == "Seq Scan" and large(table) and node["Actual Rows"] + node.get("Rows Removed by Filter", 0) > page:
            found.append(f"reads all of {table}")
        if kind in ("Sort", "Incremental Sort"):
            rows = max(below["Actual Rows"] for below in node["Plans"])
            if rows > page:
                found.append(f"sorts {rows:.0f} rows by {', '.join(node['Sort Key'])}")
        if "Rows Removed by Filter" in node and large(table) and node["Rows Removed by Filter"] > 50 * page:
            found.append(f"looks at {node['Rows Removed by Filter']} rows of {table} for nothing: {node.get('Filter')}")
    return found
