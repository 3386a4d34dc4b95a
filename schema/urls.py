"""Addresses of the edge."""

from django.urls import path

from schema.views.endpoint import endpoint
from schema.views.files import download, upload
from schema.views.pages import door, graphiql
from schema.views.session import session
from schema.views.stream import stream

urlpatterns = [
    path("", door),
    path("graphql/", endpoint, name="graphql"),
    path("graphql/stream/", stream),
    path("graphiql/", graphiql),
    path("session/", session),
    path("attachments/", upload),
    path("attachments/<str:id>/", download),
]
