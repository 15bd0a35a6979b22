"""An event bears the number of the transaction that writes it, whatever the writer says.

The notary looks for new events by this number: with an old one an event would get no place in the
log before the notary's next start, although it was believed at once.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_sound_events")]
    operations = [
        migrations.RunSQL(
            """
            CREATE FUNCTION assay_number_event() RETURNS trigger LANGUAGE plpgsql
                SET search_path = pg_catalog, public, pg_temp AS $$
            BEGIN
                NEW.transaction := pg_current_xact_id()::text::bigint;
                RETURN NEW;
            END $$;
            CREATE TRIGGER own_transaction BEFORE INSERT ON audit_auditevent
                FOR EACH ROW EXECUTE FUNCTION assay_number_event();
            """,
            "DROP TRIGGER own_transaction ON audit_auditevent; DROP FUNCTION assay_number_event();",
        )
    ]
