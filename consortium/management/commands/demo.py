"""Load the demo network and its stories, and say how to sign in."""

from importlib import import_module
from types import ModuleType
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils.module_loading import module_has_submodule
from django.utils.translation import gettext as _

from consortium import demo
from consortium.errors import Refused
from consortium.progress import shown

QUERIES = (
    "{ me { person { name } roles { role hospital { name } department { name } } } }",
    "{ worklist(box: IN, first: 5) { nodes { number status priority patient { displayName }"
    " clock { kind dueAt holder } } } }",
    '{ departments(capability: "PICU", first: 5) { nodes { name hospital { name }'
    " capabilities { kind { code } bedsFree asOf } } } }",
)


class Command(BaseCommand):
    """`manage.py demo`: idempotent, one transaction; refused in production, and beside real members."""

    help = "Load the illustrative demo network, print its accounts and three GraphQL queries."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load what is missing of every room's demo data, then print accounts and queries."""
        if settings.PRODUCTION:
            raise CommandError(_("示范账号的口令是公开的，不能载入生产环境。"))
        try:
            with transaction.atomic():
                loaded = [load(module, self.stdout) for module in modules()]
        except Refused as refused:
            raise CommandError(refused.message) from refused
        if not any(loaded):
            self.stdout.write(_("示范数据已在库中，未作改动。"))
        self.stdout.write(_("成员名单按规则生成，仅作示意：公开来源只给出数量，没有名单；人员与患者均为虚构。"))
        self.stdout.write(_("口令（所有账号相同）：{password}").format(password=demo.PASSWORD))
        for account in demo.accounts():
            self.stdout.write(f"  {account.username} · {account.role} · {account.place}")
        self.stdout.write(_("可粘贴到 /graphiql/ 的查询："))
        for query in QUERIES:
            self.stdout.write(f"  {query}")


def load(module: ModuleType, out: Any) -> bool:
    """Load one room's demo data; the database then knows how much there is, or its plans are those for empty tables."""
    made = bool(module.load(shown(out, module.TITLE)))
    if made:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return made


def modules() -> list[ModuleType]:
    """The `demo` modules of the installed apps, the lower rooms first; each has `TITLE` and `load(progress)`."""
    return [
        import_module(f"{app.name}.demo") for app in apps.get_app_configs() if module_has_submodule(app.module, "demo")
    ]
