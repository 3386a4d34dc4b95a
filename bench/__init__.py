"""Measurements, each against a reference on the same work in the same run; times alone mean nothing."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consortium.settings")
django.setup()
