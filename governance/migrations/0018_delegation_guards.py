"""Delegations are never changed, and a person has one delegate at a time."""

from django.db import migrations

from audit.guards import insert_only

ONE = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_delegation() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        PERFORM 1 FROM accounts_person p WHERE p.id = NEW.person_id FOR NO KEY UPDATE;
        IF EXISTS (SELECT 1 FROM governance_delegation d
                   LEFT JOIN governance_delegationend e ON e.delegation_id = d.id
                   WHERE d.person_id = NEW.person_id AND e.delegation_id IS NULL
                     AND d.starts_on <= NEW.ends_on AND d.ends_on >= NEW.starts_on) THEN
            RAISE EXCEPTION 'This person has a delegate on some of these days.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER one_at_a_time BEFORE INSERT ON governance_delegation
        FOR EACH ROW EXECUTE FUNCTION assay_check_delegation();
    """,
    "DROP TRIGGER one_at_a_time ON governance_delegation; DROP FUNCTION assay_check_delegation();",
)


class Migration(migrations.Migration):
    dependencies = [("governance", "0017_delegations")]
    operations = [
        insert_only("governance_delegation"),
        insert_only("governance_delegationend"),
        ONE,
    ]
