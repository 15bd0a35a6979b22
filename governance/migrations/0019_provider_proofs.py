"""A sign-in at the provider that a record names is by an account of that person, bound now.

The row of the account is held, so that its end and a signature cannot pass each other unseen.
"""

from django.db import migrations

CITED = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_sign_in() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    DECLARE
        said jsonb;
    BEGIN
        BEGIN
            said := convert_from(NEW.record, 'UTF8')::jsonb;
        EXCEPTION WHEN data_exception OR character_not_in_repertoire THEN
            said := '{}';
        END;
        IF said ->> 'method' = 'oidc' THEN
            PERFORM 1 FROM accounts_identity i
                WHERE 'sha256:' || i.digest = said -> 'sign_in' ->> 'identity'
                  AND i.person_id = NEW.person_id AND i.ended_at IS NULL FOR SHARE;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'The account is none of that person.'
                    USING ERRCODE = 'restrict_violation';
            END IF;
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER account_of_the_person BEFORE INSERT ON governance_signature
        FOR EACH ROW EXECUTE FUNCTION assay_check_sign_in();
    CREATE TRIGGER account_of_the_person BEFORE INSERT ON governance_waiver
        FOR EACH ROW EXECUTE FUNCTION assay_check_sign_in();
    """,
    """
    DROP TRIGGER account_of_the_person ON governance_waiver;
    DROP TRIGGER account_of_the_person ON governance_signature;
    DROP FUNCTION assay_check_sign_in();
    """,
)


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0018_delegation_guards"),
        ("accounts", "0010_identity_guards"),
    ]
    operations = [CITED]
