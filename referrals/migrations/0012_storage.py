"""How tightly each table is packed and how soon it is swept, by how it is written (docs/operations.md, Growth)."""

from django.db import migrations

SET = """
alter table referrals_referral set (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_analyze_scale_factor = 0.02);
alter table referrals_case set (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02);
alter table referrals_legcount set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 500);
"""
RESET = """
alter table referrals_referral reset (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor);
alter table referrals_case reset (fillfactor, autovacuum_vacuum_scale_factor);
alter table referrals_legcount reset (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
"""


class Migration(migrations.Migration):
    """Options alone: no row is touched."""

    dependencies = [("referrals", "0011_legs_are_counted")]
    operations = [migrations.RunSQL(SET, RESET)]
