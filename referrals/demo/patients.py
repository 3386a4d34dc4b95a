"""Invented patients: names from common characters, valid identity numbers that fit division, birth date and sex."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from consortium.demo import shipped
from consortium.identity import id_check_digit
from consortium.models import Division
from referrals.content import GUARDIAN_AGE

NEWBORN_DAYS = 5  # younger than this, a child has no identity number yet
FAMILY = {"FEMALE": "母亲", "MALE": "父亲"}


class Patients:
    """Nobody is invented twice."""

    def __init__(self, chance: Random) -> None:
        """Invent with this generator."""
        self.chance = chance
        self.names = shipped("names.json")
        self.numbers: set[str] = set()

    def invent(self, text: Mapping[str, Any], home: Division, at: datetime) -> dict[str, Any]:
        """A patient whom the clinical text fits, at home in a county; with a guardian when under 14."""
        chance = self.chance
        sex = text["sex"] if text["sex"] != "ANY" else chance.choice(["MALE", "FEMALE"])
        age = chance.randint(*text["age_days"]) if "age_days" in text else self.days_of(text["age_years"])
        birth_date = timezone.localdate(at) - timedelta(days=age)
        child = age < GUARDIAN_AGE * 365.25
        surname = chance.choice(self.names["surnames"])
        given = self.names["given_child" if child else "given_" + sex.lower()]
        patient = {
            "name": surname + chance.choice(given),
            "phone": self.phone(),
            "address": f"{home.parent.name if home.parent else ''}{home.name}",
        }
        if child:
            patient |= self.guardian(surname)
        if age < NEWBORN_DAYS:
            mother = self.adult("FEMALE")
            name = f"{mother}之{'子' if sex == 'MALE' else '女'}"
            label = f"{name} {birth_date:%Y-%m-%d}"
            patient |= {"name": name, "guardian_name": mother, "guardian_relation": FAMILY["FEMALE"]}
            return patient | {"temporary_identity": label, "sex": sex, "birth_date": birth_date}
        return patient | {"id_number": self.number(home.code, birth_date, sex)}

    def days_of(self, years: list[int]) -> int:
        """An age in days within a range of completed years."""
        return round(self.chance.randint(*years) * 365.25 + self.chance.randint(1, 360))

    def number(self, division: str, birth_date: date, sex: str) -> str:
        """A valid identity number (GB 11643) that no other invented patient has."""
        while True:
            order = self.chance.randrange(0, 1000, 2) + (sex == "MALE")
            first17 = f"{division}{birth_date:%Y%m%d}{order:03d}"
            if first17 not in self.numbers:
                self.numbers.add(first17)
                return first17 + id_check_digit(first17)

    def guardian(self, surname: str) -> dict[str, str]:
        """A parent; the father bears the child's surname."""
        sex = self.chance.choice(["FEMALE", "FEMALE", "MALE"])
        name = surname + self.chance.choice(self.names["given_male"]) if sex == "MALE" else self.adult(sex)
        return {"guardian_name": name, "guardian_relation": FAMILY[sex], "guardian_phone": self.phone()}

    def adult(self, sex: str) -> str:
        """An adult's name."""
        return self.chance.choice(self.names["surnames"]) + self.chance.choice(self.names["given_" + sex.lower()])

    def phone(self) -> str:
        """A number that can be read but belongs to nobody: no mobile number begins with 100."""
        return f"100{self.chance.randrange(10**8):08d}"


def consent_of(patient: Mapping[str, Any]) -> dict[str, str]:
    """Who consents to share the record: the guardian where there is one, else the patient."""
    if "guardian_name" in patient:
        return {"consent_by": patient["guardian_name"], "consent_relation": patient["guardian_relation"]}
    return {"consent_by": patient["name"], "consent_relation": "本人"}
