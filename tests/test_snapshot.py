"""The schema's snapshot is the schema, and every word on the wire is explained."""

import pytest
from django.core.management import CommandError, call_command
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, GraphQLScalarType, build_schema

from schema.management.commands import export_schema
from schema.schema import schema

TYPES = {name: kind for name, kind in schema.graphql_schema.type_map.items() if not name.startswith("__")}


def test_the_snapshot_is_current(capsys):
    call_command("export_schema", check=True)
    assert capsys.readouterr().out == "schema.graphql is up to date\n"


def test_a_changed_snapshot_is_found(monkeypatch, tmp_path):
    stale = tmp_path / "schema.graphql"
    stale.write_text(export_schema.SNAPSHOT.read_text(encoding="utf-8") + "scalar Extra\n", encoding="utf-8")
    monkeypatch.setattr(export_schema, "SNAPSHOT", stale)
    with pytest.raises(CommandError, match="export_schema"):
        call_command("export_schema", check=True)


def test_the_snapshot_builds_the_same_types():
    built = build_schema(export_schema.SNAPSHOT.read_text(encoding="utf-8"))
    assert {n for n in built.type_map if not n.startswith("__")} == set(TYPES)


def unexplained() -> list[str]:
    """Every type, field, argument, input and enum value without a description."""
    missing = []
    for name, kind in TYPES.items():
        parts = {name: kind}
        if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType):
            parts |= {f"{name}.{field}": value for field, value in kind.fields.items()}
        if isinstance(kind, GraphQLObjectType):
            parts |= {f"{name}.{f}({a})": arg for f, v in kind.fields.items() for a, arg in v.args.items()}
        if isinstance(kind, GraphQLEnumType):
            parts |= {f"{name}.{value}": found for value, found in kind.values.items()}
        missing += [path for path, part in parts.items() if not part.description]
    return missing


def test_every_word_on_the_wire_is_explained():
    assert unexplained() == []


def test_no_enum_is_named_by_the_library():
    """Names that graphene makes up end in `Choices`, or carry the application's name in front."""
    enums = [name for name, kind in TYPES.items() if isinstance(kind, GraphQLEnumType)]
    assert [name for name in enums if "Choices" in name or name.startswith(("Referrals", "Consortium"))] == []
    scalars = {name for name, kind in TYPES.items() if isinstance(kind, GraphQLScalarType)}
    assert scalars == {"Boolean", "Date", "DateTime", "Float", "GeoJson", "ID", "Int", "String", "Time"}
