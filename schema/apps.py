"""The Django application of the schema room."""

from django.apps import AppConfig


class SchemaConfig(AppConfig):
    """The GraphQL edge."""

    name = "schema"
