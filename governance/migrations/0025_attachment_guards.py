"""Attached files are never changed, and a finding has none that its record does not name."""

from django.db import migrations

from audit.guards import insert_only

NAMED = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_attachment() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF NEW.finding_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM governance_finding f WHERE f.id = NEW.finding_id
                AND convert_from(f.record, 'UTF8')::jsonb #> ARRAY[
                    'attachments', (NEW.position - 1)::text
                ] = jsonb_build_object(
                    'name', NEW.name, 'digest', 'sha256:' || NEW.blob_id, 'size', NEW.size)
        ) THEN
            RAISE EXCEPTION 'The record of the finding does not name this file.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER named BEFORE INSERT ON governance_attachment
        FOR EACH ROW EXECUTE FUNCTION assay_check_attachment();
    """,
    "DROP TRIGGER named ON governance_attachment; DROP FUNCTION assay_check_attachment();",
)


class Migration(migrations.Migration):
    dependencies = [("governance", "0024_attachments")]
    operations = [insert_only("governance_attachment"), NAMED]
