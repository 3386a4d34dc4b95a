"""Forms of a referral as PDF for those who see it in full, sealed so that a copy can be checked by its code."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import override

from consortium import access, paper, seal, trail
from consortium.access import Actor
from consortium.errors import Refused
from consortium.models import Side
from consortium.paper import Paper
from referrals.forms.content import Content, content
from referrals.models import Form, PrintedForm, Referral

SIDES = (Side.REQUESTER, Side.PERFORMER)
READ = {  # how the reading is called on the audit trail
    Form.REFERRAL: "read_referral_form",
    Form.HANDOVER: "read_handover_sheet",
    Form.OUTCOME: "read_outcome_letter",
}
JOINED = (*Referral.LOADED, "created_by", "needed_capability", "based_on")
JOINED_BELOW = ("handover__sender", "handover__receiver")
LISTS = (
    "clinical__ranked__concept",
    "journeys",
    "milestones__kind",
    "milestones__recorded_by",
    "outcomes__diagnoses",
    "outcomes__returned_by",
    "based_on__outcomes",
)


@dataclass(frozen=True)
class VerifiedForm:
    """What the code on a printed form stands for, without a word about the patient."""

    form: Form
    number: str
    hospital: str
    printed_at: datetime
    sha256: str
    current: bool


def print_form(*, by: Actor, id: UUID, form: Form, address: str, now: datetime) -> tuple[bytes, str]:
    """The PDF of a form and a name for its file; its reading is audited.

    NOT_FOUND for who does not see the referral in full, INVALID_STATE while there is nothing to print.
    `address` is where a code is checked.
    """
    with override("zh-hans"):
        with transaction.atomic():
            rows = access.visible_in_full(by, Referral).select_related(*JOINED, *JOINED_BELOW).prefetch_related(*LISTS)
            referral = rows.filter(pk=id).first()
            if referral is None:
                raise access.not_found()
            identified = any(access.role_for(by, "view_identity", referral, side) for side in SIDES)
            shown = content(form, referral, identified=identified)
            kept = _sealed(form, referral, now)
            _on_the_trail(by, form, referral, now)
        made = _drawn(shown, referral, kept, mark=paper.mark(by, now), address=address)
    return made, f"{referral.number}-{form.lower()}.pdf"


def _on_the_trail(by: Actor, form: Form, referral: Referral, now: datetime) -> None:
    roles = (role for side in SIDES for role in access.roles_for(by, Referral.VIEWED_BY[side], referral, side))
    patient = referral.patient_id
    trail.audit(by, READ[form], referral, role=next(roles, None), purpose="TREATMENT", patient_id=patient, now=now)


def verify(text: str) -> VerifiedForm | None:
    """What a typed or scanned verification code stands for; nothing for any other text."""
    code = seal.read_code(text[:40])
    if code is None:
        return None
    row = PrintedForm.objects.select_related("hospital").filter(verification_code=code).first()
    if row is None:
        return None
    referral = Referral.objects.select_related(*JOINED, *JOINED_BELOW).prefetch_related(*LISTS).get(pk=row.referral_id)
    form = Form(row.form)
    with override("zh-hans"):
        current = seal.same(row.sha256, _digest(form, referral))
    return VerifiedForm(
        form=form,
        number=referral.number,
        hospital=row.hospital.name,
        printed_at=row.printed_at,
        sha256=row.sha256,
        current=current,
    )


def _sealed(form: Form, referral: Referral, now: datetime) -> PrintedForm:
    """The row of this content: the one there is, or a new one with a code of its own."""
    whole = content(form, referral, identified=True)
    row, _made = PrintedForm.objects.get_or_create(
        referral=referral,
        form=form,
        sha256=_digest(form, referral),
        defaults={"verification_code": seal.new_code(), "hospital": whole.hospital, "printed_at": now},
    )
    return row


def _digest(form: Form, referral: Referral) -> str:
    """The digest of what the form says now in full; of nothing, if it can no longer be printed."""
    try:
        whole = content(form, referral, identified=True)
    except Refused:
        return ""
    return seal.digest(
        {
            "form": form.value,
            "number": referral.number,
            "hospital": whole.hospital.name,
            "title": whole.title,
            "blocks": whole.blocks,
            "signature": whole.signature,
            "across": whole.across,
        }
    )


def _drawn(shown: Content, referral: Referral, kept: PrintedForm, *, mark: str, address: str) -> bytes:
    page = Paper(
        head=(shown.hospital.name, shown.title),
        foot=f"{referral.number}　核验码 {seal.printed_code(kept.verification_code)}",
        across=shown.across,
        made_at=shown.made_at,
        mark=mark,
    )
    for name, given in shown.blocks:
        draw = getattr(page, name)
        if name in ("entry", "grid"):
            draw(*given)
        else:
            draw(given)
    page.rule()
    page.keep(9)
    page.signature([*shown.signature, ("内容摘要", kept.sha256)], code=kept.verification_code, address=address)
    return bytes(page.output())
