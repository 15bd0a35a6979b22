"""A finished validation report is never changed, and no contributor writes one."""

from django.db import migrations

WRITTEN = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_validation() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        PERFORM 1 FROM registry_modelversion v WHERE v.id = NEW.version_id FOR NO KEY UPDATE;
        IF TG_OP = 'UPDATE' AND (OLD.evidence_id IS NOT NULL OR (
            OLD.id, OLD.version_id, OLD.review_id, OLD.person_id
        ) IS DISTINCT FROM (NEW.id, NEW.version_id, NEW.review_id, NEW.person_id)) THEN
            RAISE EXCEPTION 'A finished validation report is never changed.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF EXISTS (SELECT 1 FROM registry_versioncontributor c
                   WHERE c.version_id = NEW.version_id AND c.person_id = NEW.person_id) THEN
            RAISE EXCEPTION 'A contributor cannot validate this version.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NOT EXISTS (SELECT 1 FROM governance_review r
                       WHERE r.id = NEW.review_id AND r.version_id = NEW.version_id)
            OR NOT EXISTS (SELECT 1 FROM accounts_user u JOIN accounts_person p
                           ON p.id = u.person_id
                           WHERE u.id = NEW.user_id AND u.person_id = NEW.person_id
                             AND u.is_active AND p.is_active) THEN
            RAISE EXCEPTION 'The review is of another version, or its writer has no active login.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER four_eyes BEFORE INSERT OR UPDATE ON governance_validationreport
        FOR EACH ROW EXECUTE FUNCTION assay_check_validation();
    CREATE TRIGGER keep_rows BEFORE DELETE ON governance_validationreport
        FOR EACH ROW EXECUTE FUNCTION assay_refuse_change();
    CREATE TRIGGER keep_table BEFORE TRUNCATE ON governance_validationreport
        FOR EACH STATEMENT EXECUTE FUNCTION assay_refuse_change();
    """,
    "DROP TRIGGER keep_table ON governance_validationreport; "
    "DROP TRIGGER keep_rows ON governance_validationreport; "
    "DROP TRIGGER four_eyes ON governance_validationreport; "
    "DROP FUNCTION assay_check_validation();",
)


class Migration(migrations.Migration):
    dependencies = [("governance", "0026_validation_reports")]
    operations = [WRITTEN]
