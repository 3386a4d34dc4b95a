"""The English catalogue of the messages: taken from the code, kept, judged and compiled with Babel.

The Chinese sentence in the code is the key, so Chinese needs no catalogue. The `.po` file carries neither dates nor
line numbers: it changes only where words or their order change.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings

LANGUAGE = "en"
ROOMS = ("consortium", "referrals", "telemedicine", "schema")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
HEADER = r"""# English words of Refnet. After changing messages run: manage.py words
msgid ""
msgstr ""
"Language: {language}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: {plurals}\n"

"""


def path() -> Path:
    """Where the catalogue lies: where Django looks for it first."""
    return Path(settings.LOCALE_PATHS[0]) / LANGUAGE / "LC_MESSAGES" / "django.po"


def extracted() -> Catalog:
    """Every message of the code, without translations, with the files that say it."""
    found = Catalog(LANGUAGE)
    for room in ROOMS:
        for file, line, message, _comments, context in extract_from_dir(
            settings.BASE_DIR / room, [("**.py", "python")], keywords=KEYWORDS
        ):
            found.add(message, locations=[(f"{room}/{file}", line)], context=context)
    return found


def read() -> Catalog:
    """The catalogue as it is stored; an empty one if there is none yet."""
    if not path().is_file():
        return Catalog(LANGUAGE)
    with path().open("rb") as file:
        return read_po(file, locale=LANGUAGE, abort_invalid=True)


def write(catalogue: Catalog) -> None:
    """Store the catalogue in the order of the code, without obsolete entries, and its compiled form beside it."""
    text, compiled = BytesIO(), BytesIO()
    text.write(HEADER.format(language=LANGUAGE, plurals=catalogue.plural_forms).encode())
    write_po(text, catalogue, width=0, omit_header=True, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    write_mo(compiled, catalogue)
    path().parent.mkdir(parents=True, exist_ok=True)
    path().write_bytes(text.getvalue().rstrip() + b"\n")
    path().with_suffix(".mo").write_bytes(compiled.getvalue())


def renewed(template: Catalog) -> Catalog:
    """The catalogue, stored anew in line with the code: translations stay, what nobody says any more goes."""
    catalogue = read()
    catalogue.update(template, no_fuzzy_matching=True)
    write(catalogue)
    return read()


def faults(catalogue: Catalog, template: Catalog) -> Iterator[str]:
    """What is wrong with a catalogue, measured by the messages of the code: one line for each entry."""
    for asked in template:
        if asked.id:
            kept = catalogue.get(asked.id, asked.context)
            if fault := "missing" if kept is None else _fault(kept):
                yield f"{fault}: {_shown(asked)}"
    for left in (*catalogue, *catalogue.obsolete.values()):
        if left.id and template.get(left.id, left.context) is None:
            yield f"obsolete: {_shown(left)}"


def _fault(message: Message) -> str:
    """What is wrong with one entry, or nothing."""
    strings = _forms(message.string)
    if not all(text.strip() for text in strings):
        return "no translation"
    if message.fuzzy:
        return "fuzzy"
    wanted = _placeholders(_forms(message.id)[-1])
    return "" if all(_placeholders(text) == wanted for text in strings) else "placeholders differ"


def _forms(words: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """The one or several grammatical forms of a message."""
    return (words or "",) if isinstance(words, str | None) else tuple(words)


def _placeholders(text: str) -> set[str] | None:
    """The names in braces; nothing if the braces do not match."""
    try:
        return {name for _text, name, _format, _conversion in Formatter().parse(text) if name is not None}
    except ValueError:
        return None


def _shown(message: Message) -> str:
    """A message as a line: its context, its words, the files that say it."""
    context = f"[{message.context}] " if message.context else ""
    files = ", ".join(dict.fromkeys(file for file, _line in message.locations))
    return f"{context}{_forms(message.id)[0]}" + (f" ({files})" if files else "")
