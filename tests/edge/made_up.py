"""Documents that a client may write, made up: selections of any type, with aliases, fragments and switches."""

from typing import Any

from graphql import GraphQLObjectType, get_named_type
from hypothesis import strategies as st

from schema.schema import schema

# What no SQL says: the table of steps, calendars, sealed numbers, what is counted besides, what is put out of sight.
HANDED = {
    "availableActions", "identity", "distanceKm", "memberCount", "roles", "elapsedMinutes", "remainingMinutes",
    "facts", "message", "phoneSpokenWith", "reports", "images", "kind", "clock", "events",
}  # fmt: skip
ONLY_OF = {"kind": {"Offer"}, "clock": {"Offer"}, "events": {"Offer"}, "remainingMinutes": {"ClockRun"}}


def handed(kind: str, name: str) -> bool:
    """Whether a field is known to be handed over."""
    return name in HANDED and kind in ONLY_OF.get(name, {kind})


@st.composite
def selection(draw: Any, kind: GraphQLObjectType, depth: int) -> str:
    """Some fields of a type, in any way in which a client may write them."""
    names = [
        name
        for name, field in kind.fields.items()
        if not handed(kind.name, name) and (depth > 0 or not isinstance(get_named_type(field.type), GraphQLObjectType))
    ]
    chosen = draw(st.lists(st.sampled_from([*names, "__typename"]), min_size=1, max_size=6))
    text, aliases = "", {}
    for name in chosen:
        below = get_named_type(kind.fields[name].type) if name != "__typename" else None
        inner = draw(selection(below, depth - 1)) if isinstance(below, GraphQLObjectType) else ""
        alias = draw(st.sampled_from(["", "", "x", "y"]))
        if alias and aliases.setdefault(alias, name) != name:
            continue
        switch = draw(st.sampled_from(["", "", "", "@include(if: $yes)", "@skip(if: $no)", "@skip(if: true)"]))
        one = f"{alias + ': ' if alias else ''}{name} {switch} {inner}"
        text += draw(
            st.sampled_from([one, one, f"... on {kind.name} {{ {one} }}", f"... @include(if: $yes) {{ {one} }}"])
        )
        text += " "
    return f"{{ {text} }}"


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


@st.composite
def operations(draw: Any, roots: list[str]) -> tuple[str, str, dict[str, Any]]:
    """A document that reads one of these fields, which one, and its variables."""
    root = draw(st.sampled_from(roots))
    kind: Any = schema.graphql_schema.type_map[(PAGES | ONES | LISTS)[root]]
    below = draw(selection(kind, draw(st.integers(1, 4))))
    given = ""
    if root in PAGES:
        given = f"first: {draw(st.sampled_from([1, 2, 20]))}"
    if root.lower().endswith("worklist"):
        given += f", box: {draw(st.sampled_from(['IN', 'OUT', 'MINE']))}"
        given += f", sort: {draw(st.sampled_from(['NEWEST', 'MOST_URGENT', 'NEAREST_DEADLINE']))}"
        given += draw(st.sampled_from(["", ", open: true", ", overdue: false", ", priority: [URGENT, ROUTINE]"]))
    given = "id: $id" if root in ONES else given
    declared = "$yes: Boolean! = true, $no: Boolean! = false" + (", $id: ID!" if root in ONES else "")
    call = f"{root}({given})" if given else root
    return f"query({declared}) {{ yes: __typename @include(if: $yes) no: __typename @skip(if: $no) one: {call} {below} }}", root, {"no": draw(st.booleans())}
