"""Every query both ways: what the read engine answers must be what graphene answers, field by field."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from graphql import ExecutionResult

from consortium.counts import COUNTS
from schema import engine
from schema.disclosures import Disclosures
from schema.views import endpoint

HANDED: Counter[str] = Counter()  # why operations were handed over while it was compared
COMPARED: list[str] = []


def pairs(text: str) -> Any:
    """An answer with the order of its names."""
    return json.loads(text, object_pairs_hook=lambda found: [["{}"], *found])


def told(disclosures: Disclosures) -> Any:
    """What would be written to the trail."""
    lists = {key: (seen.kind, seen.objects, list(seen.patients)) for key, seen in disclosures.lists.items()}
    return disclosures.readings, lists


@contextmanager
def both_ways() -> Iterator[None]:
    """Within it each query that the engine answers is answered by graphene too, and both must be the same."""
    plain = engine.answered

    def compared(request: Any, document: Any, operation: Any, variables: dict[str, Any]) -> ExecutionResult | None:
        before = Counter(COUNTS)
        found = plain(request, document, operation, variables)
        HANDED.update({name: number - before[name] for name, number in COUNTS.items() if number > before[name]})
        if isinstance(found, engine.Answer):
            shown = told(request.disclosures)
            request.disclosures, request.singles, request.computed = Disclosures(), set(), {}
            asked = len(connection.queries_log)
            again = endpoint.resolved(request, document, operation, request.raw)
            while len(connection.queries_log) > asked:  # nobody counts what we ask besides
                connection.queries_log.pop()
            assert again.errors is None, (again.errors, request.document)
            assert pairs(found.text) == pairs(json.dumps(again.data)), request.document
            assert shown == told(request.disclosures), request.document
            COMPARED.append(request.document)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "answered", compared)
        yield
