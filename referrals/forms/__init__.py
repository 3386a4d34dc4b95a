"""Referrals on paper: the two-way referral form, the handover sheet, the outcome letter."""

from referrals.forms.printing import VerifiedForm, print_form, verify

__all__ = ["VerifiedForm", "print_form", "verify"]
