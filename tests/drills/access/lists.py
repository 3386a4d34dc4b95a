"""Every list: its rows, its order, its count and its pages under every filter are what the rule counts by hand."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from random import Random
from typing import Any

from consortium.models import Delivery, Notice
from schema import ids
from tests.drills.access.asking import Asker
from tests.drills.access.rule import (
    ADMIN,
    DOCTOR,
    EXPERT,
    HOTLINE,
    LAB,
    LEAD,
    OFFICE,
    PATHOLOGIST,
    READS_GLASS_RECEIVED,
    READS_GLASS_SENT,
    READS_RECEIVED,
    READS_SENT,
    REGISTERS,
    Request,
)
from tests.edge.client import widest

PAGE = 3
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
PRIORITY = {1: "STAT", 2: "ASAP", 3: "URGENT", 4: "ROUTINE"}
LISTED = "{ totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id number } } }"
ALLOWED = {  # who may ask for a list at all; section 2 by the rows that somebody could ever see
    "worklist": {DOCTOR, OFFICE, EXPERT, ADMIN, HOTLINE},
    "offers": {DOCTOR, OFFICE, EXPERT},
    "pathologyWorklist": {LAB, LEAD, PATHOLOGIST},
}
Test = Callable[[dict[str, Any]], bool]


def of_box(asker: Asker, query: str, box: str) -> list[Any]:
    """The keys of the cases in a box, by the rule."""
    who, now, facts = asker.sight.who, asker.sight.now, asker.sight.facts
    glass = query == "pathologyWorklist"
    cases: Iterable[Request] = (
        facts.calls.values() if query == "offers" else facts.glasses.values() if glass else facts.legs.values()
    )
    received = READS_GLASS_RECEIVED if glass else READS_RECEIVED
    mine = (
        ("assigned_to_id", "second_reader_id", "adjudicator_id", "standby_expert_id") if glass else ("claimed_by_id",)
    )
    tests: dict[str, Callable[[Request], bool]] = {
        "IN": lambda case: (case.sent is not None or query == "offers") and who.holds(received, case.receiver, now),
        "OUT": lambda case: who.holds(READS_GLASS_SENT if glass else READS_SENT, case.sender, now),
        "MINE": lambda case: case.author == who.id or any(facts.columns[case.id][column] == who.id for column in mine),
    }
    tests["POOL"] = lambda case: tests["IN"](case) and case.state == "POOLED"
    return [case.id for case in cases if asker.sight.of(case) and tests[box](case)]


def ordered(asker: Asker, keys: list[Any], sort: str) -> list[Any]:
    """The keys in the order asked for."""
    columns = asker.sight.facts.columns
    if sort == "NEWEST":
        return sorted(keys, reverse=True)
    due = [(columns[key]["due_at"] or NEVER, key) for key in keys]
    if sort == "NEAREST_DEADLINE":
        return [key for _at, key in sorted(due)]
    return [key for _priority, _at, key in sorted((columns[key]["priority"], at, key) for at, key in due)]


def pairs(name: str) -> set[str]:
    """A name is found by its neighbouring characters, wherever they stand."""
    return {name[n : n + 2] for n in range(len(name) - 1)}


def filters(asker: Asker, random: Random, *, glass: bool) -> list[tuple[str, Test]]:
    """Filters as they are written, each with its meaning for a row of facts."""
    facts, now = asker.sight.facts, asker.sight.now
    rows = [facts.columns[key] for key in (facts.glasses if glass else facts.legs)]
    row = random.choice(rows)
    place, moment = row["performer_department_id"], row["created_at"]
    departments = ("performer_department_id", "requester_department_id")
    patient_of = {case.id: facts.patients[case.patient] for case in (facts.glasses if glass else facts.legs).values()}
    who = patient_of[row["id"]]
    made: list[tuple[str, Test]] = [
        (f"status: [{row['status']}]", lambda r: r["status"] == row["status"]),
        ("open: true", lambda r: r["closed_at"] is None),
        ("open: false", lambda r: r["closed_at"] is not None),
        (f"priority: [{PRIORITY[row['priority']]}]", lambda r: r["priority"] == row["priority"]),
        ("overdue: true", lambda r: r["due_at"] is not None and r["due_at"] < now),
        ("overdue: false", lambda r: r["due_at"] is None or r["due_at"] >= now),
        (f'createdFrom: "{moment.isoformat()}"', lambda r: r["created_at"] >= moment),
        (f'createdTo: "{moment.isoformat()}"', lambda r: r["created_at"] < moment),
        (f'patient: "{row["number"]}"', lambda r: r["number"] == row["number"]),
        (f'patient: "{who["name"]}"', lambda r: pairs(who["name"]) <= pairs(patient_of[r["id"]]["name"])),
        (f'patient: "{who["id_number"]}"', lambda r: patient_of[r["id"]]["id_number"] == who["id_number"] is not None),
    ]  # fmt: skip
    if place:
        named = ids.encode("Department", place)
        made.append((f'department: "{named}"', lambda r: place in [r[column] for column in departments]))
    if row["clock_holder"]:
        made.append((f"holder: {row['clock_holder']}", lambda r: r["clock_holder"] == row["clock_holder"]))
    if glass:
        made.append((f"kind: {row['kind']}", lambda r: r["kind"] == row["kind"]))
        made.append((f'organ: "{row["organ__code"]}"', lambda r: r["organ__code"] == row["organ__code"]))
        code = row["subspecialty__code"]
        made.append((f'subspecialty: "{code}"', lambda r: r["subspecialty__code"] == code))
    else:
        made.append((f"pathway: {row['pathway']}", lambda r: r["pathway"] == row["pathway"]))
        if row["direction"]:
            made.append((f"direction: {row['direction']}", lambda r: r["direction"] == row["direction"]))
    return made


def every_list(asker: Asker, random: Random, *, every_filter: bool, statistics: bool = True) -> None:
    """Each box of each worklist: whole, under filters, in each order and page by page; then what has no boxes.

    With `statistics` also what is one's own, and what follows from hidden rows by intention.
    """
    for query, boxes in (("worklist", ("IN", "OUT", "MINE")), ("pathologyWorklist", ("IN", "OUT", "MINE", "POOL"))):
        glass = query == "pathologyWorklist"
        if not (asker.sight.facts.glasses if glass else asker.sight.facts.legs):
            continue
        kind = "PathologyCase" if glass else "Referral"
        opened = asker.sight.who.opens_any(asker.sight.now)  # they may ask, and their boxes are empty
        if not opened and not asker.sight.who.roles(asker.sight.now) & ALLOWED[query]:
            refused(asker, f"{{ {query}(box: IN) {{ totalCount }} }}")
            continue
        tests = filters(asker, random, glass=glass)
        for box in boxes:
            keys = of_box(asker, query, box)
            one_list(asker, query, f"box: {box}", kind, keys)
            for written, test in tests if every_filter else random.sample(tests, 3):
                matching = [key for key in keys if test(asker.sight.facts.columns[key])]
                one_list(asker, query, f"box: {box}, {written}", kind, matching)
        for sort in ("MOST_URGENT", "NEAREST_DEADLINE"):
            box = random.choice(boxes)
            one_list(asker, query, f"box: {box}, sort: {sort}", kind, of_box(asker, query, box), sort=sort)
        asker.ask(f"{{ {query}(box: {random.choice(boxes)}, first: 10) {{ nodes {WIDE[kind]} }} }}")
    if asker.sight.who.roles(asker.sight.now) & ALLOWED["offers"]:
        one_list(asker, "offers", "", "Offer", of_box(asker, "offers", "IN"))
        asker.ask(f"{{ offers(first: 10) {{ nodes {WIDE['Offer']} }} }}")
    else:
        refused(asker, "{ offers { totalCount } }")
    if statistics:
        of_ones_own(asker)
        figures(asker)


WIDE = {kind: widest(kind, depth=3) for kind in ("Referral", "PathologyCase", "Offer")}


def refused(asker: Asker, document: str) -> None:
    """A list that somebody may not ask for tells nothing."""
    answer = asker.ask(document)
    asker.tally.same("list refused", (answer.get("data"), "errors" in answer), (None, True), f"{document} {asker.name}")


def one_list(asker: Asker, query: str, arguments: str, kind: str, keys: list[Any], *, sort: str = "NEWEST") -> None:
    """A list at once, and again in pages of three: the same rows in the same order, and the count of them."""
    expected = [ids.encode(kind, key) for key in ordered(asker, keys, sort)]
    about = f"{query}({arguments}) for {asker.name}"
    separator = ", " if arguments else ""
    asker_given = named_in(arguments)
    answer = asker.ask(f"{{ {query}({arguments}{separator}first: 100) {LISTED} }}", also=asker_given)
    whole = (answer.get("data") or {}).get(query)
    if whole is None:
        asker.tally.differ(f"list {about} is not answered: {answer.get('errors')}")
        return
    asker.tally.same("rows of a list", [edge["node"]["id"] for edge in whole["edges"]], expected[:100], about)
    asker.tally.same("count of a list", whole["totalCount"], len(expected), about)
    if not expected or len(expected) > 4 * PAGE:
        return
    read: list[str] = []
    cursor = ""
    for _page in range(len(expected) // PAGE + 1):
        document = f"{{ {query}({arguments}{separator}first: {PAGE}{cursor}) {LISTED} }}"
        page = asker.ask(document, also=asker_given)["data"][query]
        read += [edge["node"]["id"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        cursor = f', after: "{page["pageInfo"]["endCursor"]}"'
    asker.tally.same("pages of a list", read, expected, about)


def named_in(arguments: str) -> list[str]:
    """What the asker wrote themselves may stand in an answer, as in the words of a refusal."""
    return [arguments.partition('"')[2].partition('"')[0]] if '"' in arguments else []


def of_ones_own(asker: Asker) -> None:
    """Notices are one's own, deliveries those of the hospital that one administers; figures name nobody."""
    sight = asker.sight
    answer = asker.ask("{ notices(first: 20) { totalCount nodes " + widest("Notice") + " } }")
    mine = Notice.objects.filter(person=sight.who.id)
    asker.tally.same("notices", answer["data"]["notices"]["totalCount"], mine.count(), asker.name)
    unread = asker.ask("{ notices(unread: true) { totalCount } me " + widest("Me") + " }")
    count = mine.filter(read_at=None).count()
    asker.tally.same("notices", unread["data"]["notices"]["totalCount"], count, asker.name)
    administers = {
        post.hospital for post in sight.who.posts if post.runs(sight.now) and sight.who.active and post.role == ADMIN
    }
    answer = asker.ask("{ deliveries(first: 10) { totalCount nodes " + widest("Delivery") + " } }")
    if administers:
        sent = Delivery.objects.filter(hospital__in=administers).count()
        asker.tally.same("deliveries", answer["data"]["deliveries"]["totalCount"], sent, asker.name)


def figures(asker: Asker) -> None:
    """Figures name nobody, and a patient is found by the whole identity number alone."""
    for document in FIGURES:
        asker.ask(document)
    for key, patient in list(asker.sight.facts.patients.items())[:12]:
        looked_up(asker, key, patient)


FIGURES = (
    '{ coverage(alliance: "drill") { since indicators { numerator denominator } } }',
    '{ countedReferrals(alliance: "drill", legs: SENT, first: 100) { totalCount nodes { number } } }',
    '{ attainment(alliance: "drill") { group numerator denominator } }',
    '{ breachForecast(alliance: "drill", minutes: 1000) ' + widest("BreachForecast", depth=2) + " }",
    "{ pathologyLedger(grouping: ORGAN) { group cases } }",
)


def looked_up(asker: Asker, key: Any, patient: dict[str, Any]) -> None:
    """Who registers patients learns by the whole identity number of one: masked, with the open case; nobody else."""
    if not patient["id_number"]:
        return
    facts = asker.sight.facts
    open_cases = [facts.numbers[leg.thread] for leg in facts.legs.values() if leg.patient == key]
    document = f'{{ patientLookup(idNumber: "{patient["id_number"]}") {widest("PatientLookup", depth=4)} }}'
    may = asker.sight.who.roles(asker.sight.now) & set(REGISTERS)
    answer = asker.ask(document, also=[*(open_cases if may else []), patient["id_number"]])
    asker.tally.same("looked up", (answer.get("data") or {}).get("patientLookup") is not None, bool(may), asker.name)
