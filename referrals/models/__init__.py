"""Cases, legs, and what belongs to them."""

from referrals.models.care import Attachment, Booking, InformationRequest, Journey, Outcome
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
    "NARROWED",
    "Attachment",
    "Booking",
    "Case",
    "ClinicalSummary",
    "Decision",
    "Diagnosis",
    "Direction",
    "Ending",
    "InformationRequest",
    "Journey",
    "Outcome",
    "Pathway",
    "Referral",
    "Status",
]
