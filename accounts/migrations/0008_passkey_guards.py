"""Passkeys stay what they were registered as, end once, count upwards; challenges serve once."""

from django.db import migrations

from audit.guards import only_these_change

GUARDS = migrations.RunSQL(
    """
    CREATE FUNCTION assay_passkey_goes_on() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF OLD.removed_at IS NOT NULL THEN
            RAISE EXCEPTION 'This passkey was removed.' USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.sign_count < OLD.sign_count THEN
            RAISE EXCEPTION 'The counter of a passkey never goes back.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE FUNCTION assay_answered_once() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF OLD.used_at IS NOT NULL THEN
            RAISE EXCEPTION 'This challenge was answered already.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER goes_on BEFORE UPDATE ON accounts_passkey
        FOR EACH ROW EXECUTE FUNCTION assay_passkey_goes_on();
    CREATE TRIGGER keep_columns BEFORE UPDATE ON accounts_passkeychallenge
        FOR EACH ROW EXECUTE FUNCTION assay_refuse_frozen('used_at');
    CREATE TRIGGER answered_once BEFORE UPDATE ON accounts_passkeychallenge
        FOR EACH ROW EXECUTE FUNCTION assay_answered_once();
    """,
    """
    DROP TRIGGER answered_once ON accounts_passkeychallenge;
    DROP TRIGGER keep_columns ON accounts_passkeychallenge;
    DROP TRIGGER goes_on ON accounts_passkey;
    DROP FUNCTION assay_answered_once();
    DROP FUNCTION assay_passkey_goes_on();
    """,
)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_passkeys"), ("audit", "0002_guards")]
    operations = [
        only_these_change("accounts_passkey", "name", "sign_count", "last_used_at", "removed_at"),
        GUARDS,
    ]
