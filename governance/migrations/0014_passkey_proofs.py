"""What a passkey is said to have signed cites one of that person; a policy may want one.

The row of the passkey is held, so that its removal and a signature cannot pass each other unseen.
"""

from django.db import migrations, models

CITED = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_passkey() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    DECLARE
        wanted jsonb;
        said jsonb;
    BEGIN
        IF TG_TABLE_NAME = 'governance_signature' THEN
            SELECT p.document -> 'passkey' INTO wanted FROM governance_review r
                JOIN governance_policyversion p ON p.id = r.policy_id WHERE r.id = NEW.review_id;
        ELSE
            SELECT p.document -> 'passkey' INTO wanted FROM governance_policyversion p
                WHERE p.id = NEW.policy_id;
        END IF;
        BEGIN
            said := convert_from(NEW.record, 'UTF8')::jsonb;
        EXCEPTION WHEN data_exception OR character_not_in_repertoire THEN
            said := '{}';
        END;
        IF wanted = 'true'::jsonb AND said ->> 'method' IS DISTINCT FROM 'passkey' THEN
            RAISE EXCEPTION 'The policy demands a passkey.' USING ERRCODE = 'restrict_violation';
        END IF;
        IF said ->> 'method' = 'passkey' THEN
            PERFORM 1 FROM accounts_passkey k
                WHERE 'sha256:' || k.credential = said -> 'passkey' ->> 'credential'
                  AND k.person_id = NEW.person_id AND k.removed_at IS NULL FOR SHARE;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'The passkey is none of that person.'
                    USING ERRCODE = 'restrict_violation';
            END IF;
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER passkey_of_the_person BEFORE INSERT ON governance_signature
        FOR EACH ROW EXECUTE FUNCTION assay_check_passkey();
    CREATE TRIGGER passkey_of_the_person BEFORE INSERT ON governance_waiver
        FOR EACH ROW EXECUTE FUNCTION assay_check_passkey();
    """,
    """
    DROP TRIGGER passkey_of_the_person ON governance_waiver;
    DROP TRIGGER passkey_of_the_person ON governance_signature;
    DROP FUNCTION assay_check_passkey();
    """,
)


class Migration(migrations.Migration):
    dependencies = [("governance", "0013_looks"), ("accounts", "0008_passkey_guards")]
    operations = [
        migrations.AddField(
            model_name="revocation",
            name="assertion",
            field=models.BinaryField(null=True),
        ),
        CITED,
    ]
