"""A system check: does this PostgreSQL know Chinese characters for letters? Where it does not, search finds nothing."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections

# pg_trgm and the text-search parser follow LC_CTYPE, regular expressions the database's collation: ask for both.
QUESTION = r"""
    select current_setting('server_encoding') = 'UTF8', '省' ~ '^\w$', datctype not in ('C', 'POSIX'), datctype
    from pg_database where datname = current_database()
"""


@register(Tags.database)
def check_chinese_search(
    app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Warn (refnet.W001) of each database whose encoding or locale breaks search in Chinese."""
    return [
        warning
        for alias in databases or []
        if connections[alias].vendor == "postgresql"
        for warning in _complaints(alias)
    ]


def _complaints(alias: str) -> list[CheckMessage]:
    with connections[alias].cursor() as cursor:
        cursor.execute(QUESTION)
        utf8, word, letters, ctype = cursor.fetchone()
    if utf8 and word and letters:
        return []
    return [
        Warning(
            f"数据库“{alias}”的编码或区域设置（{ctype}）使中文检索查不到结果。"
            f" / The encoding or locale ({ctype}) of database {alias!r} makes search in Chinese find nothing.",
            hint="请用 UTF8 和 C.UTF-8 建库 / Create it anew: create database … template template0 "
            "encoding 'UTF8' locale 'C.UTF-8'",
            id="refnet.W001",
        )
    ]
