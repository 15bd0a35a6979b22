"""An emergency lets only a version answer that could be served."""

from django.db import migrations

GRANTS_SERVABLE = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_grant_servable() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF NOT EXISTS (SELECT 1 FROM registry_modelversion v
                       WHERE v.id = NEW.version_id AND v.servable) THEN
            RAISE EXCEPTION 'An emergency is only for a version that can be served.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER grants_servable BEFORE INSERT ON governance_emergencygrant
        FOR EACH ROW EXECUTE FUNCTION assay_check_grant_servable();
    """,
    "DROP TRIGGER grants_servable ON governance_emergencygrant; "
    "DROP FUNCTION assay_check_grant_servable();",
)


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0029_share_in_scope"),
        ("registry", "0009_declared_versions"),
    ]
    operations = [GRANTS_SERVABLE]
