"""Slides: how they are sent, checked, kept and shown."""
