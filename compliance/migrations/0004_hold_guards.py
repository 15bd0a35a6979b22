"""Holds are never changed, and whoever placed one does not lift it, whatever program writes."""

from django.db import migrations

from audit.guards import insert_only

# The team's row is locked by deletions as well: a hold and a deletion cannot pass each other.
PLACED = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_hold() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        PERFORM 1 FROM accounts_team t WHERE t.id = coalesce(
            (SELECT m.team_id FROM registry_registeredmodel m WHERE m.id = NEW.model_id),
            (SELECT d.team_id FROM registry_datasetsnapshot d WHERE d.id = NEW.dataset_id)
        ) FOR NO KEY UPDATE;
        IF NEW.digest <> encode(sha256(NEW.record), 'hex') THEN
            RAISE EXCEPTION 'The digest of a hold is not that of its record.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.version_id IS NOT NULL AND NEW.model_id IS DISTINCT FROM (
                SELECT v.model_id FROM registry_modelversion v WHERE v.id = NEW.version_id) THEN
            RAISE EXCEPTION 'The version is not one of the model.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NOT EXISTS (SELECT 1 FROM accounts_user u JOIN accounts_person p ON p.id = u.person_id
                       WHERE u.id = NEW.user_id AND u.person_id = NEW.person_id
                         AND u.is_active AND p.is_active) THEN
            RAISE EXCEPTION 'Who places it is not an active login of that person.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER placed BEFORE INSERT ON compliance_legalhold
        FOR EACH ROW EXECUTE FUNCTION assay_check_hold();
    """,
    "DROP TRIGGER placed ON compliance_legalhold; DROP FUNCTION assay_check_hold();",
)
LIFTED = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_hold_lift() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF NEW.digest <> encode(sha256(NEW.record), 'hex') THEN
            RAISE EXCEPTION 'The digest of a lift is not that of its record.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.person_id = (SELECT h.person_id FROM compliance_legalhold h
                            WHERE h.id = NEW.hold_id) THEN
            RAISE EXCEPTION 'Whoever placed a hold does not lift it.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NOT EXISTS (SELECT 1 FROM accounts_user u JOIN accounts_person p ON p.id = u.person_id
                       WHERE u.id = NEW.user_id AND u.person_id = NEW.person_id
                         AND u.is_active AND p.is_active) THEN
            RAISE EXCEPTION 'Who lifts it is not an active login of that person.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER another_person BEFORE INSERT ON compliance_holdlift
        FOR EACH ROW EXECUTE FUNCTION assay_check_hold_lift();
    """,
    "DROP TRIGGER another_person ON compliance_holdlift; DROP FUNCTION assay_check_hold_lift();",
)


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0003_holds"),
        ("accounts", "0011_sessions"),
        ("registry", "0006_register_guards"),
    ]
    operations = [
        insert_only("compliance_legalhold"),
        insert_only("compliance_holdlift"),
        PLACED,
        LIFTED,
    ]
