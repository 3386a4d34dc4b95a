"""Addresses; each room joins by its name, so that the bottom room imports nothing above it."""

from django.urls import include, path

urlpatterns = [path("", include("schema.urls"))]
