"""A grant says what two persons confirmed, is never changed, and a third person reviews it."""

from django.db import migrations

from audit.guards import insert_only

GRANTED = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_emergency() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    DECLARE
        said jsonb := assay_details_confirmed_now(NEW.proposal_id, 'emergency');
    BEGIN
        IF said IS NULL OR said ->> 'version' IS DISTINCT FROM NEW.version_id::text
            OR said ->> 'alias' IS DISTINCT FROM NEW.alias
            OR said ->> 'policy' IS DISTINCT FROM (
                SELECT 'sha256:' || p.digest FROM governance_policyversion p
                WHERE p.id = NEW.policy_id) THEN
            RAISE EXCEPTION 'Two persons grant an emergency, and the row says what they said.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF EXISTS (SELECT 1 FROM registry_versioncontributor c JOIN accounts_proposal p
                   ON c.person_id IN (p.proposer_id, p.decider_id)
                   WHERE p.id = NEW.proposal_id AND c.version_id = NEW.version_id) THEN
            RAISE EXCEPTION 'A contributor cannot grant an emergency for this version.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER two_persons BEFORE INSERT ON governance_emergencygrant
        FOR EACH ROW EXECUTE FUNCTION assay_check_emergency();
    """,
    """
    DROP TRIGGER two_persons ON governance_emergencygrant;
    DROP FUNCTION assay_check_emergency();
    """,
)
REVIEWED = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_emergency_review() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM governance_emergencygrant g
                   JOIN accounts_proposal p ON p.id = g.proposal_id
                   WHERE g.id = NEW.grant_id
                     AND NEW.person_id IN (p.proposer_id, p.decider_id)) THEN
            RAISE EXCEPTION 'A third person reviews an emergency grant.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NOT EXISTS (SELECT 1 FROM accounts_user u JOIN accounts_person p ON p.id = u.person_id
                       WHERE u.id = NEW.user_id AND u.person_id = NEW.person_id
                         AND u.is_active AND p.is_active) THEN
            RAISE EXCEPTION 'Who reviews it is not an active login of that person.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER third_person BEFORE INSERT ON governance_emergencyreview
        FOR EACH ROW EXECUTE FUNCTION assay_check_emergency_review();
    """,
    """
    DROP TRIGGER third_person ON governance_emergencyreview;
    DROP FUNCTION assay_check_emergency_review();
    """,
)


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0020_emergencies"),
        ("accounts", "0005_proposal_guards"),
    ]
    operations = [
        insert_only("governance_emergencygrant"),
        insert_only("governance_emergencyattestation"),
        insert_only("governance_emergencyend"),
        insert_only("governance_emergencyreview"),
        GRANTED,
        REVIEWED,
    ]
