"""Pathology cases, and what belongs to them."""

from telemedicine.models.pathology import Agreement, Ending, Kind, Liability, PathologyCase, Status
from telemedicine.models.reading import (
    Expertise,
    MaterialRequest,
    Opinion,
    Part,
    QualityCheck,
    QualityResult,
    Recusal,
)
from telemedicine.models.specimens import Block, BlockKind, Slide, SlideView, Specimen

__all__ = [
    "Agreement",
    "Block",
    "BlockKind",
    "Ending",
    "Expertise",
    "Kind",
    "Liability",
    "MaterialRequest",
    "Opinion",
    "Part",
    "PathologyCase",
    "QualityCheck",
    "QualityResult",
    "Recusal",
    "Slide",
    "SlideView",
    "Specimen",
    "Status",
]
