"""Figures as files: asked for, made in the background with visible progress, downloaded by who asked, then deleted."""

from referrals.exports.jobs import cancel_export, open_export, request_export, run_next, tidy

__all__ = ["cancel_export", "open_export", "request_export", "run_next", "tidy"]
