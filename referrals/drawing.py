"""How `docs/` shows referrals and the offers of the green channel: what their tables of steps cannot say themselves."""

from collections.abc import Iterator

from consortium.drawing import Drawing, Part, codes, span, table
from consortium.management.commands.load_registry import rows
from consortium.models import Side
from referrals.actions import activate_green_channel, create_referral
from referrals.actions.withdraw import BEFORE_DEPARTURE, OPEN
from referrals.coverage import LEVELS
from referrals.figures import DEFINITIONS
from referrals.models import LIVE, UNANSWERED, Offer, OfferStatus, Referral, Status

REFERRALS = Drawing(
    Referral,
    diagrams={
        "From the draft to the answer": "send answer",
        "The green channel": "broadcast journey downward times",
        "From the acceptance to the closed loop": "travel finish",
        "How a leg ends early": "withdraw",
    },
    creators={Status.DRAFT: create_referral, Status.BROADCAST: activate_green_channel},
    carried=((BEFORE_DEPARTURE, Status.CLOSED, "record_death on another leg of the patient"),),
    branches={
        "submit_referral": {Status.OFFICE_REVIEW, Status.SENT},
        "resume_referral": {Status.ACCEPTED, Status.SCHEDULED},
    },
    begins={
        "redirect_referral": "leg SENT",
        "resend_referral": "leg SENT",
        "refer_down": "leg SENT",
        "divert_referral": "leg IN_TRANSIT",
        "broadcast_down": "leg BROADCAST",
    },
    wide={
        frozenset(OPEN): "any open",
        frozenset(BEFORE_DEPARTURE): "any open, before departure",
        frozenset(Status) - {Status.ENTERED_IN_ERROR}: "any",
    },
    final=frozenset(Status) - frozenset(OPEN),
)
OFFERS = Drawing(
    Offer,
    diagrams={"A hospital that is asked": "offers"},
    asked_by={OfferStatus.ASKED: "activate_green_channel, widen_broadcast, widen_on_silence, broadcast_down"},
    carried=(
        ([OfferStatus.OFFERED], OfferStatus.CHOSEN, "choose_offer names it"),
        (LIVE, OfferStatus.RELEASED, "choose_offer names another"),
        (LIVE, OfferStatus.WITHDRAWN, "the leg ends"),
    ),
    branches={"record_phone_answer": {OfferStatus.OFFERED, OfferStatus.DECLINED}},
    wide={
        frozenset(UNANSWERED): "not yet answered",
        frozenset(LIVE): "not yet ended",
    },
    final=frozenset(OfferStatus) - frozenset(LIVE),
)


def green_kinds() -> Iterator[str]:
    """The kinds of emergency: whom a call asks, how many at once, and how long it waits."""
    yield from table(
        "kind | 中文 | capability | else specialty | time to answer | a figure is fresh for | ring of | way",
        (
            [
                f"`{row['code']}`",
                row["label_zh"],
                codes(row["capability"]),
                row["specialty"] or "the sender's",
                span(row["answer_minutes"]),
                span(row["fresh_minutes"]),
                row["ring_size"],
                "down" if row["goes_down"] == "true" else "up",
            ]
            for row in rows("green_kinds.csv")
        ),
    )


def milestones() -> Iterator[str]:
    """The milestones with their order as a graph, then who records each and for what."""
    found = list(rows("green_milestones.csv"))
    yield from ("```mermaid", "flowchart LR")
    for row in found:
        yield f'    {row["code"]}["{row["code"]} {row["label_zh"]}"]'
    for row in found:
        yield from (f"    {earlier} --> {row['code']}" for earlier in row["after"].split("|") if earlier)
    yield from ("```", "")
    yield from table(
        "milestone | 中文 | recorded by | not before | only for",
        (
            [
                f"`{row['code']}`",
                row["label_zh"],
                Side(row["side"]).lower(),
                codes(row["after"]),
                codes(row["kinds"]) or "all",
            ]
            for row in found
        ),
    )


def indicators() -> Iterator[str]:
    """The figures of `coverage`: what each says and what it is made of."""
    yield from table(
        "indicator | 中文 | definition | numerator | denominator",
        (
            [f"`{name.value}`", said.label, said.meaning, said.numerator, said.denominator]
            for name, said in DEFINITIONS.items()
        ),
    )


def reach() -> Iterator[str]:
    """The four levels of a county unit on the map."""
    yield from table(
        "level | 中文 | definition",
        ([f"{rank} `{level.value}`", *LEVELS[level]] for rank, level in enumerate(LEVELS)),
    )


PARTS: dict[str, Part] = {
    "states": REFERRALS.states,
    "steps": REFERRALS.steps,
    "offer_states": OFFERS.states,
    "offer_steps": OFFERS.steps,
    "green_kinds": green_kinds,
    "milestones": milestones,
    "indicators": indicators,
    "reach": reach,
}
