"""Every case of every kind by its key: seen as far as the rule says, and otherwise as if it did not exist."""

from collections.abc import Callable
from random import Random
from typing import Any

from referrals.models import Attachment
from schema import ids
from telemedicine.models import KeyImage, Report, Slide, SlideImage
from tests.drills.access.asking import Asker
from tests.drills.access.rule import FULL, LAB, Call, Glass, Leg, Request, by_role, may_at_most
from tests.edge.client import widest

STEPS = "availableActions { action allowed code }"
LEG = "{ number accessLevel patient { identity { name } } followedBy { id } offers { id } events { comment } " + STEPS
FEW = 4
QUERIES: dict[type[Request], tuple[str, str, str]] = {
    Leg: ("referral", "Referral", LEG + " }"),
    Call: ("offer", "Offer", "{ number accessLevel events { comment } " + STEPS + " }"),
    Glass: (
        "pathologyCase",
        "PathologyCase",
        "{ number patient { identity { name } } opinions { text } events { comment } " + STEPS + " }",
    ),
}
WIDE = {kind: widest(kind, depth=4) for kind in ("Referral", "Offer", "PathologyCase", "Case")}


def every_node(asker: Asker, random: Random, *, wide: int) -> None:
    """Each case by itself, `wide` of each kind with every field of every type below it."""
    facts = asker.sight.facts
    for kind, rows in ((Leg, facts.legs), (Call, facts.calls), (Glass, facts.glasses)):
        query, named, selection = QUERIES[kind]
        absent = asker.absence(query, named, selection)
        for key, (row, error) in asker.rows(query, named, rows, selection).items():
            seen = asker.sight.of(rows[key])
            about = f"{query} {rows[key].number} {rows[key].state} for {asker.name}"
            if seen is None:
                asker.tally.same("hidden is absent", (row, error), (None, absent), about)
            elif row is None:
                asker.tally.differ(f"seen: {about} is not answered: {error}")
            else:
                one(asker, rows[key], seen, row, about)
        keys = list(rows)
        for key in random.sample(keys, min(wide, len(keys))):
            asker.rows(query, named, [key], WIDE[named])
    episodes(asker, random, wide=wide)


def one(asker: Asker, case: Request, seen: str, row: dict[str, Any], about: str) -> None:
    """What is answered about one case that is seen."""
    tally, facts, sight = asker.tally, asker.sight.facts, asker.sight
    tally.same("view", (row["number"], row.get("accessLevel", FULL)), (case.number, seen), about)
    if isinstance(case, Leg):
        after = {
            ids.encode("Referral", leg.id) for leg in facts.legs.values() if leg.follows == case.id and sight.of(leg)
        }
        asked = {
            ids.encode("Offer", call.id) for call in facts.calls.values() if call.leg == case.id and sight.of(call)
        }
        tally.same("legs after it", {other["id"] for other in row["followedBy"]}, after, about)
        tally.same("offers of it", {offer["id"] for offer in row["offers"]}, asked, about)
    if not isinstance(case, Call):
        named = row["patient"]["identity"] is not None
        tally.same("identity", named, seen == FULL and sight.identity(case.patient), about)
    for step in row["availableActions"]:
        may = may_at_most(sight.who, case, step["action"], sight.now)
        tally.same("steps", may or not step["allowed"], True, f"{step['action']} {about}")
        if not may:
            # Whose a case is, is asked after its state; which role is needed, before it.
            late = step["code"] == "INVALID_STATE" and by_role(sight.who, case, step["action"], sight.now)
            tally.same("steps forbidden", late or step["code"], late or "FORBIDDEN", f"{step['action']} {about}")


def episodes(asker: Asker, random: Random, *, wide: int) -> None:
    """Each episode, with those of its legs that are seen."""
    facts, selection = asker.sight.facts, "{ number legs { id } patient { identity { name } } clocks { kind } }"
    absent = asker.absence("case", "Case", selection)
    for key, (row, error) in asker.rows("case", "Case", facts.numbers, selection).items():
        legs = [leg for leg in facts.legs_of(key) if asker.sight.of(leg)]
        about = f"case {facts.numbers[key]} for {asker.name}"
        if not legs:
            asker.tally.same("hidden is absent", (row, error), (None, absent), about)
            continue
        shown = {leg["id"] for leg in row["legs"]} if row else None
        asker.tally.same("legs of a case", shown, {ids.encode("Referral", leg.id) for leg in legs}, about)
        if row:
            full = any(asker.sight.of(leg) == FULL for leg in legs) and asker.sight.identity(legs[0].patient)
            asker.tally.same("identity", row["patient"]["identity"] is not None, full, about)
    keys = list(facts.numbers)
    for key in random.sample(keys, min(wide, len(keys))):
        asker.rows("case", "Case", [key], WIDE["Case"])


def some(random: Random, rows: Any, hidden: Any) -> list[Any]:
    """What is seen, and a few of what is hidden: where one row takes a request of its own."""
    kept_back = [key for key in rows if hidden(key)]
    return [key for key in rows if not hidden(key)] + random.sample(kept_back, min(FEW, len(kept_back)))


def of_glass(asker: Asker, random: Random) -> None:
    """Slides, scans, uploads and reports, each through its case."""
    facts, sight = asker.sight.facts, asker.sight
    reports = dict(Report.objects.values_list("pk", "case_id"))
    slides = {key: case for case, key in Slide.objects.filter(withdrawn_at=None).values_list("case_id", "pk")}
    slides = {key: case for key, case in slides.items() if key == min(k for k, c in slides.items() if c == case)}
    at_lab = {key for key, case in facts.glasses.items() if sight.who.holds((LAB,), case.sender, sight.now)}
    asked: list[tuple[str, str, str, dict[Any, Any], str]] = [
        ("report", "Report", "{ version conclusion signedBy { name } addenda { text } }", reports, "id"),
        ("diagnosticReport", "Report", "", reports, "id"),
        ("reportDraft", "PathologyCase", "{ conclusion freeText }", {key: key for key in facts.glasses}, "case"),
        ("slideScreen", "Slide", "{ caseNumber annotations { label } keyImages { caption } }", slides, "slide"),
        ("slideImages", "Slide", "{ format }", slides, "slide"),
        ("uploads", "Slide", "{ name }", slides, "slide"),
    ]
    for query, kind, selection, owners, argument in asked:
        absent = asker.absence(query, kind, selection, argument=argument)
        if query in ("slideScreen", "slideImages", "uploads", "diagnosticReport"):
            chosen = some(random, owners, lambda key, of=owners: sight.of(facts.glasses[of[key]]) is None)
            owners = {key: owners[key] for key in chosen}
            singly_asked(asker, query, kind, selection, owners, argument, absent, at_lab)
            continue
        for key, (row, error) in asker.rows(query, kind, owners, selection, argument=argument).items():
            case = facts.glasses[owners[key]]
            about = f"{query} of {case.number} {case.state} for {asker.name}"
            if sight.of(case) is None:
                asker.tally.same("hidden is absent", (row, error), (None, absent), about)
            else:
                asker.tally.same("seen", error, "", about)


def singly_asked(
    asker: Asker,
    query: str,
    kind: str,
    selection: str,
    owners: dict[Any, Any],
    argument: str,
    absent: str,
    lab: set[Any],
) -> None:
    """Fields that may not be empty, so that one refusal empties the whole answer: one document for each row."""
    facts, sight = asker.sight.facts, asker.sight
    for key, owner in owners.items():
        case = facts.glasses[owner]
        row, error = asker.rows(query, kind, [key], selection, argument=argument)[key]
        about = f"{query} of {case.number} {case.state} for {asker.name}"
        seen = owner in lab if query == "uploads" else sight.of(case) is not None
        if not seen:
            asker.tally.same("hidden is absent", (row, error), (None, absent), about)
        else:
            asker.tally.same("seen", error, "", about)


def files(asker: Asker, random: Random) -> None:
    """Files and pictures by their address: those of what is hidden answer as those that do not exist."""
    facts, sight = asker.sight.facts, asker.sight

    def unseen(key: Any) -> bool:
        return sight.of(facts.requests[key]) != FULL

    def unseen_episode(thread: Any) -> bool:
        return all(unseen(leg.id) for leg in facts.legs_of(thread))

    asked: list[tuple[str, str, dict[Any, Any], Callable[[Any], bool]]] = [
        ("/attachments/{}/", "Attachment", dict(Attachment.objects.values_list("pk", "case_id")), unseen_episode),
        ("/forms/{}/referral.pdf", "Referral", {key: key for key in facts.legs}, unseen),
        ("/reports/{}.json", "Report", dict(Report.objects.values_list("pk", "case_id")), unseen),
        ("/slides/{}/info", "SlideImage", dict(SlideImage.objects.values_list("pk", "case_id")), unseen),
        ("/key-images/{}", "KeyImage", dict(KeyImage.objects.values_list("pk", "case_id")), unseen),
    ]
    for address, kind, owners, hidden in asked:
        absent = fetched(asker, address, ids.encode(kind, "01890000-0000-7000-8000-000000000000"))
        kept_back = [key for key, owner in owners.items() if hidden(owner)]
        for key in random.sample(kept_back, min(FEW, len(kept_back))):
            found = fetched(asker, address, ids.encode(kind, key))
            asker.tally.same("hidden file is absent", found, absent, f"{address} {key} for {asker.name}")


def fetched(asker: Asker, address: str, id: str) -> tuple[int, str]:
    """Status and text of what lies at an address, the request's own id left out."""
    response = asker.edge.client.get(address.format(id), headers=asker.edge.headers)
    text = response.content.decode(errors="replace").replace(id, "…")
    asker.hear(text, address, singly=True)
    return response.status_code, text
