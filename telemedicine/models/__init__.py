"""Pathology cases, and what belongs to them."""

from telemedicine.models.images import SlideImage, Upload, UploadState
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
from telemedicine.models.report import Addendum, Report, ReportDraft
from telemedicine.models.specimens import Block, BlockKind, Slide, SlideView, Specimen
from telemedicine.models.viewing import Annotation, AnnotationKind, KeyImage, SlideTrace, Visibility

__all__ = [
    "Addendum",
    "Agreement",
    "Annotation",
    "AnnotationKind",
    "Block",
    "BlockKind",
    "Ending",
    "Expertise",
    "KeyImage",
    "Kind",
    "Liability",
    "MaterialRequest",
    "Opinion",
    "Part",
    "PathologyCase",
    "QualityCheck",
    "QualityResult",
    "Recusal",
    "Report",
    "ReportDraft",
    "Slide",
    "SlideImage",
    "SlideTrace",
    "SlideView",
    "Specimen",
    "Status",
    "Upload",
    "UploadState",
    "Visibility",
]
