"""Cases, legs, and what belongs to them."""

from referrals.models.care import Attachment, Booking, InformationRequest, Journey, Outcome
from referrals.models.counts import SUMS, Grain, LegCount
from referrals.models.exports import Export, ExportFormat, ExportState, ExportTable
from referrals.models.forms import Form, PrintedForm
from referrals.models.green import (
    LIVE,
    UNANSWERED,
    Handover,
    Milestone,
    Offer,
    OfferStatus,
    PhoneAnswer,
    QualityReview,
)
from referrals.models.order import Deadline
from referrals.models.referral import (
    NARROWED,
    Case,
    ClinicalSummary,
    Decision,
    Diagnosis,
    Direction,
    Ending,
    Pathway,
    Referral,
    Status,
)

__all__ = [
    "LIVE",
    "NARROWED",
    "SUMS",
    "UNANSWERED",
    "Attachment",
    "Booking",
    "Case",
    "ClinicalSummary",
    "Deadline",
    "Decision",
    "Diagnosis",
    "Direction",
    "Ending",
    "Export",
    "ExportFormat",
    "ExportState",
    "ExportTable",
    "Form",
    "Grain",
    "Handover",
    "InformationRequest",
    "Journey",
    "LegCount",
    "Milestone",
    "Offer",
    "OfferStatus",
    "Outcome",
    "Pathway",
    "PhoneAnswer",
    "PrintedForm",
    "QualityReview",
    "Referral",
    "Status",
]
