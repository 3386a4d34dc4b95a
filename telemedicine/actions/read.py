"""Reading: questions to the lab, opinions, the second read, and the third who decides when two disagree."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consortium import access, enquiries
from consortium.access import Actor
from consortium.errors import Code, Refused, checked
from consortium.lifecycle import Move, transition
from consortium.models import Side
from consortium.requirements import requirement
from telemedicine import catalogues, experts, viewing
from telemedicine.actions.send import told
from telemedicine.actions.share import assigned_reader
from telemedicine.models import Agreement, Ending, Kind, MaterialRequest, Opinion, Part, PathologyCase, Status


@requirement(lambda by: Q(second_reader=by.person, second_agreement=""))
def second_opinion_due(case: PathologyCase, by: Actor) -> Refused | None:
    """The second reader, once."""
    if by.person and case.second_reader_id != by.person.pk:
        return Refused(Code.FORBIDDEN, _("复核意见须由指定的复核专家给出。"))
    if case.second_agreement:
        return Refused(Code.INVALID_STATE, _("复核意见已经给出。"))
    return None


@requirement(lambda by: ~Q(second_agreement__in=("", Agreement.CONCORDANT)) & Q(settled_class=""))
def adjudication_due(case: PathologyCase, by: Actor) -> Refused | None:
    """The third decides only when two disagree, and once."""
    if case.second_agreement in ("", Agreement.CONCORDANT):
        return Refused(Code.INVALID_STATE, _("两位专家意见一致或复核尚未完成，无需仲裁。"))
    if case.settled_class:
        return Refused(Code.INVALID_STATE, _("仲裁意见已经给出。"))
    return None


@requirement(
    lambda by: (
        Q(assigned_to=by.person) | Q(second_reader=by.person) | access.held_on(by, "assign_pathology", Side.PERFORMER)
    )
)
def may_name_adjudicator(case: PathologyCase, by: Actor) -> Refused | None:
    """The two who disagree, or who assigns cases, name the third."""
    named = (case.assigned_to_id, case.second_reader_id)
    if by.person is None or by.person.pk in named or access.role_for(by, "assign_pathology", case, Side.PERFORMER):
        return None
    return Refused(Code.FORBIDDEN, _("仲裁专家须由两位阅片专家或病理会诊负责人指定。"))


@requirement(lambda by: Q(adjudicator=by.person))
def own_adjudication(case: PathologyCase, by: Actor) -> Refused | None:
    """Only the third who was named."""
    if by.person and case.adjudicator_id != by.person.pk:
        return Refused(Code.FORBIDDEN, _("仲裁意见须由指定的仲裁专家给出。"))
    return None


def every_slide_seen(case: PathologyCase, by: Actor) -> None:
    """INCOMPLETE names the slides that the actor has not opened."""
    if by.person and not viewing.every_slide_opened(case, by.person):
        raise Refused(
            Code.INCOMPLETE,
            _("还有切片未打开：{slides}；请逐张阅片后再下结论。").format(
                slides="、".join(viewing.unopened(case, by.person)[:10])
            ),
            field="slides",
        )


def expert_class(code: str, move: Move, field: str) -> str:
    """A diagnosis by class as an expert gives it; INVALID_INPUT for one unknown on the day, or none."""
    catalogues.known("DIAGNOSTIC_CLASS", [code], on=timezone.localdate(move.now), field=field)
    if code == catalogues.NO_DIAGNOSIS:
        raise Refused(Code.INVALID_INPUT, _("专家意见须有诊断分类；确实无法诊断时请选“无法诊断”。"), field=field)
    return code


def keep_opinion(case: PathologyCase, move: Move, part: Part, given: Mapping[str, str]) -> Opinion:
    """Store an opinion with its class and words."""
    code = expert_class(given["diagnostic_class"], move, "opinion.diagnosticClass")
    if not given["text"].strip():
        raise Refused(Code.INVALID_INPUT, _("请写明意见。"), field="opinion.text")
    opinion = checked(
        Opinion(
            case=case,
            part=part,
            person=move.by.person,
            diagnostic_class=code,
            text=given["text"].strip(),
            given_at=move.event_at,
            phoned_to=(given.get("phoned_to") or "").strip(),
            read_back=(given.get("read_back") or "").strip(),
        )
    )
    opinion.save(force_insert=True)
    return opinion


@transition(
    PathologyCase,
    label=gettext_lazy("要求补充材料"),
    sources=[Status.READING],
    target=Status.MORE_NEEDED,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
    requires=[assigned_reader],
)
def request_material(
    case: PathologyCase, move: Move, *, items: list[str], note: str = "", due_at: datetime | None = None
) -> None:
    """Ask the lab for levels, immunohistochemistry, history …; the limit moves to the lab until they are supplied."""
    enquiries.ask(
        MaterialRequest(case=case),
        case,
        move,
        catalogue="MATERIAL",
        limit="MATERIAL",
        items=items,
        note=note,
        due_at=due_at,
    )


@transition(
    PathologyCase,
    label=gettext_lazy("初步意见"),
    sources=[Status.READING],
    target=Status.PRELIMINARY,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
    requires=[assigned_reader],
)
def give_preliminary_opinion(case: PathologyCase, move: Move, *, opinion: Mapping[str, str]) -> None:
    """Give an opinion before the report; by telephone only with what the other end read back."""
    if opinion.get("phoned_to") and not (opinion.get("read_back") or "").strip():
        raise Refused(
            Code.INVALID_INPUT, _("电话报告须记录对方的复述内容，核对一致后再保存。"), field="opinion.readBack"
        )
    given = keep_opinion(case, move, Part.PRELIMINARY, opinion)
    case.answered_at = case.answered_at or move.now
    move.detail["phoned"] = bool(given.phoned_to)
    if case.kind == Kind.FROZEN:
        move.reach("frozen_told")


@transition(
    PathologyCase,
    label=gettext_lazy("提请复核"),
    sources=[Status.READING, Status.PRELIMINARY, Status.SECOND_REVIEW],
    target=Status.SECOND_REVIEW,
    sides=[Side.PERFORMER],
    requires=[assigned_reader],
)
def request_second_read(
    case: PathologyCase, move: Move, *, second_reader: int, opinion: Mapping[str, str] | None = None
) -> None:
    """Ask another pathologist to read the case; the own opinion is given before, and both are kept."""
    who = experts.colleague(case, second_reader, "give_second_opinion", now=move.now, field="secondReader")
    if who.person.pk == case.assigned_to_id:
        raise Refused(Code.SECOND_PERSON_NEEDED, _("复核须由另一位专家完成。"), field="secondReader")
    if refused := experts.unfit(case, who, load=False, field="secondReader"):
        raise refused
    if opinion:
        keep_opinion(case, move, Part.FIRST, opinion)
    elif own_opinion(case) is None:
        raise Refused(Code.INCOMPLETE, _("提请复核前，请先写明自己的意见。"), field="opinion")
    case.second_reader, case.second_agreement, case.adjudicator, case.settled_class = who.person, "", None, ""
    move.people = told(case, who.person.pk)


def own_opinion(case: PathologyCase) -> Opinion | None:
    """The latest opinion of who has the case in hand, before the report."""
    mine = case.opinions.filter(person=case.assigned_to_id, part__in=[Part.PRELIMINARY, Part.FIRST])
    return mine.order_by("-id").first()


@transition(
    PathologyCase,
    label=gettext_lazy("复核意见"),
    sources=[Status.SECOND_REVIEW],
    target=None,
    sides=[Side.PERFORMER],
    requires=[second_opinion_due],
)
def give_second_opinion(case: PathologyCase, move: Move, *, opinion: Mapping[str, str]) -> None:
    """Give the second opinion, every slide opened; where two disagree, a third decides."""
    every_slide_seen(case, move.by)
    first, second = own_opinion(case), keep_opinion(case, move, Part.SECOND, opinion)
    compared = first.diagnostic_class if first else catalogues.NO_DIAGNOSIS
    case.second_agreement = catalogues.agreement(compared, second.diagnostic_class, on=timezone.localdate(move.now))
    if case.second_agreement == Agreement.CONCORDANT:
        case.settled_class = second.diagnostic_class
    move.detail["agreement"] = str(case.second_agreement)
    move.people = told(case, case.assigned_to_id)


@transition(
    PathologyCase,
    label=gettext_lazy("指定仲裁专家"),
    sources=[Status.SECOND_REVIEW],
    target=None,
    sides=[Side.PERFORMER],
    requires=[adjudication_due, may_name_adjudicator],
)
def name_adjudicator(case: PathologyCase, move: Move, *, adjudicator: int) -> None:
    """Name the third pathologist, who decides between two that disagree."""
    who = experts.colleague(case, adjudicator, "adjudicate_opinion", now=move.now, field="adjudicator")
    if who.person.pk in (case.assigned_to_id, case.second_reader_id):
        raise Refused(Code.SECOND_PERSON_NEEDED, _("仲裁须由第三位专家完成。"), field="adjudicator")
    if refused := experts.unfit(case, who, load=False, field="adjudicator"):
        raise refused
    case.adjudicator = who.person
    move.people = told(case, who.person.pk)


@transition(
    PathologyCase,
    label=gettext_lazy("仲裁意见"),
    sources=[Status.SECOND_REVIEW],
    target=None,
    sides=[Side.PERFORMER],
    requires=[adjudication_due, own_adjudication],
)
def adjudicate_opinion(case: PathologyCase, move: Move, *, opinion: Mapping[str, str]) -> None:
    """Decide between two that disagree, every slide opened; the report follows this opinion."""
    every_slide_seen(case, move.by)
    case.settled_class = keep_opinion(case, move, Part.ADJUDICATION, opinion).diagnostic_class
    move.people = told(case, case.assigned_to_id)


@transition(
    PathologyCase,
    label=gettext_lazy("无法诊断"),
    sources=[Status.READING],
    target=Status.UNDIAGNOSABLE,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
    requires=[assigned_reader],
)
def declare_undiagnosable(case: PathologyCase, move: Move, *, reason: str, comment: str = "") -> None:
    """Say with a coded reason that no diagnosis is possible."""
    case.undiagnosable_reason = move.because("UNDIAGNOSABLE", reason, comment)
    case.answered_at = case.answered_at or move.now
    case.end(Ending.UNDIAGNOSABLE, move.now)
