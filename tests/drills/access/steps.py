"""Every mutation: on what is hidden it answers as on what is absent; on what is seen, as far as the rule gives it."""

import json
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import uuid4

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_nullable_type,
)

from consortium.models import Notice
from schema import ids
from schema.schema import schema
from telemedicine.models import Annotation, KeyImage, Report, Slide
from tests.drills.access.asking import Asker
from tests.drills.access.rule import CALL_STEPS, GLASS_STEPS, LEG_STEPS, may_at_most
from tests.edge.client import code_of

KINDS = {
    "performerDepartment": "Department", "requesterDepartment": "Department", "department": "Department",
    "alternativeHospital": "Hospital", "targets": "Department", "offer": "Offer", "specimen": "Specimen",
    "block": "Block", "slide": "Slide", "expert": "Person", "standbyExpert": "Person", "secondReader": "Person",
    "adjudicator": "Person", "patient": "Patient",
}  # fmt: skip
SCALARS: dict[str, Callable[[Any], Any]] = {
    "Int": lambda now: 1,
    "Float": lambda now: 1.0,
    "Boolean": lambda now: False,
    "String": lambda now: "x",
    "DateTime": lambda now: now.isoformat(),
    "Date": lambda now: now.date().isoformat(),
    "Time": lambda now: "08:00:00",
    "GeoJson": lambda now: {"type": "Point", "coordinates": [1, 1]},
}
ON_SLIDE = ("openSlide", "reportViewing", "annotateSlide", "keepKeyImage")
OTHERS = {
    **dict.fromkeys(ON_SLIDE, "Slide"),
    "saveReportDraft": "PathologyCase",
    "addAddendum": "Report",
    "changeAnnotation": "Annotation",
    "deleteAnnotation": "Annotation",
    "discardKeyImage": "KeyImage",
    "readNotice": "Notice",
    "unmaskPatient": "Referral",
}
KIND_OF = {
    **dict.fromkeys(LEG_STEPS, "Referral"),
    **dict.fromkeys(CALL_STEPS, "Offer"),
    **dict.fromkeys(GLASS_STEPS, "PathologyCase"),
    **OTHERS,
}


def filled(kind: Any, name: str, now: Any) -> Any:
    """A value of a type that the document's own check lets pass."""
    kind = get_nullable_type(kind)
    if isinstance(kind, GraphQLList):
        return [filled(kind.of_type, name, now)]
    if isinstance(kind, GraphQLInputObjectType):
        needed = {n: f for n, f in kind.fields.items() if isinstance(f.type, GraphQLNonNull)}
        return {n: filled(f.type, n, now) for n, f in needed.items()}
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if kind.name == "ID":
        pk = 2**31 - 1 if KINDS.get(name) == "Person" else uuid4()
        return ids.encode(KINDS.get(name, "Referral"), pk)
    return SCALARS[kind.name](now)


def inputs(action: str, now: Any) -> dict[str, Any]:
    """Every input that a mutation needs, without the object, the key and the version."""
    wanted = get_nullable_type(schema.graphql_schema.mutation_type.fields[action].args["input"].type)
    given = filled(wanted, "", now + timedelta(hours=1))
    return {name: value for name, value in given.items() if name not in ("idempotencyKey", "id", "expectedVersion")}


def named_by(action: str) -> str:
    """The input that names the object."""
    return "slide" if action in ON_SLIDE[1:] else "id"


def every_step(asker: Asker, random: Random, *, most: int) -> None:
    """Mutations in a random order, `most` of them: on something hidden, on nothing, and on something seen."""
    missing = set(KIND_OF) - set(schema.graphql_schema.mutation_type.fields)
    asker.tally.none("mutations of the rule", missing)
    hidden, seen = sorted_by_sight(asker)
    for action in random.sample(sorted(KIND_OF), min(most, len(KIND_OF))):
        kind = KIND_OF[action]
        if hidden[kind]:
            key = random.choice(hidden[kind])
            found, absent = (attempted(asker, action, kind, pk, 1) for pk in (key, uuid4()))
            asker.tally.same("step on hidden is on absent", found, absent, f"{action} {key} for {asker.name}")
        if action not in OTHERS and seen[kind]:
            on_seen(asker, action, kind, random.choice(seen[kind]))


def on_seen(asker: Asker, action: str, kind: str, key: Any) -> None:
    """A step with a version that never was: FORBIDDEN exactly where the rule gives it to none of one's roles."""
    case = asker.sight.facts.requests[key]
    code = code_of(attempted(asker, action, kind, key, -1))
    may = may_at_most(asker.sight.who, case, action, asker.sight.now)
    about = f"{action} of {case.number} {case.state} for {asker.name}: {code}"
    asker.tally.same("step not done", code != "OK", True, about)
    asker.tally.same("step unknown", code != "NOT_FOUND", True, about)
    if not may:
        asker.tally.same("step forbidden", code, "FORBIDDEN", about)


def sorted_by_sight(asker: Asker) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """What exists by kind: what is hidden from the asker, and what is seen."""
    facts, sight = asker.sight.facts, asker.sight
    hidden: dict[str, list[Any]] = {kind: [] for kind in set(KIND_OF.values())}
    seen: dict[str, list[Any]] = {kind: [] for kind in set(KIND_OF.values())}
    for kind, rows in (("Referral", facts.legs), ("Offer", facts.calls), ("PathologyCase", facts.glasses)):
        for key, case in rows.items():
            (hidden if sight.of(case) is None else seen)[kind].append(key)
    for model in (Slide, Report, Annotation, KeyImage):
        for key, owner in model.objects.values_list("pk", "case_id"):
            if sight.of(facts.glasses[owner]) is None:
                hidden[model.__name__].append(key)
    hidden["Notice"] = list(Notice.objects.exclude(person=sight.who.id).values_list("pk", flat=True)[:50])
    return hidden, seen


def attempted(asker: Asker, action: str, kind: str, key: Any, version: int) -> dict[str, Any]:
    """The answer to a step on an object, the object's own id left out."""
    given = inputs(action, asker.sight.now) | {named_by(action): ids.encode(kind, key)}
    wanted = get_nullable_type(schema.graphql_schema.mutation_type.fields[action].args["input"].type).fields
    if "expectedVersion" in wanted:
        given["expectedVersion"] = version
    text = asker.edge.attempt(action, "", **given).content.decode()
    asker.hear(text, action, singly=True)
    asker.tally.none("faults", '"INTERNAL"' in text, f"{action} by {asker.name}")
    return dict(json_of(text.replace(ids.encode(kind, key), "…")))


def json_of(text: str) -> dict[str, Any]:
    """The answer without what is new in each request."""
    answer = json.loads(text)
    for error in answer.get("errors", ()):
        error.get("extensions", {}).pop("requestId", None)
    return dict(answer)
