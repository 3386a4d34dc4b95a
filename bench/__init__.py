"""Measurements, each against a reference on the same work in the same run; times alone mean nothing."""
