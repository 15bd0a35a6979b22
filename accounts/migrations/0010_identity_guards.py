"""An account opens a login by two persons' word alone, and ends once; a question is answered once."""

from django.db import migrations

from audit.guards import only_these_change

GUARDS = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_identity() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    DECLARE
        said jsonb := assay_details_confirmed_now(NEW.proposal_id, 'identity');
    BEGIN
        IF said IS NULL OR said ->> 'user' <> NEW.user_id::text
            OR said ->> 'person' <> NEW.person_id::text
            OR said ->> 'issuer' <> NEW.issuer OR said ->> 'subject' <> NEW.subject
            OR NEW.ended_at IS NOT NULL THEN
            RAISE EXCEPTION 'Two persons bind an account to a login.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE FUNCTION assay_identity_ends_once() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF OLD.ended_at IS NOT NULL THEN
            RAISE EXCEPTION 'This account was ended.' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE FUNCTION assay_question_goes_on() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF OLD.used_at IS NOT NULL OR OLD.answer IS NOT NULL AND NEW.answer IS DISTINCT FROM OLD.answer
            OR OLD.returned_at IS NOT NULL AND NEW.returned_at IS DISTINCT FROM OLD.returned_at
            OR NEW.answer IS NOT NULL AND NEW.returned_at IS NULL THEN
            RAISE EXCEPTION 'This question was answered already.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER two_persons BEFORE INSERT ON accounts_identity
        FOR EACH ROW EXECUTE FUNCTION assay_check_identity();
    CREATE TRIGGER ends_once BEFORE UPDATE ON accounts_identity
        FOR EACH ROW EXECUTE FUNCTION assay_identity_ends_once();
    CREATE TRIGGER keep_columns BEFORE UPDATE ON accounts_authenticationrequest
        FOR EACH ROW EXECUTE FUNCTION assay_refuse_frozen('returned_at', 'answer', 'used_at');
    CREATE TRIGGER goes_on BEFORE UPDATE ON accounts_authenticationrequest
        FOR EACH ROW EXECUTE FUNCTION assay_question_goes_on();
    """,
    """
    DROP TRIGGER goes_on ON accounts_authenticationrequest;
    DROP TRIGGER keep_columns ON accounts_authenticationrequest;
    DROP TRIGGER ends_once ON accounts_identity;
    DROP TRIGGER two_persons ON accounts_identity;
    DROP FUNCTION assay_question_goes_on();
    DROP FUNCTION assay_identity_ends_once();
    DROP FUNCTION assay_check_identity();
    """,
)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_identities"), ("audit", "0002_guards")]
    operations = [only_these_change("accounts_identity", "ended_at"), GUARDS]
