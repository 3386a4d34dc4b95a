"""Events and audit entries are written once: a trigger refuses change and deletion. Also the extension for slots."""

from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations

FORWARDS = """
create function consortium_append_only() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete on consortium_event
    for each row execute function consortium_append_only();
create trigger append_only before update or delete on consortium_auditentry
    for each row execute function consortium_append_only();
create trigger append_only_whole before truncate on consortium_event
    for each statement execute function consortium_append_only();
create trigger append_only_whole before truncate on consortium_auditentry
    for each statement execute function consortium_append_only();
"""
BACKWARDS = """
drop trigger append_only_whole on consortium_auditentry;
drop trigger append_only_whole on consortium_event;
drop trigger append_only on consortium_auditentry;
drop trigger append_only on consortium_event;
drop function consortium_append_only();
"""


class Migration(migrations.Migration):
    """Triggers on the trail."""

    dependencies = [("consortium", "0001_initial")]
    operations = [BtreeGistExtension(), migrations.RunSQL(FORWARDS, BACKWARDS)]
