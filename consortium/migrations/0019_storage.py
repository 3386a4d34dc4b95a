"""How tightly each table is packed and how soon it is swept, by how it is written (docs/operations.md, Growth)."""

from django.db import migrations

SET = """
alter table consortium_notice set (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);
alter table consortium_delivery set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
alter table consortium_clockrun set (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_analyze_scale_factor = 0.02);
alter table consortium_idempotencykey set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
alter table consortium_session set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
"""
RESET = """
alter table consortium_notice reset (fillfactor, autovacuum_vacuum_scale_factor);
alter table consortium_delivery reset (fillfactor, autovacuum_vacuum_scale_factor);
alter table consortium_clockrun reset (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor);
alter table consortium_idempotencykey reset (fillfactor, autovacuum_vacuum_scale_factor);
alter table consortium_session reset (fillfactor, autovacuum_vacuum_scale_factor);
"""


class Migration(migrations.Migration):
    """Options alone: no row is touched."""

    dependencies = [("consortium", "0018_months")]
    operations = [migrations.RunSQL(SET, RESET)]
