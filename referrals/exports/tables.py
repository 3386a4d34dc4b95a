"""The tables of an export, one function each: a title, a head, rows of texts and numbers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils.translation import gettext as _

from consortium.access import Actor
from consortium.models import Hospital, Level
from consortium.paper import moment
from referrals.coverage import LEVELS, Coverage, End, Grouping, breakdown, coverage, flows
from referrals.figures import Rate
from referrals.models import Export, ExportTable
from referrals.trend import trend

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """One table of a file."""

    code: str
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]


class Source:
    """The figures of an export, each counted when the first table asks for it."""

    def __init__(self, export: Export, *, by: Actor, now: datetime) -> None:
        self.export, self.by, self.now = export, by, now

    @cached_property
    def found(self) -> Coverage:
        """All but the trend and the hospitals."""
        export = self.export
        return coverage(
            by=self.by,
            alliance=export.alliance.code,
            capability=export.capability or None,
            since=export.since,
            until=export.until,
            grouping=Grouping.PREFECTURE,
            now=self.now,
        )


def about(source: Source) -> Table:
    """What the file is: whose figures, of which days, made when and for whom, and what the words mean."""
    found, export = source.found, source.export
    rows: list[tuple[Cell, Cell]] = [
        (_("联盟"), f"{found.scope.alliance.name}（{found.scope.alliance.code}）"),
        (_("能力"), export.capability or _("全部")),
        (_("期间"), f"{export.since} – {export.until}"),
        (_("生成时间"), moment(source.now)),
        (_("生成人"), source.by.person.name if source.by.person else ""),
        (_("小数隐去"), _("是：1 至 4 的计数，以及可由合计推出它们的计数") if found.scope.withheld else _("否")),
    ]
    rows += [(str(rate.definition.label), str(rate.definition.meaning)) for rate in found.indicators]
    rows += [(f"{rank} {label}", str(meaning)) for rank, (label, meaning) in enumerate(LEVELS.values())]
    return Table("ABOUT", _("说明"), (_("项目"), _("内容")), rows)


def _indicators(source: Source) -> Table:
    head = (_("指标"), _("比值"), _("分子"), _("分母"), _("完整度"), _("分子含义"), _("分母含义"))
    rows = [
        (
            str(rate.definition.label),
            *_parts(rate),
            rate.completeness,
            str(rate.definition.numerator),
            str(rate.definition.denominator),
        )
        for rate in source.found.indicators
    ]
    return _table(ExportTable.INDICATORS, head, rows)


def _counties(source: Source) -> Table:
    ranks = {reach: rank for rank, reach in enumerate(LEVELS)}
    head = (_("区划代码"), _("市州"), _("县级单元"), _("等级"), _("等级名称"), _("成员医院"), _("自有能力"))
    rows = [
        (
            county.division.code,
            county.division.parent.name if county.division.parent else "",
            county.division.name,
            ranks[county.reach],
            str(LEVELS[county.reach][0]),
            county.members,
            _("有") if county.has_capability else _("无"),
            told(county.sent),
            told(county.served),
        )
        for county in source.found.counties
    ]
    return _table(ExportTable.COUNTIES, (*head, _("转出"), _("已服务")), rows)


def _members(source: Source) -> Table:
    rows = [(str(Level(level).label), count) for level, count in source.found.members_by_level.items()]
    return _table(ExportTable.MEMBERS, (_("级别"), _("成员医院")), rows)


def _flows(source: Source) -> Table:
    head = (_("来源代码"), _("来源"), _("去向代码"), _("去向"), _("转诊"))
    rows = [(f.origin_code, f.origin, f.destination_code, f.destination, told(f.legs)) for f in source.found.flows]
    return _table(ExportTable.FLOWS, head, rows)


def _hospital_flows(source: Source) -> Table:
    found = flows(source.found.scope, Grouping.HOSPITAL)
    rows = [(flow.origin, flow.destination, told(flow.legs)) for flow in found]
    return _table(ExportTable.HOSPITAL_FLOWS, (_("来源"), _("去向"), _("转诊")), rows)


def _trend(source: Source) -> Table:
    months = trend(source.found.scope, months=source.export.months, now=source.now)
    head = [_("月份"), _("完整月"), _("送达")]
    for rate in months[0].indicators:
        head += [f"{rate.definition.label} {part}" for part in (_("比值"), _("分子"), _("分母"))]
    rows = [
        (
            month.name,
            _("是") if month.complete else _("否"),
            told(month.sent),
            *(part for rate in month.indicators for part in _parts(rate)),
        )
        for month in months
    ]
    return _table(ExportTable.TREND, head, rows)


def _hospitals(source: Source) -> Table:
    named = {row.pk: row for row in Hospital.objects.select_related("division")}
    head = [_("一端"), _("医院"), _("级别"), _("区划"), _("转诊")]
    rows: list[Sequence[Cell]] = []
    for end, label in ((End.DESTINATION, _("接收")), (End.ORIGIN, _("转出"))):
        for each in breakdown(source.found.scope, end=end, now=source.now):
            place = named[each.hospital]
            where = (label, place.name, str(place.get_level_display()), place.division.name)
            rows.append((*where, told(each.sent), *(part for rate in each.indicators for part in _parts(rate))))
    for rate in source.found.indicators[1:4]:
        head += [f"{rate.definition.label} {part}" for part in (_("比值"), _("分子"), _("分母"))]
    return _table(ExportTable.HOSPITALS, head, rows)


MADE: dict[ExportTable, Callable[[Source], Table]] = {
    ExportTable.INDICATORS: _indicators,
    ExportTable.COUNTIES: _counties,
    ExportTable.MEMBERS: _members,
    ExportTable.FLOWS: _flows,
    ExportTable.HOSPITAL_FLOWS: _hospital_flows,
    ExportTable.TREND: _trend,
    ExportTable.HOSPITALS: _hospitals,
}


def tables(source: Source) -> Iterator[Table]:
    """The tables that were asked for, one after the other, what they are about first."""
    yield about(source)
    for code in source.export.tables:
        yield MADE[ExportTable(code)](source)


def told(count: int | None) -> Cell:
    """A count, or a word where it is withheld."""
    return _("隐去") if count is None else count


def _parts(rate: Rate) -> tuple[Cell, Cell, Cell]:
    return rate.value, told(rate.numerator), told(rate.denominator)


def _table(code: ExportTable, head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Table:
    return Table(code.value, str(code.label), head, rows)
