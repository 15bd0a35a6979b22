"""Assignments are never changed, and no contributor is asked to sign."""

from django.db import migrations

from audit.guards import insert_only

ASKED = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_assignee() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM governance_assignment a
                   JOIN governance_review r ON r.id = a.review_id
                   JOIN registry_versioncontributor c ON c.version_id = r.version_id
                   WHERE a.id = NEW.assignment_id AND c.person_id = NEW.person_id) THEN
            RAISE EXCEPTION 'A contributor is not asked to sign for this version.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER four_eyes BEFORE INSERT ON governance_assignee
        FOR EACH ROW EXECUTE FUNCTION assay_check_assignee();
    """,
    "DROP TRIGGER four_eyes ON governance_assignee; DROP FUNCTION assay_check_assignee();",
)


class Migration(migrations.Migration):
    dependencies = [("governance", "0015_assignments")]
    operations = [
        insert_only("governance_assignment"),
        insert_only("governance_assignee"),
        ASKED,
    ]
