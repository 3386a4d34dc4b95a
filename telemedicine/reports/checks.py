"""System check: no process starts with report templates that contradict themselves."""

from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from telemedicine.reports import templates


@register()
def templates_are_sound(**_: Any) -> list[CheckMessage]:
    """Every template can be read and agrees with itself."""
    try:
        templates.every()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint="Mend the file in telemedicine/data/report_templates.", id="telemedicine.E001")]
    return []
