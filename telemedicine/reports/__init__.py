"""Reports: what is signed is kept for ever, version by version."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from consortium.access import Actor
from consortium.errors import checked
from consortium.models import PractitionerRole
from telemedicine.models import Opinion, Part, PathologyCase


def issue(
    case: PathologyCase, *, content: Mapping[str, Any], by: Actor, now: datetime, role: PractitionerRole | None
) -> int:
    """Store the next version of a case's report, whose conclusion the case carries; the version."""
    version = case.report_version + 1
    checked(
        Opinion(
            case=case,
            part=Part.REPORT,
            person=by.person,
            diagnostic_class=case.conclusion_class,
            text=case.conclusion,
            code=case.conclusion_code,
            version=version,
            content=dict(content),
            given_at=now,
        )
    ).save(force_insert=True)
    return version
