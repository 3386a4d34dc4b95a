"""The English catalogue: complete, faithful to the Chinese, and found by Django. Needs no database."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext, override

from consortium import access, words
from consortium.models import Hospital, Level, Priority, Side
from consortium.roles import Role
from referrals import actions
from referrals.models import Booking, Decision, Direction, Ending, Status

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"
CHINESE = re.compile(r"[\u2e80-\u2fff\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
REQUEST_ID = 'msgid "系统内部错误，未作任何更改；请联系管理员并提供请求编号 {id}。"\n'


@pytest.fixture(scope="module")
def template() -> Catalog:
    """The messages of the code, looked for once."""
    return words.extracted()


@pytest.fixture(autouse=True)
def _once(monkeypatch: pytest.MonkeyPatch, template: Catalog) -> None:
    monkeypatch.setattr(words, "extracted", lambda: template)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the locale folder, compiled as the launcher does."""
    folder = tmp_path_factory.mktemp("words") / "locale"
    source = folder / PO.relative_to(ROOT / "locale")
    source.parent.mkdir(parents=True)
    shutil.copyfile(PO, source)
    command = [sys.executable, "-m", "babel.messages.frontend", "-q", "compile"]
    subprocess.run([*command, "-i", source, "-o", source.with_suffix(".mo")], check=True)
    return folder


@pytest.fixture
def copy(tmp_path: Path, settings, compiled: Path) -> Path:
    """A copy of the catalogue that Django reads instead."""
    settings.LOCALE_PATHS = [shutil.copytree(compiled, tmp_path / "locale")]
    return tmp_path / PO.relative_to(ROOT)


def checked() -> str:
    """What `manage.py words --check` prints; raises CommandError with the list of faults."""
    printed = StringIO()
    call_command("words", check=True, stdout=printed)
    return printed.getvalue()


def plant(copy: Path, before: str, after: str) -> None:
    text = copy.read_text(encoding="utf-8")
    assert text.count(before) == 1
    copy.write_text(text.replace(before, after), encoding="utf-8")


def test_the_catalogue_is_complete(template: Catalog) -> None:
    assert list(words.faults(words.read(), template)) == []


def test_django_reads_the_catalogue_that_is_checked() -> None:
    assert words.path() == PO
    assert django_settings.LOCALE_PATHS == [ROOT / "locale"]


def test_no_english_text_holds_a_chinese_character() -> None:
    strings = [text for message in words.read() if message.id for text in words._forms(message.string)]
    assert [text for text in strings if CHINESE.search(text)] == []


def test_english_sentences_end_where_the_chinese_end() -> None:
    for message in words.read():
        if message.id and message.id.endswith("。"):
            assert message.string[-1] in ".”", message.id


@pytest.mark.usefixtures("copy")
@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("请填写病情摘要。", "Enter the clinical summary."),
        ("请先登录，或提供有效的接口令牌。", "Sign in first, or send a valid API token."),
        ("床位数必须注明统计时间。", "State when the beds were counted."),
    ],
)
def test_a_message_comes_in_the_language_asked_for(chinese: str, english: str) -> None:
    with override("en"):
        assert gettext(chinese) == english
    with override("zh-hans"):
        assert gettext(chinese) == chinese


@pytest.mark.usefixtures("copy")
def test_a_refusal_comes_in_the_language_of_the_moment() -> None:
    with override("en"):
        assert access.not_found().message == "Not found. It does not exist, or you may not see it."
    with override("zh-hans"):
        assert access.not_found().message == "没有找到该对象：它不存在，或者不在您的权限范围内。"


@pytest.mark.usefixtures("copy")
@pytest.mark.parametrize(
    ("label", "chinese", "english"),
    [
        (Status.IN_TRIAGE.label, "分诊中", "In triage"),
        (Status.ON_HOLD.label, "暂缓", "On hold"),
        (Status.NO_SHOW.label, "未到诊", "Did not attend"),
        (Priority.STAT.label, "立即", "Immediate"),
        (Side.PERFORMER.label, "接收方", "Performer"),
        (Role.EXPERT.label, "接诊专家", "Accepting specialist"),
        (Decision.ACCEPTED.label, "接受", "Accepted"),
        (Ending.CANCELLED.label, "取消", "Cancelled"),
        (Direction.DOWN.label, "下转", "Down"),
        (Booking.Kind.SLOT.label, "门诊号源", "Clinic slot"),
        (Hospital.Grade.G3A.label, "三级甲等", "Tertiary, grade A"),
        # A step is a verb where the state or answer of the same Chinese word is not.
        (actions.accept_referral.step.label, "接受", "Accept"),
        (actions.hold_referral.step.label, "暂缓", "Put on hold"),
        (actions.cancel_referral.step.label, "取消", "Cancel"),
        (actions.refer_down.step.label, "下转", "Refer down"),
    ],
)
def test_a_label_comes_in_the_language_asked_for(label: Promise, chinese: str, english: str) -> None:
    with override("en"):
        assert str(label) == english
    with override("zh-hans"):
        assert str(label) == chinese


@pytest.mark.usefixtures("copy")
def test_check_passes_on_a_faithful_copy(template: Catalog) -> None:
    assert checked() == f"django.po: {len(template)} messages, 0 faults\n"


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        (
            'msgstr "Enter the clinical summary."',
            'msgstr ""',
            "no translation: 请填写病情摘要。 (referrals/content.py)",
        ),
        (
            'msgctxt "step"\nmsgid "取消"\nmsgstr "Cancel"',
            'msgctxt "step"\nmsgid "取消"\nmsgstr ""',
            "no translation: [step] 取消 (referrals/actions/withdraw.py)",
        ),
        ("request id {id}.", "request id {number}.", "placeholders differ: 系统内部错误"),
        ("request id {id}.", "request id {id.", "placeholders differ: 系统内部错误"),
        (f"#, python-brace-format\n{REQUEST_ID}", f"#, fuzzy\n{REQUEST_ID}", "fuzzy: 系统内部错误"),
        ('msgid "请填写病情摘要。"', 'msgid "请填写摘要。"', "missing: 请填写病情摘要。 (referrals/content.py)"),
        ('msgid "请填写病情摘要。"', 'msgid "请填写摘要。"', "obsolete: 请填写摘要。 (referrals/content.py)"),
    ],
)
def test_check_names_a_planted_fault(copy: Path, before: str, after: str, fault: str) -> None:
    plant(copy, before, after)
    planted = copy.read_bytes()
    with pytest.raises(CommandError, match=re.escape(f"  {fault}")):
        checked()
    assert copy.read_bytes() == planted


def test_check_names_an_entry_kept_as_obsolete(copy: Path) -> None:
    with copy.open("a", encoding="utf-8") as file:
        file.write('\n#~ msgid "旧话"\n#~ msgstr "Old words"\n')
    with pytest.raises(CommandError, match=r"1 faults(.|\n)*obsolete: 旧话"):
        checked()


def test_check_without_a_catalogue_misses_everything(copy: Path, template: Catalog) -> None:
    copy.unlink()
    with pytest.raises(CommandError, match=f"{len(template)} faults"):
        checked()


def test_renewal_keeps_what_is_said_and_drops_what_is_not(copy: Path) -> None:
    plant(copy, 'msgstr "Enter the clinical summary."', 'msgstr "Write the clinical summary."')
    plant(copy, 'msgid "请填写转诊目的。"', 'msgid "旧话"')
    printed = StringIO()
    call_command("words", stdout=printed)
    renewed = words.read()
    assert renewed["请填写病情摘要。"].string == "Write the clinical summary."
    assert renewed["请填写转诊目的。"].string == ""
    assert "旧话" not in copy.read_text(encoding="utf-8")
    assert printed.getvalue() == (
        f"django.po: {len(renewed)} messages, 1 faults\n  no translation: 请填写转诊目的。 (referrals/content.py)\n"
    )


def test_renewal_of_a_complete_catalogue_changes_no_byte(copy: Path) -> None:
    call_command("words", stdout=StringIO())
    assert copy.read_bytes() == PO.read_bytes()


def test_renewal_compiles_what_django_reads(copy: Path) -> None:
    copy.with_suffix(".mo").unlink()
    call_command("words", stdout=StringIO())
    with override("en"):
        assert gettext("请填写病情摘要。") == "Enter the clinical summary."


def test_the_catalogue_carries_no_dates_line_numbers_or_tool_versions() -> None:
    text = PO.read_text(encoding="utf-8")
    assert not re.search(r"-Date:|Generated-By|^#: .*\.py:\d", text, re.MULTILINE)


def test_plural_forms_are_each_held_to_the_placeholders() -> None:
    template, kept = Catalog("en"), Catalog("en")
    template.add(("{n} 张床", "{n} 张床位"))
    kept.add(("{n} 张床", "{n} 张床位"), ("{n} bed", "many beds"))
    assert list(words.faults(kept, template)) == ["placeholders differ: {n} 张床"]
    kept["{n} 张床"].string = ("{n} bed", "{n} beds")
    assert list(words.faults(kept, template)) == []
    kept["{n} 张床"].string = ("{n} bed", "")
    assert list(words.faults(kept, template)) == ["no translation: {n} 张床"]


@pytest.mark.usefixtures("copy")
@pytest.mark.parametrize("choices", [Level, Hospital.Grade, Hospital.Kind, Hospital.OutgoingReview])
def test_labels_that_an_import_reads_back_differ_from_each_other(choices: type[TextChoices]) -> None:
    for language, _name in django_settings.LANGUAGES:
        with override(language):
            assert len({str(label).upper() for label in choices.labels}) == len(choices)


def calls(room: str) -> Iterator[tuple[str, ast.Call, bool]]:
    """The calls for translation in one room: where, which, and whether it runs inside a function."""
    for file in sorted((ROOT / room).rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]
        inside = {id(inner) for function in functions for inner in ast.walk(function)}
        lazy = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if alias.name.endswith("gettext_lazy")
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in words.KEYWORDS:
                yield f"{file.relative_to(ROOT)}:{node.lineno}", node, id(node) in inside or node.func.id in lazy


@pytest.mark.parametrize("room", words.ROOMS)
def test_every_message_is_a_plain_sentence_that_babel_can_find(room: str) -> None:
    built = [at for at, call, _timely in calls(room) if not isinstance(call.args[0], ast.Constant)]
    assert built == [], "translate a literal, then .format() it"


@pytest.mark.parametrize("room", words.ROOMS)
def test_no_message_freezes_in_the_language_of_the_import(room: str) -> None:
    frozen = [at for at, _call, timely in calls(room) if not timely]
    assert frozen == [], "use gettext_lazy outside functions"
