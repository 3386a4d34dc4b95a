"""Whether the patient named inside a slide file is the one it was uploaded for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

IDEOGRAPHS = re.compile(r"[\u3400-\u9fff]+")


@dataclass(frozen=True)
class Patient:
    """Whose slide it should be; what is unknown stays empty and is not compared."""

    name: str = ""
    identifiers: tuple[str, ...] = ()
    birth_date: date | None = None


def differs(tags: Mapping[str, str], patient: Patient) -> bool:
    """Whether a file's tags contradict a patient: another birth date, or another Chinese name or another number.

    A number or name that matches outweighs the other, since hospitals number patients each their own way.
    """
    born = tags.get("PatientBirthDate", "")
    if patient.birth_date and born.isdigit() and born != patient.birth_date.strftime("%Y%m%d"):
        return True
    number = tags.get("PatientID", "")
    if number and number in patient.identifiers:
        return False
    named, wanted = ("".join(IDEOGRAPHS.findall(name)) for name in (tags.get("PatientName", ""), patient.name))
    if named and wanted:
        return named != wanted
    return bool(number and patient.identifiers and not named)
