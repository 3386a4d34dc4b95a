"""What each table holds: a table that is in no list, or in two, fails `manage.py lint_database`."""

# About patients, or about what somebody did with them: row-level security, enabled and forced, see `policies/`.
GUARDED = frozenset(
    """
    consortium_patient consortium_event consortium_auditentry consortium_notice consortium_delivery consortium_clockrun
    consortium_escalation consortium_idempotencykey
    referrals_case referrals_clinicalsummary referrals_diagnosis referrals_referral referrals_informationrequest
    referrals_booking referrals_journey referrals_outcome referrals_outcome_diagnoses referrals_attachment
    referrals_export referrals_printedform referrals_offer referrals_milestone referrals_handover
    referrals_qualityreview
    telemedicine_upload telemedicine_slideimage telemedicine_pathologycase telemedicine_qualitycheck
    telemedicine_materialrequest telemedicine_opinion telemedicine_recusal telemedicine_report telemedicine_addendum
    telemedicine_reportdraft telemedicine_specimen telemedicine_block telemedicine_slide telemedicine_slideview
    telemedicine_annotation telemedicine_keyimage telemedicine_slidetrace
    """.split()
)
# Written once: the application may neither change nor delete a row, and a trigger refuses it to everybody.
APPEND_ONLY = frozenset(
    "consortium_event consortium_auditentry telemedicine_report telemedicine_addendum".split()
)
# Without patients: places, people and their roles, catalogues, sessions, tokens, the queue of jobs.
OPEN = frozenset(
    """
    consortium_division consortium_hospital consortium_department consortium_alliance consortium_membership
    consortium_capability consortium_concept consortium_clockrule consortium_escalationrule consortium_greenrule
    consortium_milestonerule consortium_traveltime consortium_duty consortium_dutyswap consortium_preference
    consortium_webhookendpoint consortium_person consortium_person_groups consortium_person_user_permissions
    consortium_practitionerrole consortium_hospitalgrant consortium_departmentgrant consortium_divisiongrant
    consortium_apitoken telemedicine_expertise
    auth_group auth_group_permissions auth_permission django_content_type django_session
    django_q_ormq django_q_schedule django_q_task guardian_groupobjectpermission guardian_userobjectpermission
    """.split()
)
# For the owner alone.
CLOSED = frozenset({"django_migrations"})
# The columns that figures are counted from, none of which is about a patient.
REPORTED: dict[str, frozenset[str]] = {}
