"""Documents that a client may write, made up: selections of any type, with aliases, fragments and switches."""

from random import Random
from typing import Any

from graphql import GraphQLObjectType, get_named_type

from schema.schema import schema

# What no SQL says: sentences of refusal, calendars, sealed numbers, what is counted besides, what is put out of sight.
HANDED = {
    "identity", "distanceKm", "memberCount", "roles", "elapsedMinutes", "remainingMinutes",
    "facts", "message", "phoneSpokenWith", "reports", "images", "kind", "events", "code", "reason",
}  # fmt: skip
ONLY_OF = {
    "kind": {"Offer"}, "events": {"Offer"}, "remainingMinutes": {"ClockRun"},
    "code": {"AvailableAction"}, "reason": {"AvailableAction"},
}  # fmt: skip


def handed(kind: str, name: str) -> bool:
    """Whether a field is known to be handed over."""
    return name in HANDED and kind in ONLY_OF.get(name, {kind})


def selection(lot: Random, kind: GraphQLObjectType, depth: int) -> str:
    """Some fields of a type, in any way in which a client may write them."""
    names = [
        name
        for name, field in kind.fields.items()
        if not handed(kind.name, name) and (depth > 0 or not isinstance(get_named_type(field.type), GraphQLObjectType))
    ]
    text = ""
    for name in lot.choices([*names, "__typename"], k=lot.randint(1, 5)):
        below = get_named_type(kind.fields[name].type) if name != "__typename" else None
        inner = selection(lot, below, depth - 1) if isinstance(below, GraphQLObjectType) else ""
        alias = lot.choice(["", "", f"{name}2"])  # of its own, so that what is merged agrees
        switch = lot.choice(["", "", "", "@include(if: $yes)", "@skip(if: $no)", "@skip(if: true)"])
        one = f"{alias + ': ' if alias else ''}{name} {switch} {inner}"
        text += lot.choice([one, one, f"... on {kind.name} {{ {one} }}", f"... @include(if: $yes) {{ {one} }}"]) + " "
    return f"{{ __typename {text} }}"


PAGES = {
    "worklist": "ReferralConnection",
    "pathologyWorklist": "PathologyCaseConnection",
    "notices": "NoticeConnection",
    "staff": "PractitionerRoleConnection",
}
ONES = {"referral": "Referral", "case": "Case", "pathologyCase": "PathologyCase", "hospital": "Hospital"}
LISTS = {"alliances": "Alliance", "dutySwaps": "DutySwap", "greenKinds": "GreenKind", "clocks": "ClockRule"}

REFERRALS = ["worklist", "worklist", "referral", "referral", "case", "notices", "staff", "hospital", *LISTS]
PATHOLOGY = ["pathologyWorklist", "pathologyCase", "pathologyCase"]


def operation(lot: Random, roots: list[str]) -> tuple[str, str, dict[str, Any]]:
    """A document that reads one of these fields, which one, and its variables."""
    root = lot.choice(roots)
    kind: Any = schema.graphql_schema.type_map[(PAGES | ONES | LISTS)[root]]
    below, given = selection(lot, kind, lot.randint(1, 4)), ""
    if root in PAGES:
        given = f"first: {lot.choice([1, 2, 20])}"
    if root.lower().endswith("worklist"):
        given += f", box: {lot.choice(['IN', 'OUT', 'MINE'])}"
        given += f", sort: {lot.choice(['NEWEST', 'MOST_URGENT', 'NEAREST_DEADLINE'])}"
        given += lot.choice(["", ", open: true", ", overdue: false", ", priority: [URGENT, ROUTINE]"])
    given = "id: $id" if root in ONES else given
    declared = "$yes: Boolean! = true, $no: Boolean! = false" + (", $id: ID!" if root in ONES else "")
    switches = "yes: __typename @include(if: $yes) no: __typename @skip(if: $no)"
    call = f"{root}({given})" if given else root
    return f"query({declared}) {{ {switches} one: {call} {below} }}", root, {"no": lot.random() < 0.5}
