"""A second factor is set up or taken away, never changed; a code that was taken stays taken."""

from django.db import migrations

GUARDS = migrations.RunSQL(
    """
    CREATE FUNCTION assay_later_step() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF NEW.last_step <= OLD.last_step THEN
            RAISE EXCEPTION 'The code of this step, or of a later one, was taken already.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE FUNCTION assay_used_once() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF OLD.used_at IS NOT NULL THEN
            RAISE EXCEPTION 'This recovery code was used already.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER keep_columns BEFORE UPDATE ON accounts_secondfactor
        FOR EACH ROW EXECUTE FUNCTION assay_refuse_frozen('last_step');
    CREATE TRIGGER later_step BEFORE UPDATE ON accounts_secondfactor
        FOR EACH ROW EXECUTE FUNCTION assay_later_step();
    CREATE TRIGGER keep_columns BEFORE UPDATE ON accounts_recoverycode
        FOR EACH ROW EXECUTE FUNCTION assay_refuse_frozen('used_at');
    CREATE TRIGGER used_once BEFORE UPDATE ON accounts_recoverycode
        FOR EACH ROW EXECUTE FUNCTION assay_used_once();
    """,
    """
    DROP TRIGGER used_once ON accounts_recoverycode;
    DROP TRIGGER keep_columns ON accounts_recoverycode;
    DROP TRIGGER later_step ON accounts_secondfactor;
    DROP TRIGGER keep_columns ON accounts_secondfactor;
    DROP FUNCTION assay_used_once();
    DROP FUNCTION assay_later_step();
    """,
)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_second_factors"), ("audit", "0002_guards")]
    operations = [GUARDS]
