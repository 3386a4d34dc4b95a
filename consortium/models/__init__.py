"""Rows, and what may never be stored: the constraints stand in the database."""

from consortium.models.base import Enquiry, Priority, Row, ServiceRequest, Side, Trail, uuid7
from consortium.models.breakglass import BreakGlass, Verdict
from consortium.models.clocks import ClockRun, Escalation, EscalationRule, Rung
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
from consortium.models.duty import Duty, DutySwap, Post
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
from consortium.models.registry import Calendar, ClockRule, Concept
from consortium.models.sign_in import Account, HospitalIdentity, Outcome, Session, SignIn, Way
from consortium.models.trail import AuditChain, AuditEntry, AuditLink, Event, IdempotencyKey, Notice, Purpose
from consortium.models.unmasking import Unmasking

__all__ = [
    "Account",
    "Alliance",
    "ApiToken",
    "AuditChain",
    "AuditEntry",
    "AuditLink",
    "BreakGlass",
    "Calendar",
    "Capability",
    "Channel",
    "ClockRule",
    "ClockRun",
    "Concept",
    "Delivery",
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
    "GreenRule",
    "Hospital",
    "HospitalGrant",
    "HospitalIdentity",
    "IdempotencyKey",
    "Level",
    "Membership",
    "MilestoneRule",
    "Notice",
    "Outcome",
    "Patient",
    "Person",
    "Post",
    "PractitionerRole",
    "Preference",
    "Priority",
    "Purpose",
    "Row",
    "Rung",
    "ServiceRequest",
    "Session",
    "Sex",
    "Side",
    "SignIn",
    "Status",
    "Trail",
    "TravelTime",
    "Unmasking",
    "Verdict",
    "Way",
    "WebhookEndpoint",
    "uuid7",
]
