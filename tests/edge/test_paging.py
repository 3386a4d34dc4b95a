"""Connections: pages by cursor that together are the whole list, in every order, whatever happens in between."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from consortium.models import Capability, Concept, Delivery, Department, Hospital, Notice, Priority, WebhookEndpoint
from consortium.roles import Role
from referrals.models import OfferStatus, Referral, Status
from schema import ids
from tests.edge.client import Edge, as_role, code_of, gid
from tests.edge.many import copies, statements
from tests.world import NOW, World

DOCTOR, EXPERT = Role.REFERRING_DOCTOR, Role.EXPERT
SORTS = ["NEWEST", "MOST_URGENT", "NEAREST_DEADLINE"]
PAGE = """query($first: Int!, $after: String) { worklist(box: IN, first: $first, after: $after, sort: %s) {
    pageInfo { hasNextPage endCursor } edges { cursor node { id } } nodes { id } } }"""


@pytest.fixture(scope="module")
def rows(_module_world: World) -> list[Referral]:
    """Sixty referrals with many ties: 4 priorities, 5 deadlines and none."""
    sent = _module_world.referral(Status.SENT)
    deadlines: list[datetime | None] = [NOW + timedelta(hours=n) for n in range(5)] + [None]
    return [sent, *copies(sent, ({"priority": n % 4 + 1, "due_at": deadlines[n % 6]} for n in range(59)))]


@pytest.fixture
def expert(world: World) -> Edge:
    """Somebody whose worklist it is."""
    return as_role(world, "province", EXPERT)


def in_order(rows: list[Referral], sort: str) -> list[str]:
    """The ids in an order, by the words of the specification: ties by key, no deadline comes last."""
    never = NOW + timedelta(days=9999)
    keys: dict[str, Any] = {
        "NEWEST": lambda row: -row.pk.int,
        "MOST_URGENT": lambda row: (row.priority, row.due_at or never, row.pk.int),
        "NEAREST_DEADLINE": lambda row: (row.due_at or never, row.pk.int),
    }
    return [gid(row) for row in sorted(rows, key=keys[sort])]


def pages(edge: Edge, document: str, first: int, field: str = "worklist") -> list[dict[str, Any]]:
    """Every page of a list, by the end cursor of the one before."""
    found: list[dict[str, Any]] = []
    after = None
    while not found or found[-1]["pageInfo"]["hasNextPage"]:
        found.append(edge.data(document, first=first, after=after)[field])
        after = found[-1]["pageInfo"]["endCursor"]
        assert len(found) < 500
    return found


def nodes(found: list[dict[str, Any]]) -> list[str]:
    """The ids of all pages, one after the other."""
    return [node["id"] for page in found for node in page["nodes"]]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("first", [1, 7, 20, 59, 60, 100])
def test_the_pages_of_every_order_are_the_whole_list(expert, rows, sort, first):
    found = pages(expert, PAGE % sort, first)
    assert nodes(found) == in_order(rows, sort)
    assert [len(page["nodes"]) for page in found] == [first] * (60 // first) + [60 % first] * bool(60 % first)
    assert [page["pageInfo"]["hasNextPage"] for page in found] == [True] * (len(found) - 1) + [False]


def test_edges_are_the_nodes_with_their_cursors(expert, rows):
    for sort in SORTS:
        (page,) = pages(expert, PAGE % sort, 100)
        assert [edge["node"] for edge in page["edges"]] == page["nodes"]
        assert page["edges"][-1]["cursor"] == page["pageInfo"]["endCursor"]
        for n in (0, 17, 58):
            rest = expert.data(PAGE % sort, first=100, after=page["edges"][n]["cursor"])["worklist"]
            assert rest["nodes"] == page["nodes"][n + 1 :]


def test_behind_the_last_row_there_is_an_empty_page(expert, rows):
    (page,) = pages(expert, PAGE % "NEWEST", 100)
    empty = expert.data(PAGE % "NEWEST", first=5, after=page["pageInfo"]["endCursor"])["worklist"]
    assert empty == {"pageInfo": {"hasNextPage": False, "endCursor": None}, "edges": [], "nodes": []}


@pytest.mark.parametrize("sort", SORTS)
def test_rows_that_come_or_change_in_between_disturb_no_page(expert, rows, sort):
    """What comes before the cursor is not shown, what comes behind it is, and nothing twice or left out."""
    first = expert.data(PAGE % sort, first=20, after=None)["worklist"]
    urgent = copies(rows[0], [{"priority": Priority.STAT, "due_at": NOW - timedelta(hours=1)}] * 3)
    last = copies(rows[0], [{"priority": Priority.ROUTINE, "due_at": None}] * 2)
    seen = [node["id"] for node in first["nodes"]]
    Referral.objects.filter(pk=ids.decode(seen[0], "Referral")).update(version=99)
    after = first["pageInfo"]["endCursor"]
    while after:
        page = expert.data(PAGE % sort, first=7, after=after)["worklist"]
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    behind = [] if sort == "NEWEST" else last
    assert seen == in_order([*rows, *behind], sort)
    assert not {gid(row) for row in urgent} & set(seen)


def test_a_row_that_leaves_between_two_pages_takes_no_other_with_it(expert, rows):
    first = expert.data(PAGE % "NEWEST", first=20, after=None)["worklist"]
    Referral.objects.filter(pk=ids.decode(first["nodes"][-1]["id"], "Referral")).update(sent_at=None)
    rest = expert.data(PAGE % "NEWEST", first=100, after=first["pageInfo"]["endCursor"])["worklist"]
    assert [node["id"] for node in rest["nodes"]] == in_order(rows, "NEWEST")[20:]


@pytest.mark.parametrize(("first", "field"), [(0, "first"), (-1, "first"), (101, "first"), (2**31 - 1, "first")])
def test_a_page_has_1_to_100_rows(expert, first, field):
    answer = expert.answer(PAGE % "NEWEST", first=first)
    assert (code_of(answer), answer["errors"][0]["extensions"]["field"]) == ("INVALID_INPUT", field)


def test_a_page_has_20_rows_unless_told_otherwise(expert, rows):
    assert len(expert.data("{ worklist(box: IN) { nodes { id } } }")["worklist"]["nodes"]) == 20
    nothing = "query($none: Int) { worklist(box: IN, first: $none) { nodes { id } } }"
    assert len(expert.data(nothing)["worklist"]["nodes"]) == 20
    assert code_of(expert.answer("{ worklist(box: IN, first: null) { nodes { id } } }")) != "INTERNAL"
    assert code_of(expert.answer("{ worklist(box: IN, sort: null) { nodes { id } } }")) != "INTERNAL"


def packed(*values: Any) -> str:
    """A cursor that somebody made."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


KEY = str(uuid4())
FORGED = [
    "x", "=", "====", "密", "a" * 5000, " ", "null",
    base64.urlsafe_b64encode(b"\xff\xfe").decode(), base64.urlsafe_b64encode(b"{}").decode(),
    base64.urlsafe_b64encode(b"5").decode(), base64.urlsafe_b64encode(b'"NEWEST"').decode(),
    base64.urlsafe_b64encode(b"[" * 50_000).decode(), base64.urlsafe_b64encode(b"[]").decode(),
    packed("MOST_URGENT"), packed("NEWEST", KEY), packed("MOST_URGENT", 1, KEY), packed("MOST_URGENT", 1, None, KEY),
    packed("MOST_URGENT", 1, "2026-03-02T09:00:00+08:00", "x"), packed("MOST_URGENT", 1, "x", KEY),
    packed("MOST_URGENT", "x", "2026-03-02T09:00:00+08:00", KEY),
    packed("MOST_URGENT", {}, "2026-03-02T09:00:00+08:00", KEY), packed("MOST_URGENT", 1, 5, KEY),
    packed("MOST_URGENT", 1, "2026-03-02T09:00:00+08:00", 5), packed("MOST_URGENT", 1, "2026-03-02T09:00:00+08:00", []),
    packed("MOST_URGENT", 1e999, "2026-03-02T09:00:00+08:00", KEY),
    packed("MOST_URGENT", 1, "2026-03-02T09:00:00", KEY),
    packed("MOST_URGENT", True, "2026-03-02T09:00:00+08:00", KEY), packed({}, 1, "2026-03-02T09:00:00+08:00", KEY),
    packed("MOST_URGENT", 1.5, "2026-03-02T09:00:00+08:00", KEY), packed(["MOST_URGENT"], 1, "", KEY),
    packed("MOST_URGENT", 1, "2026-03-02T09:00:00+08:00", KEY, 1),
    packed("MOST_URGENT", 10**30, "2026-03-02T09:00:00+08:00", KEY),
]  # fmt: skip


@pytest.mark.parametrize("after", FORGED, ids=range(len(FORGED)))
def test_a_cursor_that_is_not_ours_is_refused(expert, rows, after):
    answer = expert.answer(PAGE % "MOST_URGENT", first=5, after=after)
    assert code_of(answer) == "INVALID_INPUT"
    assert answer["errors"][0]["extensions"]["field"] == "after"


@pytest.mark.parametrize("name", ["\x00", "\ud800", 5, None, {}])
def test_a_forged_name_in_a_cursor_is_refused(expert, name):
    after = packed("NAME", name, KEY)
    answer = expert.answer("query($after: String) { hospitals(after: $after) { nodes { id } } }", after=after)
    assert code_of(answer) == "INVALID_INPUT"


def test_a_cursor_of_another_order_or_list_is_refused(expert, rows):
    ends = {sort: expert.data(PAGE % sort, first=5)["worklist"]["pageInfo"]["endCursor"] for sort in SORTS}
    for sort in SORTS:
        for other, after in ends.items():
            code = code_of(expert.answer(PAGE % sort, first=5, after=after))
            assert code == ("OK" if sort == other else "INVALID_INPUT")
    concepts = "query($after: String) { concepts(system: ICD10, after: $after) { nodes { id } } }"
    assert expert.code(concepts, after=ends["NEWEST"]) == "INVALID_INPUT"


def test_a_count_costs_one_statement_at_most_and_only_when_asked(expert, rows, settings):
    def counted(shape: str) -> list[str]:
        return statements(lambda: expert.data(f"{{ worklist(box: IN, first: 5) {{ {shape} }} }}"))

    assert len(counted("nodes { number }")) == len(counted("nodes { number } totalCount again: totalCount"))
    settings.READ_ENGINE = False  # field by field
    plain, asked = counted("nodes { number }"), counted("nodes { number } totalCount again: totalCount")
    assert len(asked) == len(plain) + 1
    assert [sql for sql in plain if "COUNT(" in sql] == []
    assert len([sql for sql in asked if "COUNT(" in sql]) == 1
    assert expert.data("{ worklist(box: IN, first: 5) { totalCount } }")["worklist"]["totalCount"] == 60
    assert (
        expert.data(
            "query($after: String) { worklist(box: IN, first: 5, after: $after) { totalCount } }",
            after=expert.data(PAGE % "NEWEST", first=50)["worklist"]["pageInfo"]["endCursor"],
        )["worklist"]["totalCount"]
        == 60
    )  # of the list, not of what is left of it


def test_a_list_selected_twice_is_one_list(expert, rows):
    """In nodes and edges, under aliases, in fragments: what is merged by GraphQL is merged when it is read."""
    document = """query { worklist(box: IN, first: 3) {
        nodes { outcomes { version } followedBy { number } case { legs { number } } ...F ...F }
        edges { node { outcomes { treatment } a: followedBy { id } events { kind } case { legs { id } } } }
      } }
      fragment F on Referral {
        outcomes { drugs } b: followedBy { status } events { label } c: case { legs { status } } }
    """
    page = expert.data(document)["worklist"]
    assert [set(node) for node in page["nodes"]] == [{"outcomes", "followedBy", "case", "b", "events", "c"}] * 3
    assert [set(edge["node"]) for edge in page["edges"]] == [{"outcomes", "a", "events", "case"}] * 3
    assert [len(node["case"]["legs"]) for node in page["nodes"]] == [1] * 3
    kinds = [[event["kind"] for event in edge["node"]["events"]] for edge in page["edges"]]
    assert kinds == [["create_referral", "submit_referral"]] * 3


def test_fragments_that_double_below_a_list_are_refused_by_their_cost_and_would_be_read_once(expert, rows, settings):
    chain = " ".join(f"fragment F{n} on Referral {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40))
    document = (
        f"{{ worklist(box: IN, first: 2) {{ nodes {{ ...F0 }} }} }} {chain} fragment F40 on Referral {{ status }}"
    )
    assert expert.code(document) == "LIMIT_EXCEEDED"
    settings.GRAPHQL_LIMITS = settings.GRAPHQL_LIMITS | {"cost": 2**50}
    assert expert.data(document)["worklist"]["nodes"] == [{"status": "SENT"}] * 2


def test_what_is_skipped_is_not_read(expert, rows, settings):
    document = """query($yes: Boolean!) { worklist(box: IN, first: 3) { nodes {
        id outcomes @include(if: $yes) { version } ...F @include(if: $yes) } } }
        fragment F on Referral { attachments { name } events { kind } }"""
    with_all = statements(lambda: expert.data(document, yes=True))
    without = statements(lambda: expert.data(document, yes=False))
    assert len(with_all) == len(without)
    settings.READ_ENGINE = False  # field by field
    with_all = statements(lambda: expert.data(document, yes=True))
    without = statements(lambda: expert.data(document, yes=False))
    assert len(with_all) - len(without) == 3


@pytest.mark.parametrize(("place", "sort"), [(p, s) for p in ("hospitals", "departments") for s in ("NAME", "NEAREST")])
def test_the_directory_is_read_by_pages_of_7_in_every_order(world, place, sort):
    specialty = Concept.objects.get(system="SPECIALTY", code="07")
    for n in range(20):
        made = Hospital.objects.create(
            name="同名医院" if n % 2 else f"医院{n}", credit_code=f"{n:018}", level="COUNTY",
            division_id=["430181", "430121", "430900"][n % 3],
        )  # fmt: skip
        Department.objects.create(hospital=made, name="儿科", specialty=specialty)
    edge = as_role(world, "county", DOCTOR)
    document = f"""query($first: Int!, $after: String) {{ {place}(first: $first, after: $after, sort: {sort}) {{
        totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ id name distanceKm }} }} }}"""
    found = pages(edge, document, 7, place)
    listed = [node for page in found for node in page["nodes"]]
    assert len({node["id"] for node in listed}) == len(listed) == found[0]["totalCount"]
    key = {"NAME": lambda n: n["name"], "NEAREST": lambda n: n["distanceKm"]}[sort]
    assert [key(node) for node in listed] == sorted(key(node) for node in listed)
    (whole,) = pages(edge, document, 100, place)
    assert whole["nodes"] == listed


def test_the_most_free_departments_come_first_and_page_by_page(world):
    specialty, picu = Concept.objects.get(system="SPECIALTY", code="07"), world.picu.kind
    for n in range(15):
        made = Department.objects.create(hospital=world.hospitals["city"], name=f"科{n:02}", specialty=specialty)
        free = None if n == 14 else n // 2
        Capability.objects.create(department=made, kind=picu, beds_total=9, beds_free=free, held=n % 2, as_of=NOW)
    document = """query($first: Int!, $after: String) {
        departments(first: $first, after: $after, sort: MOST_FREE, capability: "PICU") {
        pageInfo { hasNextPage endCursor } nodes { id name capabilities { bedsFree held } } } }"""
    found = pages(as_role(world, "county", DOCTOR), document, 4, "departments")
    listed = [node for page in found for node in page["nodes"]]
    free = [node["capabilities"][0]["bedsFree"] for node in listed]
    places = [None if f is None else f - node["capabilities"][0]["held"] for f, node in zip(free, listed, strict=True)]
    assert len(listed) == 16
    assert places[-1] is None
    assert places[:-1] == sorted(places[:-1], reverse=True)


def test_notices_come_newest_first_and_unread_ones_alone(world):
    for _ in range(9):
        world.referral(Status.INFO_NEEDED)
    office = as_role(world, "county", Role.REFERRAL_OFFICE)
    document = """query($first: Int!, $after: String, $unread: Boolean) {
        notices(first: $first, after: $after, unread: $unread) {
        totalCount pageInfo { hasNextPage endCursor } nodes { id readAt } } }"""
    stored = Notice.objects.filter(person=office.person).order_by("-id")
    assert nodes(pages(office, document, 4, "notices")) == [gid(row) for row in stored]
    office.done("readNotice", id=gid(stored[2]))
    unread = office.data(document, first=100, unread=True)["notices"]
    assert [node["id"] for node in unread["nodes"]] == [gid(row) for row in stored if row != stored[2]]
    assert unread["totalCount"] == len(stored) - 1


def test_offers_come_newest_first_by_state_and_openness(world):
    made = [world.offer(status) for status in OfferStatus]
    document = """query($first: Int!, $after: String, $open: Boolean, $status: [OfferStatus!]) {
        offers(first: $first, after: $after, open: $open, status: $status) {
        totalCount pageInfo { hasNextPage endCursor } nodes { id closedAt status } } }"""
    edge = as_role(world, "province", EXPERT)
    newest = [gid(row) for row in sorted(made, key=lambda row: -row.pk.int)]
    found = pages(edge, document, 3, "offers")
    assert (nodes(found), found[0]["totalCount"]) == (newest, len(OfferStatus))
    for open_, closed in ((True, {None}), (False, {NOW.isoformat()})):
        page = edge.data(document, first=100, open=open_)["offers"]
        assert {node["closedAt"] for node in page["nodes"]} == closed
        assert len(page["nodes"]) == 4
    page = edge.data(document, first=100, status=["READ", "CHOSEN"])["offers"]
    assert {node["status"] for node in page["nodes"]} == {"READ", "CHOSEN"}
    forged = edge.answer(document, first=2, after=packed("CREATED", NOW.isoformat(), KEY))
    assert code_of(forged) == "INVALID_INPUT"


def test_deliveries_come_newest_first_by_state(world):
    place = world.hospitals["county"]
    WebhookEndpoint.objects.create(hospital=place, name="HIS", url="https://x.example.org", salt=b"1", created_at=NOW)
    for _ in range(7):
        world.draft()
    rows = list(Delivery.objects.order_by("-created_at", "-id"))
    Delivery.objects.filter(pk=rows[2].pk).update(state=Delivery.State.DEAD)
    document = """query($first: Int!, $after: String, $state: [DeliveryState!]) {
        deliveries(first: $first, after: $after, state: $state) {
        totalCount pageInfo { hasNextPage endCursor } nodes { id } } }"""
    admin = as_role(world, "county", Role.HOSPITAL_ADMIN)
    assert nodes(pages(admin, document, 3, "deliveries")) == [gid(row) for row in rows]
    dead = admin.data(document, first=9, state=["DEAD"])["deliveries"]
    assert (dead["totalCount"], dead["nodes"]) == (1, [{"id": gid(rows[2])}])
    assert as_role(world, "province", Role.HOSPITAL_ADMIN).data(document, first=9)["deliveries"]["nodes"] == []
