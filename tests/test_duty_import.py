"""A list of duties: what it adds, what it leaves, and that one mistake writes nothing."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from consortium.duty_import import import_duties
from consortium.members import Rejected
from consortium.models import Duty, Post
from tests.world import EXPERT, NOW, World

DAY = timedelta(days=1)


def lines(world: World, *rows: str) -> list[str]:
    """A heading and rows in which `H`, `1` and `2` stand for the hospital and two specialists."""
    names = {n: world.people["province", EXPERT, n].username for n in (1, 2)}
    code = world.hospitals["province"].credit_code
    heading = "统一社会信用代码,科室,账号,开始时间,结束时间,班次"
    return [heading, *(row.format(H=code, one=names[1], two=names[2]) for row in rows)]


GOOD = (
    "{H},儿科,{one},2026-03-02 08:00,2026-03-03 08:00,",
    "{H},儿科,{two},2026-03-02 08:00,2026-03-09 08:00,科室负责人",
)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_list_is_added_and_added_again_changes_nothing(world, tmp_path: Path, kind):
    path = tmp_path / f"duties.{kind}"
    if kind == "csv":
        path.write_text("\n".join(lines(world, *GOOD)), encoding="utf-8-sig")
    else:
        book = Workbook()
        for line in lines(world, *GOOD):
            book.active.append(line.split(","))
        book.save(path)
    assert import_duties(path=path, dry_run=True).created == 2
    assert Duty.objects.count() == 0
    assert (import_duties(path=path).created, import_duties(path=path).unchanged) == (2, 2)
    first, head = Duty.objects.order_by("post").reverse()[1], Duty.objects.get(post=Post.HEAD)
    assert (first.person, first.department) == (world.people["province", EXPERT, 1], world.departments["province"])
    assert (first.starts_at, first.ends_at) == (NOW.replace(hour=8), NOW.replace(hour=8) + DAY)
    assert head.person == world.people["province", EXPERT, 2]


BAD = [
    ("{H},骨科,{one},2026-03-02 08:00,2026-03-03 08:00,", "科室"),
    ("{H},儿科,nobody,2026-03-02 08:00,2026-03-03 08:00,", "账号"),
    ("{H},儿科,{one},昨天,2026-03-03 08:00,", "开始时间"),
    ("{H},儿科,{one},2026-03-03 08:00,2026-03-03 08:00,", "结束时间"),
    ("{H},儿科,{one},2026-03-02 08:00,2026-03-03 08:00,夜班", "班次"),
    ("{H},儿科,{one},2026-03-02 12:00,2026-03-03 08:00,", "开始时间"),
]


@pytest.mark.parametrize(("row", "column"), BAD)
def test_one_mistake_writes_nothing_and_is_named(world, tmp_path, row, column):
    path = tmp_path / "duties.csv"
    path.write_text("\n".join(lines(world, *GOOD, row)), encoding="utf-8")
    with pytest.raises(Rejected) as rejected:
        import_duties(path=path)
    assert [(problem.line, problem.column) for problem in rejected.value.problems] == [(4, column)]
    assert Duty.objects.count() == 0


def test_the_command_names_the_lines(world, tmp_path):
    path, said = tmp_path / "duties.csv", StringIO()
    path.write_text("\n".join(lines(world, GOOD[0])), encoding="utf-8")
    call_command("import_duties", path, stdout=said)
    assert "新建 1，未变 0" in said.getvalue()
    path.write_text("\n".join(lines(world, BAD[1][0])), encoding="utf-8")
    with pytest.raises(CommandError, match="共 1 处错误"):
        call_command("import_duties", path, stdout=said)
    assert "第 2 行 · 账号 · nobody" in said.getvalue()
