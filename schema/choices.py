"""What may be done with a case now, by whom, and why not: the table of steps on the wire, resolved or compiled."""

import json
from functools import partial
from typing import Any

import graphene
from graphene.utils.str_converters import to_camel_case

from consortium import lifecycle
from consortium.lifecycle import Step
from consortium.models import ServiceRequest, Side
from consortium.roles import Role
from schema.base import CodeEnum, Plain, RoleEnum, SideEnum, listed
from schema.rows import Part, Ready, Row, literal


class Party(Plain):
    """Who could take a step."""

    side = SideEnum(required=True, description="On which side (哪一方).")
    hospital = graphene.String(description="Hospital (医院).")
    department = graphene.String(description="Department (科室).")
    roles = listed(RoleEnum, "Roles that may (岗位).")


class AvailableAction(Plain):
    """One step: whether you may take it now, or why not and who could."""

    action = graphene.String(required=True, description="Name of the mutation.")
    label = graphene.String(required=True, description="The step in the reader's language (步骤名称).")
    allowed = graphene.Boolean(required=True, description="Whether you may take it now.")
    possible = graphene.Boolean(required=True, description="Whether the state lets anybody take it now.")
    code = CodeEnum(description="Why not, as a code; empty if allowed.")
    reason = graphene.String(description="Why not, as a sentence; empty if allowed.")
    who = listed(Party, "Who could take it.")


def available(choice: lifecycle.Choice, case: ServiceRequest) -> AvailableAction:
    """A choice in the words of the wire."""
    refusal = choice.refusal
    return AvailableAction(
        action=to_camel_case(choice.step.name),
        label=str(choice.step.label),
        allowed=refusal is None,
        possible=lifecycle.fits(choice.step, case),
        code=refusal.code if refusal else None,
        reason=refusal.message if refusal else None,
        who=[
            Party(
                side=side,
                hospital=str(getattr(case, f"{Side(side).lower()}_hospital") or ""),
                department=str(getattr(case, f"{Side(side).lower()}_department") or ""),
                roles=list(roles),
            )
            for side, roles in choice.who
        ],
    )


def choices_sql(row: Row, allowed: bool | None = None) -> list[Part]:
    """As `available` of every step; why one is refused is a sentence, and so what tells that is resolved."""
    return [choice_sql(row, step, allowed) for step in lifecycle.STEPS[row.model].values() if step.sides]


def choice_sql(row: Row, step: Step, allowed: bool | None) -> Part:
    """One step."""

    def may() -> str:
        reading = [check.holds for check in step.requires if check.holds]
        return row.holds(partial(lifecycle.allowing, step), step.name, reading)

    given = {None: lambda: "true", True: may, False: lambda: f"not {may()}"}
    granted = {"code": "null::text", "reason": "null::text"} if allowed else {}
    return Part(
        given[allowed](),
        action=f"{literal(to_camel_case(step.name))}::text",
        label=f"{literal(str(step.label))}::text",
        allowed=may,
        possible=lambda: row.holds(lambda by: lifecycle.fitting(step), step.name),
        who=lambda: [party_sql(row, side, roles) for side, roles in lifecycle.who(step)],
        **granted,
    )


def party_sql(row: Row, side: Side, roles: tuple[Role, ...]) -> Part:
    """Those on one side."""
    prefix, names = Side(side).lower(), json.dumps([role.name for role in roles])
    return Part(
        "true",
        side=f"{literal(side)}::text",
        hospital=f"coalesce({row(f'{prefix}_hospital__name')}, '')",
        department=f"coalesce({row(f'{prefix}_department__name')}, '')",
        roles=Ready(f"{literal(names)}::json"),
    )


def available_actions(case: Any, by: Any, allowed: bool | None = None) -> list[AvailableAction]:
    """Every step of a case, or only what is allowed or blocked, from the table that the mutations enforce."""
    found = lifecycle.choices(case, by)
    return [available(one, case) for one in found if allowed in (None, one.refusal is None)]
