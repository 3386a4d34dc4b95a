"""Addresses of the edge."""

from django.urls import path

from schema.views.endpoint import endpoint
from schema.views.exports import export
from schema.views.files import download, upload
from schema.views.hospital_sign_in import away, back
from schema.views.members import members, template
from schema.views.pages import app, door, graphiql
from schema.views.reports import as_json, as_pdf, coverage_as_pdf, form_as_pdf, verify
from schema.views.session import factor, session, setup
from schema.views.slides import info, picture, tile
from schema.views.stream import stream
from schema.views.uploads import upload_piece, uploads
from schema.views.viewer import key_image, viewer
from schema.views.ways_in import (
    own_factor,
    own_factors,
    own_keys,
    own_password,
    own_recovery_codes,
    own_sessions,
    own_sign_ins,
    own_totp,
)

urlpatterns = [
    path("", door),
    path("app", app),
    path("app/<path:rest>", app),
    path("app/", app),
    path("graphql/", endpoint, name="graphql"),
    path("graphql/stream/", stream),
    path("graphiql/", graphiql),
    path("session/", session),
    path("session/factor/", factor),
    path("session/setup/", setup),
    path("session/factors/", own_factors),
    path("session/factors/<int:id>/", own_factor),
    path("session/totp/", own_totp),
    path("session/keys/", own_keys),
    path("session/recovery-codes/", own_recovery_codes),
    path("session/password/", own_password),
    path("session/sessions/", own_sessions),
    path("session/sign-ins/", own_sign_ins),
    path("session/oidc/<slug:id>/", away),
    path("session/oidc/<slug:id>/back/", back),
    path("attachments/", upload),
    path("attachments/<str:id>/", download),
    path("members/", members),
    path("members/template.xlsx", template),
    path("reports/<str:id>.pdf", as_pdf),
    path("reports/<str:id>.json", as_json),
    path("reports/coverage/<str:alliance>/<str:month>.pdf", coverage_as_pdf),
    path("forms/<str:id>/<str:form>.pdf", form_as_pdf),
    path("verify/", verify),
    path("exports/<str:id>/", export),
    path("slides/<str:id>/info", info),
    path("slides/<str:id>/pictures/<str:name>", picture),
    path("slides/<str:id>/tiles/<str:level>/<str:place>", tile),
    path("uploads/", uploads),
    path("uploads/<str:id>", upload_piece),
    path("viewer/<str:id>/", viewer),
    path("key-images/<str:id>", key_image),
]
