"""Signed reports and their addenda are written once: a trigger refuses change and deletion."""

from django.db import migrations

FORWARDS = """
create trigger append_only before update or delete on telemedicine_report
    for each row execute function consortium_append_only();
create trigger append_only before update or delete on telemedicine_addendum
    for each row execute function consortium_append_only();
create trigger append_only_whole before truncate on telemedicine_report
    for each statement execute function consortium_append_only();
create trigger append_only_whole before truncate on telemedicine_addendum
    for each statement execute function consortium_append_only();
"""
BACKWARDS = """
drop trigger append_only_whole on telemedicine_addendum;
drop trigger append_only_whole on telemedicine_report;
drop trigger append_only on telemedicine_addendum;
drop trigger append_only on telemedicine_report;
"""


class Migration(migrations.Migration):
    """Triggers on what was signed."""

    dependencies = [("telemedicine", "0003_report"), ("consortium", "0002_append_only")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
