"""Rows, and what may never be stored: the constraints stand in the database."""

from consortium.models.base import Priority, Row, ServiceRequest, Side, uuid7
from consortium.models.directory import (
    Alliance,
    Capability,
    Department,
    Division,
    DivisionLevel,
    Hospital,
    Level,
    Membership,
    Status,
)
from consortium.models.green import GreenRule, MilestoneRule, TravelTime
from consortium.models.patients import Patient, Sex
from consortium.models.people import (
    ApiToken,
    DepartmentGrant,
    DivisionGrant,
    HospitalGrant,
    Person,
    PractitionerRole,
)
from consortium.models.registry import ClockRule, Concept
from consortium.models.trail import AuditEntry, Event, IdempotencyKey, Notice

__all__ = [
    "Alliance",
    "ApiToken",
    "AuditEntry",
    "Capability",
    "ClockRule",
    "Concept",
    "Department",
    "DepartmentGrant",
    "Division",
    "DivisionGrant",
    "DivisionLevel",
    "Event",
    "GreenRule",
    "Hospital",
    "HospitalGrant",
    "IdempotencyKey",
    "Level",
    "Membership",
    "MilestoneRule",
    "Notice",
    "Patient",
    "Person",
    "PractitionerRole",
    "Priority",
    "Row",
    "ServiceRequest",
    "Sex",
    "Side",
    "Status",
    "TravelTime",
    "uuid7",
]
