"""Whatever schemathesis makes up, whoever sends it: no error of ours, and not a word about what lies within."""

from types import SimpleNamespace

import pytest

from consortium.roles import Role
from schema.schema import schema
from schema.views import gate
from tests.edge.every import every_mutation
from tests.endpoint.fuzzing import LEAKS, Fuzz, documents, everybody, ids_that_exist
from tests.world import NOW

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _the_worlds_clock(monkeypatch) -> None:
    """The moment of every request."""
    monkeypatch.setattr(gate, "moment", SimpleNamespace(now=lambda: NOW))


def test_no_document_of_anybody_is_answered_with_a_fault_of_ours(world):
    good = {name: given for name, (_who, _shape, given) in every_mutation(world).items()}
    fuzz = Fuzz(everybody(world), ids_that_exist(), good)
    assert fuzz.callers.keys() == {"nobody", "system", *map(str, Role)}
    fuzz.run(examples=2, seed=6, callers=4)
    assert fuzz.faults == []
    operations = len(schema.graphql_schema.query_type.fields) + len(schema.graphql_schema.mutation_type.fields)
    assert fuzz.sent == operations * 2 * 4
    # It reached behind the gates: some was done, some was refused for each of the reasons one would expect.
    assert {"OK", "UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "INVALID_INPUT", "BAD_REQUEST"} <= fuzz.codes.keys()


def test_a_fault_would_be_seen(world, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("geheim")

    monkeypatch.setattr(schema.graphql_schema.type_map["Query"].fields["clocks"], "resolve", fail)
    fuzz = Fuzz(everybody(world), ids_that_exist())
    fuzz.judge("system", "clocks", {}, fuzz.callers["system"].send({"query": '{ clocks(kind: "x") { kind } }'}))
    assert len(fuzz.faults) == 1
    for words in ('relation "x" does not exist', "Referral matching query", "select 1 from x", "/srv/schema/reads.py"):
        assert LEAKS.search(words)


def test_the_same_seed_makes_the_same_documents():
    first, second = (list(documents(1, 4)) for _ in range(2))
    assert first == second
    assert len({name for _kind, name, _text in first}) == len(first)
