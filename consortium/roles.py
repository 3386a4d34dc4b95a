"""Who may do what: the one table of roles and permissions, pure data that a customer can read and sign.

A permission is the name of the action it allows. It counts at the place where the role is held: a hospital (with all
its departments), one department, or a division. Source: domain specification, section 2.
"""

from enum import Enum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person is at one place of the network (岗位)."""

    REFERRING_DOCTOR = "REFERRING_DOCTOR", _("转诊医生")
    REFERRAL_OFFICE = "REFERRAL_OFFICE", _("转诊办")
    EXPERT = "EXPERT", _("接诊专家")
    PATHOLOGIST = "PATHOLOGIST", _("病理专家")
    PATHOLOGY_LEAD = "PATHOLOGY_LEAD", _("病理会诊负责人")
    PATHOLOGY_LAB = "PATHOLOGY_LAB", _("病理科（申请方）")
    HOSPITAL_ADMIN = "HOSPITAL_ADMIN", _("医院管理员")
    ALLIANCE_ADMIN = "ALLIANCE_ADMIN", _("联盟管理员")
    COMMISSION_OBSERVER = "COMMISSION_OBSERVER", _("卫健委观察员")
    HOTLINE_AGENT = "HOTLINE_AGENT", _("12320 坐席")
    AUDITOR = "AUDITOR", _("审计员")
    SYSTEM_ADMIN = "SYSTEM_ADMIN", _("系统管理员")
    SECURITY_ADMIN = "SECURITY_ADMIN", _("安全管理员")


class Place(Enum):
    """The kinds of places at which a role can be held."""

    HOSPITAL = "hospital"
    DEPARTMENT = "department"
    DIVISION = "division"


CLINICAL = {Place.HOSPITAL, Place.DEPARTMENT}
HELD_AT: dict[Role, set[Place]] = {
    Role.REFERRING_DOCTOR: CLINICAL,
    Role.REFERRAL_OFFICE: {Place.HOSPITAL},
    Role.EXPERT: CLINICAL,
    Role.PATHOLOGIST: CLINICAL,
    Role.PATHOLOGY_LEAD: CLINICAL,
    Role.PATHOLOGY_LAB: CLINICAL,
    Role.HOSPITAL_ADMIN: {Place.HOSPITAL},
    Role.ALLIANCE_ADMIN: {Place.HOSPITAL},
    Role.COMMISSION_OBSERVER: {Place.DIVISION},
    Role.HOTLINE_AGENT: {Place.DIVISION},
    Role.AUDITOR: {Place.HOSPITAL, Place.DIVISION},
    Role.SYSTEM_ADMIN: {Place.HOSPITAL, Place.DIVISION},
    Role.SECURITY_ADMIN: {Place.HOSPITAL, Place.DIVISION},
}
# The three administrators (三员分立): nobody is two of them at the same time, and no hospital administrator makes one.
SEPARATED = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})

SENDERS_SIDE = {
    "view_sent_referral",
    "view_identity",
    "unmask_patient",
    "add_attachment",
    "supply_information",
    "resend_referral",
    "close_referral",
    "hold_referral",
    "resume_referral",
    "depart_referral",
    "turn_back_referral",
    "send_record",
    "acknowledge_outcome",
    "record_follow_up",
    "cancel_referral",
    "record_death",
    "confirm_expiry",
}
RECEIVERS_SIDE = {
    "view_received_referral",
    "view_identity",
    "unmask_patient",
    "add_attachment",
    "open_referral",
    "claim_referral",
    "release_referral",
    "request_information",
    "accept_referral",
    "waitlist_referral",
    "redirect_referral",
    "hold_referral",
    "resume_referral",
    "arrive_referral",
    "record_no_show",
    "record_death",
}

READERS_OF_SLIDES = {
    "view_received_pathology",
    "view_identity",
    "unmask_patient",
    "open_slide",
    "annotate_slide",
    "keep_key_image",
    "confirm_reservation",
    "claim_pathology",
    "start_reading",
    "decline_reading",
    "request_material",
    "give_preliminary_opinion",
    "request_second_read",
    "give_second_opinion",
    "name_adjudicator",
    "adjudicate_opinion",
    "sign_report",
    "amend_report",
    "save_report_draft",
    "add_addendum",
    "declare_undiagnosable",
    "refer_pathology",
}
QUALITY = {"view_received_pathology", "open_slide", "pass_quality", "fail_quality"}
# The green channel (绿色通道), domain specification, section 4.
GREEN_SENDERS = {
    "activate_green_channel",
    "identify_patient",
    "widen_broadcast",
    "record_phone_answer",
    "choose_offer",
    "give_consent",
    "refuse_consent",
    "divert_referral",
    "sign_handover",
    "stand_down",
}
GREEN_RECEIVERS = {
    "read_offer",
    "negotiate_offer",
    "offer_place",
    "decline_offer",
    "confirm_phone_answer",
    "identify_patient",
    "sign_handover",
    "stand_down",
    "review_quality",
}

# Who treats patients may break the glass (紧急调阅), domain specification, section 7.
EMERGENCY = {"break_glass"}

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.REFERRING_DOCTOR: frozenset(
        SENDERS_SIDE
        | GREEN_SENDERS
        | {"register_patient", "create_referral", "update_referral", "submit_referral", "report_error"}
        | {"record_milestone"}
        | EMERGENCY
    ),
    Role.REFERRAL_OFFICE: frozenset(
        SENDERS_SIDE
        | RECEIVERS_SIDE
        | GREEN_SENDERS
        | GREEN_RECEIVERS
        | {"approve_referral", "return_referral", "book_referral", "reschedule_referral", "lose_booking"}
        | {"answer_for_hospital"}
    ),
    Role.EXPERT: frozenset(
        RECEIVERS_SIDE
        | GREEN_RECEIVERS
        | {"broadcast_down", "record_milestone"}
        | {"advise_referral", "reject_referral", "return_outcome", "refer_down", "amend_outcome"}
        # Referring a patient down makes the specialist the author of that leg.
        | {"view_sent_referral", "supply_information", "report_error"}
        | {"widen_broadcast", "record_phone_answer", "choose_offer"}
        | EMERGENCY
    ),
    Role.PATHOLOGIST: frozenset(READERS_OF_SLIDES),
    # Leads a pathology department: who reads what, how much, and what came of it; need not be a pathologist.
    Role.PATHOLOGY_LEAD: frozenset(
        QUALITY
        | {
            "view_sent_pathology",
            "view_identity",
            "unmask_patient",
            "assign_pathology",
            "reassign_pathology",
            "name_adjudicator",
        }
        | {"set_expertise", "view_pathology_ledger"}
    ),
    # Of the sending hospital; at the performer's it looks at the quality of what came in.
    Role.PATHOLOGY_LAB: frozenset(
        QUALITY
        | {"view_sent_pathology", "view_identity", "unmask_patient", "register_patient"}
        | {"create_pathology", "update_pathology"}
        | {"register_specimen", "register_block", "register_slides", "withdraw_slide", "upload_slide"}
        | {"reserve_frozen", "submit_pathology", "fix_pathology", "supply_material"}
        | {"acknowledge_report", "record_final_result", "refer_pathology", "cancel_pathology"}
    ),
    Role.HOSPITAL_ADMIN: frozenset(
        {"confirm_error", "update_capacity", "grant_role", "revoke_role", "view_staff", "view_hospital_figures"}
        # Rosters of the own hospital; who is reminded when a department stays silent.
        | {"set_duty", "answer_for_hospital"}
        | {"view_deliveries", "resend_delivery", "manage_webhooks"}
        # Answers for the hospital's patients; sees what was read in an emergency, not the record.
        | {"review_break_glass"}
    ),
    Role.ALLIANCE_ADMIN: frozenset(
        {"view_coverage", "view_staff", "set_clock_rule", "answer_for_alliance", "import_members"}
    ),
    Role.COMMISSION_OBSERVER: frozenset({"view_suppressed_coverage"}),
    Role.HOTLINE_AGENT: frozenset({"activate_green_channel", "view_own_activation"}),
    # At a hospital, or for all hospitals of a division.
    Role.AUDITOR: frozenset({"view_audit_trail", "view_break_glass"}),
    # Accounts: makes and closes them and hands out the link for a password; gives no right and removes no factor.
    Role.SYSTEM_ADMIN: frozenset({"view_accounts", "create_person", "issue_setup_link", "deactivate_person"}),
    # Rights: gives and ends roles, the three administrators' too, unlocks, removes a second factor; sets no password.
    Role.SECURITY_ADMIN: frozenset(
        {"view_accounts", "view_staff", "grant_role", "revoke_role", "appoint_administrator"}
        | {"unlock_person", "reset_second_factor"}
    ),
}

# Steps that belong to a specialist; the office may take them only when it names the specialist who decided.
ON_BEHALF: dict[Role, frozenset[str]] = {
    Role.REFERRAL_OFFICE: frozenset({"accept_referral", "waitlist_referral"}),
}

# What an API token of a hospital's own system may be allowed to do, whatever its owner may do.
READING = frozenset(name for names in PERMISSIONS.values() for name in names if name.startswith("view_"))
DOCUMENTS = "documents"  # the scope of a named integrator, who may send documents of their own; operators issue it
SCOPES: dict[str, frozenset[str]] = {
    "read": READING,
    "write": frozenset(name for names in PERMISSIONS.values() for name in names) - READING,
    DOCUMENTS: frozenset(),
}


def every_permission() -> frozenset[str]:
    """All permissions that any role gives."""
    return frozenset().union(*PERMISSIONS.values())


def roles_with(permission: str) -> list[Role]:
    """The roles that give a permission, in the order of the table."""
    return [role for role, names in PERMISSIONS.items() if permission in names]
