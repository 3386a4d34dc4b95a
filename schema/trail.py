"""The audit trail on the wire: who saw and did what, for the patient's hospital and the auditor; no clinical text."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import graphene
from django.apps import apps

from consortium import access, auditing
from consortium.models import AuditChain, AuditEntry
from schema import ids, reads
from schema.base import PART, DateTime, RoleEnum, Type, declare, listed, permission
from schema.clinical import PatientType
from schema.keyset import Order
from schema.people import PersonType
from schema.reads import Through, connection, paged

NEWEST = Order("NEWEST", ("id",), descending=True)
ChainStateEnum = declare(AuditChain.State, "AuditChainState")
NAMES = {model._meta.model_name: model.__name__ for model in apps.get_models()}


class AuditEntryType(Type):
    """One disclosure or act (审计记录): who, in which role, for which hospital, why, about what, when."""

    label = graphene.String(required=True, description="The act in the reader's language (行为名称).")
    actor = graphene.Field(PersonType, description="Who; empty for the clock (人员).")
    actor_role = graphene.Field(RoleEnum, description="In which role (以何角色).")
    object_type = graphene.String(required=True, description="What it was about, such as Referral (对象类型).")
    object_id = graphene.ID(description="Which one; empty for a list (对象).")
    listed = graphene.Int(required=True, description="Rows of a list; 0 for what was read by itself (列表行数).")
    patient = graphene.Field(
        PatientType, description="Whose data, masked; empty for a list, and for patients of others (患者)."
    )
    chain = graphene.String(description="Its chain: a hospital, PEOPLE or SYSTEM (审计链).")
    sequence = graphene.Float(description="Its place in the chain, from 1 without gaps (序号).")

    class Meta:
        """Scoped by the query."""

        model, name, rule = AuditEntry, "AuditEntry", PART
        fields = ("action", "actor_hospital", "purpose", "at", "request_id")
        needs: ClassVar = {"chain": Through(joins=("link",)), "sequence": Through(joins=("link",))}

    def resolve_label(self: Any, info: Any) -> str:
        """The label of the step or the reading."""
        return str(auditing.label_of(self.action))

    def resolve_actor_role(self: Any, info: Any) -> str | None:
        """Empty for the clock."""
        return self.actor_role or None

    def resolve_object_type(self: Any, info: Any) -> str:
        """The name of the type, as in global ids."""
        return NAMES.get(self.object_kind, self.object_kind)

    def resolve_object_id(self: Any, info: Any) -> str | None:
        """The global id."""
        return ids.encode(NAMES.get(self.object_kind, self.object_kind), self.object_id) if self.object_id else None

    def resolve_listed(self: Any, info: Any) -> int:
        """Counted when it was read."""
        return max(len(self.objects_seen), len(self.patients))

    def resolve_chain(self: Any, info: Any) -> str | None:
        """Empty only within the transaction that writes it."""
        return getattr(getattr(self, "link", None), "chain", None)

    def resolve_sequence(self: Any, info: Any) -> int | None:
        """Empty only within the transaction that writes it."""
        return getattr(getattr(self, "link", None), "sequence", None)


class AuditChainType(Type):
    """How far the trail of one hospital is proven unaltered (审计链): signed heads outside the database, recomputed."""

    sealed_sequence = graphene.Float(required=True, description="The last signed head; 0 if none yet (已签封序号).")
    verified_sequence = graphene.Float(required=True, description="How far it was recomputed (已核验序号).")
    fault = graphene.String(
        description="The first fault: EDITED, DELETED, SWAPPED, TRUNCATED, REWRITTEN UNCHAINED (问题)."
    )
    fault_sequence = graphene.Float(description="Where it is (问题位置).")

    class Meta:
        """Scoped by the query."""

        model, name, rule = AuditChain, "AuditChain", PART
        fields = ("chain", "hospital", "sealed_at", "verified_at", "state")

    def resolve_fault(self: Any, info: Any) -> str | None:
        """Empty while it is intact."""
        return self.fault or None


AuditEntryConnection = connection(AuditEntryType)


class Query:
    """What auditors read."""

    rules: ClassVar = {
        "audit_trail": permission(auditing.PERMISSION, "review_break_glass"),
        "audit_chains": permission(auditing.PERMISSION),
    }

    audit_trail = paged(
        AuditEntryConnection,
        "Who saw and did what, newest first: of your hospital's people, and with your hospital's patients. Who reviews"
        " emergency access names one by `access`.",
        patient=graphene.String(description="A whole identity number, or a case's number (患者或单号)."),
        access=graphene.ID(description="What was read by this emergency access (紧急调阅)."),
        person=graphene.ID(description="Of this person (人员)."),
        hospital=graphene.ID(description="By people of this hospital (操作方医院)."),
        action=graphene.List(graphene.NonNull(graphene.String), description="Only these acts (行为)."),
        purpose=graphene.String(description="TREATMENT, BREAK_GLASS, STATISTICS, ADMINISTRATION, AUDIT (目的)."),
        since=DateTime(description="At or after (起)."),
        until=DateTime(description="Before (止)."),
    )
    audit_chains = listed(AuditChainType, "The chains of the hospitals that you audit, with what the last look found.")

    def resolve_audit_trail(
        self: Any,
        info: Any,
        first: int,
        after: str | None = None,
        patient: str | None = None,
        access: str | None = None,
        person: str | None = None,
        hospital: str | None = None,
        action: list[str] | None = None,
        purpose: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> reads.Page:
        """Scoped, filtered, newest first; the reading itself is on the trail."""
        rows = scope(info.context.actor, access)
        rows = auditing.narrowed(
            rows,
            actions=action,
            since=since,
            until=until,
            purpose=purpose,
            actor=ids.decode(person, "Person", field="person") if person else None,
            actor_hospital=ids.decode(hospital, "Hospital", field="hospital") if hospital else None,
        )
        if patient:
            rows = auditing.about(rows, patient)
        return reads.page(rows, info, order=NEWEST, first=first, after=after)

    def resolve_audit_chains(self: Any, info: Any) -> Any:
        """In the order of their names."""
        return reads.plan(auditing.chains(info.context.actor), info)


def scope(by: Any, emergency: str | None) -> Any:
    """The entries before any filter: of one emergency access, or all that an auditor sees."""
    if emergency:
        return auditing.of_access(by, UUID(ids.decode(emergency, "BreakGlass", field="access")))
    if not by.may_anywhere(auditing.PERMISSION):
        raise access.forbidden()
    return auditing.entries(by)
