"""The monthly report of an alliance (月报): figures, map and plots on paper, for its administrators and observers."""

from referrals.monthly.report import monthly_report

__all__ = ["monthly_report"]
