"""Events know the transaction that wrote them, and every transaction that writes some wakes the live readers."""

from django.db import migrations, models

import consortium.models.trail

FORWARDS = """
create function consortium_event_wakes() returns trigger language plpgsql as $$
begin
    perform pg_notify('refnet_events', '');
    return null;
end $$;
create trigger wakes after insert on consortium_event
    for each statement execute function consortium_event_wakes();
"""
BACKWARDS = """
drop trigger wakes on consortium_event;
drop function consortium_event_wakes();
"""


class Migration(migrations.Migration):
    """The column of `consortium.feed`, its index, and the trigger that wakes."""

    dependencies = [("consortium", "0004_outbox")]
    operations = [
        migrations.AddField(
            model_name="event",
            name="tx",
            field=consortium.models.trail.TransactionId(
                db_default=models.Func(function="pg_current_xact_id"),
                editable=False,
                help_text="The transaction that wrote it, for readers that must miss none (事务号).",
            ),
        ),
        migrations.AddIndex(model_name="event", index=models.Index(fields=["tx", "id"], name="event_in_order")),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
