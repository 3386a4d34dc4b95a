"""One month of an alliance on paper: what was reached, what was answered, where patients went, how it developed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from consortium.access import Actor
from consortium.errors import Code, Refused
from consortium.models import ClockRule, Division, Hospital, Level
from consortium.paper import Paper, moment
from consortium.plots import Bar, Box, bars, line
from referrals.attainment import Attained, By, attainment
from referrals.coverage import LEVELS, Coverage, End, Grouping, HospitalFigures, Reach, breakdown, coverage
from referrals.figures import Rate
from referrals.monthly import outlines
from referrals.trend import Month, month_of, trend

MONTHS = 12
FLOWS, HOSPITALS = 20, 20  # rows that are printed of a list
SHADES: dict[Reach, outlines.Colour] = {  # from light to dark, so that a copy in grey says the same
    Reach.NONE: (255, 255, 255),
    Reach.MEMBER: (205, 222, 233),
    Reach.ACTIVE: (118, 165, 193),
    Reach.SERVED: (25, 82, 118),
}
WITHHELD = "隐去"


@dataclass(frozen=True)
class Figures:
    """Everything that a report says."""

    found: Coverage
    months: list[Month]
    hospitals: list[HospitalFigures]
    limits: list[Attained]
    by: Actor
    now: datetime

    @property
    def first(self) -> date:
        """The first day of the month."""
        return self.found.scope.since

    @property
    def complete(self) -> bool:
        """Whether the month is over."""
        return timezone.localdate(self.now) > month_of(self.first)[1]


def monthly_report(
    *, by: Actor, alliance: str, month: str, now: datetime, capability: str | None = None
) -> tuple[bytes, str]:
    """The PDF of a month, such as 2026-10, and a name for its file.

    NOT_FOUND for an alliance that is not theirs to see, INVALID_INPUT for what is no month or has not begun.
    """
    first, last = _days(month, timezone.localdate(now))
    found = coverage(
        by=by,
        alliance=alliance,
        capability=capability,
        since=first,
        until=last,
        grouping=Grouping.PREFECTURE,
        now=now,
    )
    figures = Figures(
        found=found,
        months=trend(found.scope, months=MONTHS, now=now),
        hospitals=breakdown(found.scope, end=End.DESTINATION, now=now),
        limits=attainment(by=by, since=first, until=last, grouping=By.KIND, now=now, alliance=alliance),
        by=by,
        now=now,
    )
    with override("zh-hans"):
        return _drawn(figures), f"coverage-{alliance}-{month}.pdf"


def _days(month: str, today: date) -> tuple[date, date]:
    """The first and the last day of a month; of the running one until today."""
    try:
        first, last = month_of(date.fromisoformat(f"{month}-01"))
    except ValueError:
        first = date.max
    if first > today or len(month) != 7:
        raise Refused(Code.INVALID_INPUT, _("请给出已开始的月份，例如 2026-10。"), field="month")
    return first, min(last, today)


def _drawn(figures: Figures) -> bytes:
    found, now = figures.found, figures.now
    maker = figures.by.person.name if figures.by.person else ""
    page = Paper(
        head=(found.scope.alliance.name, f"转诊协作月报　{figures.first.year} 年 {figures.first.month} 月"),
        foot=f"{found.scope.alliance.name} {figures.months[-1].name}　{maker} {moment(now)} 生成",
        across="" if figures.complete else "本月未结束",
        made_at=now,
    )
    _about(page, figures, maker)
    _indicators(page, figures)
    _map(page, found)
    _members(page, found)
    _flows(page, found)
    _trend(page, figures.months)
    _hospitals(page, figures.hospitals)
    _limits(page, figures.limits)
    _definitions(page, found)
    return bytes(page.output())


def _about(page: Paper, figures: Figures, maker: str) -> None:
    scope = figures.found.scope
    page.pair(
        [
            ("联盟", f"{scope.alliance.name}（{scope.alliance.code}）"),
            ("期间", f"{scope.since} 至 {scope.until}"),
            ("能力", scope.capability or "全部"),
            ("送达转诊", f"{told(figures.found.sent)} 例"),
            ("生成人", maker),
            ("生成时间", moment(figures.now)),
        ]
    )
    if scope.withheld:
        page.entry("隐去", "1 至 4 的计数，以及可由合计推出它们的计数，均不显示。")
    if not figures.complete:
        page.entry("未结束", "本月尚未结束，数字截至生成之日，仍会变化。")
    page.rule()


def _indicators(page: Paper, figures: Figures) -> None:
    page.heading("一、指标")
    before = figures.months[-2]
    rows = []
    for rate in figures.found.indicators:
        earlier = next(one for one in before.indicators if one.indicator is rate.indicator)
        rows.append(
            [
                str(rate.definition.label),
                percent(rate.value),
                f"{told(rate.numerator)} / {told(rate.denominator)}",
                percent(rate.completeness),
                percent(earlier.value),
                change(rate, earlier),
            ]
        )
    page.grid(("指标", "本月", "分子 / 分母", "完整度", "上月", "变化"), rows)


def _map(page: Paper, found: Coverage) -> None:
    page.keep(30)  # the map stays in one piece, with its heading
    page.heading("二、县域覆盖")
    top, width = page.get_y(), 112.0
    height = width * outlines.outlines().height / outlines.outlines().width
    colours = {county.division.code: SHADES[county.reach] for county in found.counties}
    outlines.draw(page, Box(page.l_margin, top, width, height), colours)
    _legend(page, found, Box(page.l_margin + width + 4, top + 8, page.epw - width - 4, height))
    page.set_y(top + height + 3)
    blank = [county.division for county in found.counties if county.reach is Reach.NONE]
    page.entry(f"空白 {len(blank)} 个", named(blank))


def _legend(page: Paper, found: Coverage, box: Box) -> None:
    """The four levels with their counts beside the map."""
    y = box.y
    page.set_draw_color(120)
    for reach, number in found.levels().items():
        label, meaning = LEVELS[reach]
        page.set_fill_color(*SHADES[reach])
        page.rect(box.x, y, 7, 5, style="DF")
        page.set_xy(box.x + 9, y)
        page.ink(10)
        page.cell(0, 5, f"{label}　{number} 个")
        page.ink(8, 95)
        y += 6
        for text in page.lines(str(meaning), box.width - 9):
            page.set_xy(box.x + 9, y)
            page.cell(0, 4, text)
            y += 4
        y += 3


def _members(page: Paper, found: Coverage) -> None:
    page.heading("三、成员医院（按级别）")
    levels = found.members_by_level.items()
    bars(page, [Bar(str(Level(level).label), count, f"{count} 家") for level, count in levels])


def _flows(page: Paper, found: Coverage) -> None:
    page.heading("四、流向（市州之间，由强到弱）")
    shown = found.flows[:FLOWS]
    if not shown:
        page.paragraph("本月没有成员之间的转诊。")
    bars(page, [Bar(f"{flow.origin} → {flow.destination}", flow.legs, told(flow.legs)) for flow in shown])
    _left_out(page, len(found.flows) - len(shown))


def _trend(page: Paper, months: Sequence[Month]) -> None:
    page.keep(33)
    page.heading(f"五、趋势（{months[0].name} 至 {months[-1].name}）")
    names = [month.name[2:] for month in months]
    plots = [("送达转诊（例）", [float_of(month.sent) for month in months], False)]
    for place, rate in enumerate(months[-1].indicators):
        plots.append((str(rate.definition.label), [month.indicators[place].value for month in months], True))
    top, width, height = page.get_y(), page.epw / 2 - 3, 46.0
    for number, (title, values, share) in enumerate(plots):
        across, down = number % 2, number // 2
        box = Box(page.l_margin + across * (width + 6), top + down * (height + 3), width, height)
        line(page, box, title, names, values, share=share)
    page.set_y(top + (len(plots) + 1) // 2 * (height + 3))


def _hospitals(page: Paper, hospitals: Sequence[HospitalFigures]) -> None:
    page.heading("六、接收医院")
    if not hospitals:
        page.paragraph("本月没有成员之间的转诊。")
        return
    shown = hospitals[:HOSPITALS]
    names = dict(Hospital.objects.filter(pk__in=[each.hospital for each in shown]).values_list("pk", "name"))
    head = ["医院", "收到", *(str(rate.definition.label) for rate in shown[0].indicators)]
    rows = [
        [
            names[each.hospital],
            told(each.sent),
            *(f"{percent(rate.value)}（{told(rate.numerator)}/{told(rate.denominator)}）" for rate in each.indicators),
        ]
        for each in shown
    ]
    page.grid(head, rows)
    _left_out(page, len(hospitals) - len(shown))


def _limits(page: Paper, limits: Sequence[Attained]) -> None:
    page.heading("七、时限")
    if not limits:
        page.paragraph("本月没有开始的时限。")
        return
    labels = dict(ClockRule.objects.order_by("valid_from").values_list("kind", "label_zh"))
    rows = [
        [
            labels.get(each.group, each.group),
            percent(each.share),
            f"{told(each.within)} / {told(each.judged)}",
            minutes(each.median_minutes),
            minutes(each.p90_minutes),
        ]
        for each in limits
    ]
    page.grid(("时限", "达标率", "按时 / 可判定", "中位用时", "第 90 百分位"), rows)


def _definitions(page: Paper, found: Coverage) -> None:
    page.heading("八、指标定义")
    for rate in found.indicators:
        page.entry(str(rate.definition.label), str(rate.definition.meaning))
    page.entry("期间", "转诊按送达时间、时限按开始时间计入；成员以期末当日为准。录入错误的转诊不计。")


def _left_out(page: Paper, number: int) -> None:
    if number > 0:
        page.paragraph(f"另有 {number} 行未列出，可导出查看。")


def named(divisions: Sequence[Division]) -> str:
    """County units by their prefecture, in the order of their codes."""
    groups: dict[str, list[str]] = {}
    for division in divisions:
        groups.setdefault(division.parent.name if division.parent else "", []).append(division.name)
    return "；".join(f"{above}：{'、'.join(names)}" for above, names in groups.items()) or "无"


def told(count: int | None) -> str:
    """A count, or a word where it is withheld."""
    return WITHHELD if count is None else str(count)


def percent(share: float | None) -> str:
    """A share from 0 to 1 in percent."""
    return "—" if share is None else f"{share:.1%}"


def change(now: Rate, before: Rate) -> str:
    """By how many points of percent a share changed."""
    if now.value is None or before.value is None:
        return "—"
    return f"{(now.value - before.value) * 100:+.1f} 点"


def minutes(value: float | None) -> str:
    """A time taken: in minutes, from two hours on in hours."""
    if value is None:
        return "—"
    return f"{value:.0f} 分" if value < 120 else f"{value / 60:.1f} 小时"


def float_of(count: int | None) -> float | None:
    """A count as a height in a plot."""
    return None if count is None else float(count)
