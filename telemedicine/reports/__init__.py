"""Pathology reports: structured, signed in versions that nobody can alter, printed, and readable by machines."""

from telemedicine.reports.drafts import save_report_draft
from telemedicine.reports.issuing import add_addendum, intact, issue, unbroken

__all__ = ["add_addendum", "intact", "issue", "save_report_draft", "unbroken"]
