"""Figures as files on the wire: asked for, followed while they are made, downloaded from an address of their own."""

from datetime import date
from typing import Any, ClassVar

import graphene

from consortium import access
from referrals.exports import cancel_export, request_export
from referrals.models import Export, ExportFormat, ExportState, ExportTable
from schema import ids, reads
from schema.action import VERSION, Action
from schema.base import OWN, Date, Type, declare, listed, permission
from schema.keyset import Order
from schema.reads import connection, paged

FormatEnum = declare(ExportFormat, "ExportFormat")
StateEnum = declare(ExportState, "ExportState")
TableEnum = declare(ExportTable, "ExportTable")
READERS = permission("view_coverage", "view_suppressed_coverage")


class ExportType(Type):
    """The figures of an alliance as a file (导出)."""

    tables = listed(TableEnum, "Which tables, beside a sheet that says what they are (表).")
    url = graphene.String(description="Where the file is, while it can be had (下载地址).")

    class Meta:
        """Only one's own."""

        model, name, rule = Export, "Export", OWN
        fields = (
            "alliance",
            "capability",
            "since",
            "until",
            "months",
            "format",
            "state",
            "done",
            "total",
            "problem",
            "requested_at",
            "settled_at",
            "expires_at",
            "name",
            "size",
            "sha256",
            "version",
        )

    def resolve_tables(self: Export, info: Any) -> list[ExportTable]:
        """In their order."""
        return [ExportTable(code) for code in self.tables]

    def resolve_url(self: Export, info: Any) -> str | None:
        """Empty until it is ready, and once it has expired."""
        there = self.state == ExportState.READY and self.expires_at is not None and self.expires_at > info.context.now
        return f"/exports/{ids.encode('Export', self.pk)}/" if there else None


ExportConnection = connection(ExportType)


class Query:
    """What one asked for."""

    rules: ClassVar = {"exports": READERS, "export": READERS}

    exports = paged(ExportConnection, "Your exports, newest first.")
    export = graphene.Field(
        ExportType,
        id=graphene.ID(required=True, description="Its global id."),
        description="One of your exports; ask again while it is WAITING or RUNNING.",
    )

    def resolve_exports(self: Any, info: Any, first: int, after: str | None = None) -> reads.Page:
        """One's own."""
        rows = Export.objects.filter(person=info.context.actor.person)
        return reads.page(rows, info, order=Order("NEWEST", ("id",), descending=True), first=first, after=after)

    def resolve_export(self: Any, info: Any, id: str) -> Export:
        """One's own; NOT_FOUND for anybody else's."""
        rows = Export.objects.filter(person=info.context.actor.person)
        row: Export | None = reads.one(rows, ids.decode(id, "Export"), info)
        if row is None:
            raise access.not_found()
        return row


class RequestExport(Action):
    """Ask for the figures of an alliance as a file; it is made in the background, with `done` of `total` tables."""

    returns = ("export", ExportType, Export)

    class Input:
        """Whose figures, of which days, as what."""

        alliance = graphene.String(required=True, description="Code of the alliance (联盟代码).")
        capability = graphene.String(description="Code of a needed capability (能力).")
        since = Date(required=True, description="First day (起).")
        until = Date(required=True, description="Last day (止).")
        format = FormatEnum(required=True, description="CSV (a ZIP, a file for each table) or a workbook (格式).")
        tables = graphene.List(graphene.NonNull(TableEnum), description="Which tables; all if empty (表).")
        months = graphene.Int(description="Months of the trend, 12 if empty (趋势月数).")

    @staticmethod
    def perform(*, by: Any, now: Any, since: date, until: date, **given: Any) -> Export:
        """See `referrals.exports.request_export`."""
        return request_export(by=by, now=now, since=since, until=until, **given)


class CancelExport(Action):
    """Stop an export of yours that is not finished."""

    perform = staticmethod(cancel_export)
    returns = ("export", ExportType, Export)
    objects = {"id": ("Export",)}

    class Input:
        """Which one."""

        id = graphene.ID(required=True, description="The export.")
        expected_version = VERSION


class Mutation:
    """What is done about one's exports."""

    request_export = RequestExport.Field(description=RequestExport.__doc__)
    cancel_export = CancelExport.Field(description=CancelExport.__doc__)
