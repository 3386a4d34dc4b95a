"""How `docs/` shows pathology cases: what their table of steps cannot say itself."""

from consortium.drawing import Drawing, Part
from telemedicine.actions import create_pathology
from telemedicine.actions.send import BEFORE_ISSUE
from telemedicine.experts import IN_HAND
from telemedicine.models import PathologyCase, Status

CASES = Drawing(
    PathologyCase,
    diagrams={
        "From the specimen to the reader": "write send share",
        "From the reading to the final result": "read report",
    },
    creators={Status.DRAFT: create_pathology},
    branches={
        "pass_quality": {Status.POOLED, Status.ASSIGNED},
        "reassign_pathology": {Status.ASSIGNED, Status.MORE_NEEDED},
        "acknowledge_report": {Status.ACKNOWLEDGED, Status.RECONCILED},
    },
    begins={"refer_pathology": "leg DRAFT, OFFICE_REVIEW, SENT or BROADCAST"},
    wide={frozenset(BEFORE_ISSUE): "before issue", frozenset(IN_HAND): "in hand"},
    final=frozenset({Status.UNDIAGNOSABLE, Status.RECONCILED, Status.CANCELLED}),
)
PARTS: dict[str, Part] = {"pathology_states": CASES.states, "pathology_steps": CASES.steps}
