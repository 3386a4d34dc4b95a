"""How things are called on the wire: the same way everywhere, and by ourselves."""

import re

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType

from schema import base
from schema.schema import schema

KINDS = {name: kind for name, kind in schema.graphql_schema.type_map.items() if not name.startswith("__")}


def test_every_enum_value_is_in_capitals_and_every_field_in_camel_case():
    for name, kind in KINDS.items():
        if isinstance(kind, GraphQLEnumType):
            assert [v for v in kind.values if not re.fullmatch(r"[A-Z][A-Z0-9_]*", v)] == [], name
        elif isinstance(kind, GraphQLObjectType | GraphQLInputObjectType):
            assert [f for f in kind.fields if not re.fullmatch(r"[a-z][a-zA-Z0-9]*", f)] == [], name


def test_no_description_is_the_librarys_own():
    foreign = ("An enumeration.", "The ID of the object", "`Date` scalar", "`DateTime` scalar", "`Time` scalar")
    assert [name for name, kind in KINDS.items() if any(word in (kind.description or "") for word in foreign)] == []


def test_no_two_types_share_a_name():
    """The library would silently take one of them for both. What has no description of its own is a base."""
    made = [base.Type, base.Plain]
    for kind in made:
        made += kind.__subclasses__()
    own = [kind for kind in made if "_meta" in vars(kind) and kind.__module__.startswith("schema.")]
    names = [kind._meta.name for kind in own]
    assert sorted(names) == sorted(set(names))
    assert "ReportKeyImage" in names
    assert "KeyImage" in names


def test_every_mutation_takes_one_input_with_a_key_and_answers_object_and_errors():
    for name, field in schema.graphql_schema.mutation_type.fields.items():
        assert list(field.args) == ["input"], name
        given = KINDS[str(field.args["input"].type).rstrip("!")]
        assert str(given.fields["idempotencyKey"].type) == "String!", name
        payload = KINDS[str(field.type)]
        assert len(payload.fields) == 2, name
        assert str(payload.fields["errors"].type) == "[UserError!]!", name


def test_every_step_takes_the_version_that_was_decided_on():
    plain = {"createReferral", "grantRole", "issueApiToken", "revokeApiToken", "readNotice"}
    plain |= {"setClockRule", "swapDuty", "acceptSwap", "addAddendum"}  # dated or remembered in the proposal
    plain |= {"activateGreenChannel", "createWebhookEndpoint"}  # new
    plain |= {"createPathology", "setExpertise", "requestExport", "breakGlass"}  # new, or the same again
    plain |= {"openSlide", "reportViewing", "annotateSlide", "keepKeyImage", "discardKeyImage"}  # only added to
    plain |= {"createPerson", "issueSetupLink", "deactivatePerson", "unlockPerson", "resetSecondFactor"}  # so too
    plain |= {"setPreference", "replayDeliveries", "resendDelivery"}  # the same again changes nothing
    for name, field in schema.graphql_schema.mutation_type.fields.items():
        given = KINDS[str(field.args["input"].type).rstrip("!")].fields
        assert ("expectedVersion" in given) is (name not in plain), name
        # A duty is new or changed by one mutation.
        assert name in plain or str(given["expectedVersion"].type) == ("Int" if name == "setDuty" else "Int!"), name
