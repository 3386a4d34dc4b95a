"""Rows, and what may never be stored: the constraints stand in the database."""

from consortium.models.base import Priority, Row, ServiceRequest, Side, uuid7
from consortium.models.delivery import Channel, Delivery, Preference, WebhookEndpoint
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
    "Channel",
    "ClockRule",
    "Concept",
    "Delivery",
    "Department",
    "DepartmentGrant",
    "Division",
    "DivisionGrant",
    "DivisionLevel",
    "Event",
    "Hospital",
    "HospitalGrant",
    "IdempotencyKey",
    "Level",
    "Membership",
    "Notice",
    "Patient",
    "Person",
    "PractitionerRole",
    "Preference",
    "Priority",
    "Row",
    "ServiceRequest",
    "Sex",
    "Side",
    "Status",
    "WebhookEndpoint",
    "uuid7",
]
