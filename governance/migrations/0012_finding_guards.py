"""Findings are never changed, and no contributor raises or closes one of his own work."""

from django.db import migrations

from audit.guards import insert_only

# The same lock as under a signature: a finding and an approval cannot pass each other unseen.
RAISED = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_finding() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        PERFORM 1 FROM registry_modelversion v WHERE v.id = NEW.version_id FOR NO KEY UPDATE;
        IF NEW.digest <> encode(sha256(NEW.record), 'hex') THEN
            RAISE EXCEPTION 'The digest of a finding is not that of its record.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF EXISTS (SELECT 1 FROM registry_versioncontributor c
                   WHERE c.version_id = NEW.version_id AND c.person_id = NEW.person_id) THEN
            RAISE EXCEPTION 'A contributor cannot raise a finding about this version.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NOT EXISTS (SELECT 1 FROM accounts_user u JOIN accounts_person p ON p.id = u.person_id
                       WHERE u.id = NEW.user_id AND u.person_id = NEW.person_id
                         AND u.is_active AND p.is_active) THEN
            RAISE EXCEPTION 'Who raises it is not an active login of that person.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER four_eyes BEFORE INSERT ON governance_finding
        FOR EACH ROW EXECUTE FUNCTION assay_check_finding();
    """,
    "DROP TRIGGER four_eyes ON governance_finding; DROP FUNCTION assay_check_finding();",
)
MOVED = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_finding_move() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    DECLARE
        found record;
    BEGIN
        SELECT f.version_id, f.owner_id INTO found
            FROM governance_finding f WHERE f.id = NEW.finding_id;
        PERFORM 1 FROM registry_modelversion v WHERE v.id = found.version_id FOR NO KEY UPDATE;
        IF NEW.digest <> encode(sha256(NEW.record), 'hex') THEN
            RAISE EXCEPTION 'The digest of a move is not that of its record.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.move <> 'answered' AND (
            NEW.person_id = found.owner_id
            OR EXISTS (SELECT 1 FROM registry_versioncontributor c
                       WHERE c.version_id = found.version_id AND c.person_id = NEW.person_id)
        ) THEN
            RAISE EXCEPTION 'Neither its owner nor a contributor judges a finding.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NOT EXISTS (SELECT 1 FROM accounts_user u JOIN accounts_person p ON p.id = u.person_id
                       WHERE u.id = NEW.user_id AND u.person_id = NEW.person_id
                         AND u.is_active AND p.is_active) THEN
            RAISE EXCEPTION 'Who moves it is not an active login of that person.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER four_eyes BEFORE INSERT ON governance_findingmove
        FOR EACH ROW EXECUTE FUNCTION assay_check_finding_move();
    """,
    "DROP TRIGGER four_eyes ON governance_findingmove; DROP FUNCTION assay_check_finding_move();",
)
# The last hand on an approval: whoever holds the notary's role inserts none over an open finding.
NOTHING_BLOCKS = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_approval() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        PERFORM 1 FROM registry_modelversion v WHERE v.id = NEW.version_id FOR NO KEY UPDATE;
        IF EXISTS (
            SELECT 1 FROM governance_finding f LEFT JOIN LATERAL (
                SELECT m.move FROM governance_findingmove m WHERE m.finding_id = f.id
                ORDER BY m.position DESC LIMIT 1
            ) last ON true
            WHERE f.version_id = NEW.version_id AND f.effect <> 'condition'
                AND last.move IS DISTINCT FROM 'closed'
        ) THEN
            RAISE EXCEPTION 'A finding that blocks this version is open.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER nothing_blocks BEFORE INSERT ON governance_approval
        FOR EACH ROW EXECUTE FUNCTION assay_check_approval();
    """,
    "DROP TRIGGER nothing_blocks ON governance_approval; DROP FUNCTION assay_check_approval();",
)


class Migration(migrations.Migration):
    dependencies = [("governance", "0011_findings")]
    operations = [
        insert_only("governance_finding"),
        insert_only("governance_findingmove"),
        RAISED,
        MOVED,
        NOTHING_BLOCKS,
    ]
