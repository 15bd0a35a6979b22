"""An event is stored with the hash of its own bytes, so that no row can spoil the tree."""

from django.db import migrations

# A hash of another length stops the notary for good, and one of other bytes accuses every bundle:
# the row could never be taken out again.
SOUND = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_event() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF NEW.leaf_hash IS DISTINCT FROM sha256('\\x00'::bytea || NEW.leaf) THEN
            RAISE EXCEPTION 'The hash of an event is that of its bytes.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NOT isfinite(NEW.occurred_at) THEN
            RAISE EXCEPTION 'An event happens at a moment.' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER sound_event BEFORE INSERT ON audit_auditevent
        FOR EACH ROW EXECUTE FUNCTION assay_check_event();
    """,
    "DROP TRIGGER sound_event ON audit_auditevent; DROP FUNCTION assay_check_event();",
)


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_guards")]
    operations = [SOUND]
