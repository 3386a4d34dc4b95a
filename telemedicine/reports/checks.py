"""System checks: no process starts with report templates that contradict themselves, nor silently without a font."""

from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from consortium import paper
from consortium.errors import Refused
from telemedicine.reports import templates


@register()
def templates_are_sound(**_: Any) -> list[CheckMessage]:
    """Every template can be read and agrees with itself."""
    try:
        templates.every()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint="Mend the file in telemedicine/data/report_templates.", id="telemedicine.E001")]
    return []


@register()
def font_is_there(**_: Any) -> list[CheckMessage]:
    """The font of printed reports is installed; without it everything but the PDF works."""
    try:
        paper.font()
    except Refused as refused:
        return [Warning(refused.message, hint="Install requirements.txt, then restart.", id="telemedicine.W001")]
    return []
