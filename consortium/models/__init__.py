"""Rows, and what may never be stored: the constraints stand in the database."""

from consortium.models.base import Enquiry, Priority, Row, ServiceRequest, Side, uuid7
from consortium.models.clocks import ClockRun, Escalation, EscalationRule, Rung
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
from consortium.models.duty import Duty, DutySwap, Post
from consortium.models.patients import Patient, Sex
from consortium.models.people import (
    ApiToken,
    DepartmentGrant,
    DivisionGrant,
    HospitalGrant,
    Person,
    PractitionerRole,
)
from consortium.models.registry import Calendar, ClockRule, Concept
from consortium.models.trail import AuditEntry, Event, IdempotencyKey, Notice

__all__ = [
    "Alliance",
    "ApiToken",
    "AuditEntry",
    "Calendar",
    "Capability",
    "ClockRule",
    "ClockRun",
    "Concept",
    "Department",
    "DepartmentGrant",
    "Division",
    "DivisionGrant",
    "DivisionLevel",
    "Duty",
    "DutySwap",
    "Enquiry",
    "Escalation",
    "EscalationRule",
    "Event",
    "Hospital",
    "HospitalGrant",
    "IdempotencyKey",
    "Level",
    "Membership",
    "Notice",
    "Patient",
    "Person",
    "Post",
    "PractitionerRole",
    "Priority",
    "Row",
    "Rung",
    "ServiceRequest",
    "Sex",
    "Side",
    "Status",
    "uuid7",
]
