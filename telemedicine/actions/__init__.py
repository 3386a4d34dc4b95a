"""Every step of a pathology case, one function each; the transitions of the domain specification, section 5."""

from telemedicine.actions.read import (
    adjudicate_opinion,
    declare_undiagnosable,
    give_preliminary_opinion,
    give_second_opinion,
    name_adjudicator,
    request_material,
    request_second_read,
)
from telemedicine.actions.report import (
    acknowledge_report,
    amend_report,
    record_final_result,
    refer_pathology,
    sign_report,
)
from telemedicine.actions.send import (
    cancel_pathology,
    confirm_reservation,
    fix_pathology,
    reserve_frozen,
    submit_pathology,
    supply_material,
)
from telemedicine.actions.share import (
    assign_pathology,
    claim_pathology,
    decline_reading,
    fail_quality,
    pass_quality,
    reassign_pathology,
    start_reading,
)
from telemedicine.actions.write import (
    create_pathology,
    register_block,
    register_slides,
    register_specimen,
    update_pathology,
    withdraw_slide,
)

__all__ = [
    "acknowledge_report",
    "adjudicate_opinion",
    "amend_report",
    "assign_pathology",
    "cancel_pathology",
    "claim_pathology",
    "confirm_reservation",
    "create_pathology",
    "declare_undiagnosable",
    "decline_reading",
    "fail_quality",
    "fix_pathology",
    "give_preliminary_opinion",
    "give_second_opinion",
    "name_adjudicator",
    "pass_quality",
    "reassign_pathology",
    "record_final_result",
    "refer_pathology",
    "register_block",
    "register_slides",
    "register_specimen",
    "request_material",
    "request_second_read",
    "reserve_frozen",
    "sign_report",
    "start_reading",
    "submit_pathology",
    "supply_material",
    "update_pathology",
    "withdraw_slide",
]
