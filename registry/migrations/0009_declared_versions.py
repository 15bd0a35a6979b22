"""Versions that are declared, not run; an alias points only at what could be served."""

from django.db import migrations, models

POINTS_AT_SERVABLE = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_alias() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF NOT EXISTS (SELECT 1 FROM registry_modelversion v
                       WHERE v.id = NEW.version_id AND v.servable) THEN
            RAISE EXCEPTION 'An alias points only at a version that can be served.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER points_at_servable BEFORE INSERT OR UPDATE ON registry_alias
        FOR EACH ROW EXECUTE FUNCTION assay_check_alias();
    """,
    "DROP TRIGGER points_at_servable ON registry_alias; DROP FUNCTION assay_check_alias();",
)


class Migration(migrations.Migration):
    dependencies = [("registry", "0008_dataset_tombstones")]
    operations = [
        migrations.AddField("versionrequest", "declared", models.JSONField(null=True)),
        POINTS_AT_SERVABLE,
    ]
