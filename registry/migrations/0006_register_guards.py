"""Entries of the register are never changed, and what is inventory only has nothing to serve."""

from django.db import migrations

from audit.guards import insert_only

NOTHING_TO_SERVE = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_entry() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        PERFORM 1 FROM registry_registeredmodel m WHERE m.id = NEW.model_id FOR UPDATE;
        IF NEW.hosting = 'inventory' AND EXISTS (
                SELECT 1 FROM registry_modelversion v
                WHERE v.model_id = NEW.model_id AND v.servable) THEN
            RAISE EXCEPTION 'The model has versions that can be served.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER nothing_to_serve BEFORE INSERT ON registry_registerentry
        FOR EACH ROW EXECUTE FUNCTION assay_check_entry();
    CREATE FUNCTION assay_check_servable() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        PERFORM 1 FROM registry_registeredmodel m WHERE m.id = NEW.model_id FOR UPDATE;
        IF NEW.servable AND 'inventory' = (
                SELECT e.hosting FROM registry_registerentry e
                WHERE e.model_id = NEW.model_id ORDER BY e.revision DESC LIMIT 1) THEN
            RAISE EXCEPTION 'The model is inventory only.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER not_inventory BEFORE INSERT ON registry_modelversion
        FOR EACH ROW EXECUTE FUNCTION assay_check_servable();
    """,
    """
    DROP TRIGGER not_inventory ON registry_modelversion; DROP FUNCTION assay_check_servable();
    DROP TRIGGER nothing_to_serve ON registry_registerentry; DROP FUNCTION assay_check_entry();
    """,
)


class Migration(migrations.Migration):
    dependencies = [("registry", "0005_register_entries")]
    operations = [insert_only("registry_registerentry"), NOTHING_TO_SERVE]
