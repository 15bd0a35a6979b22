"""No alias moves to a version whose approval is for other aliases, whoever writes the row."""

from django.db import migrations

# The serving gate reads the scope from the signed envelope; this keeps the rows from promising
# what it would refuse. An envelope's scope is that of its statement, which the notary ensures.
IN_SCOPE = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_alias_scope() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    DECLARE
        allowed jsonb;
    BEGIN
        SELECT convert_from(r.statement, 'UTF8')::jsonb -> 'scope' -> 'aliases' INTO allowed
            FROM governance_approval a JOIN governance_review r ON r.id = a.review_id
            WHERE a.id = NEW.approval_id;
        IF NOT COALESCE(allowed ? '*' OR allowed ? NEW.alias, true) THEN
            RAISE EXCEPTION 'The approval is not for this alias.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER alias_in_scope BEFORE INSERT ON registry_aliasmove
        FOR EACH ROW EXECUTE FUNCTION assay_check_alias_scope();
    """,
    """
    DROP TRIGGER alias_in_scope ON registry_aliasmove;
    DROP FUNCTION assay_check_alias_scope();
    """,
)


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0006_signature_salt"),
        ("registry", "0002_guards"),
    ]
    operations = [IN_SCOPE]
