"""Every table of the database as text, searched for what must not stand there in clear."""

from django.db import connection

from consortium.models import Patient

SHORTEST = 7  # a number of fewer characters could stand anywhere by chance


def clear_numbers() -> dict[str, set[str]]:
    """The tables in which an identity or telephone number of a patient stands readably, with the numbers found.

    A column of bytes is searched for the bytes of a number; JSON, arrays and free text as they are.
    """
    numbers = {
        number
        for patient in Patient.objects.all()
        for number in (patient.id_number, patient.phone, patient.guardian_phone)
        if number and len(number) >= SHORTEST
    }
    assert numbers, "without a number nothing would be looked for"
    found: dict[str, set[str]] = {}
    for table in connection.introspection.table_names():
        text = dumped(table)
        if hits := {number for number in numbers if number in text or number.encode().hex() in text}:
            found[table] = hits
    return found


def dumped(table: str) -> str:
    """A whole table as text, bytes as hexadecimal digits."""
    with connection.cursor() as cursor:
        cursor.execute(f"select row::text from {connection.ops.quote_name(table)} as row")  # noqa: S608 - our own tables
        return "\n".join(text for (text,) in cursor.fetchall())
