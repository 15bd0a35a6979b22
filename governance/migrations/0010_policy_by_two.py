"""Two persons publish a policy; only the first one for every team of a tier is the instance's."""

from django.db import migrations

_BY_TWO = """
    CREATE FUNCTION assay_check_policy() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF NEW.proposal_id IS NULL THEN
            IF NEW.published_by_id IS NULL AND NEW.team_id IS NULL AND NOT EXISTS (
                SELECT 1 FROM governance_policyversion p
                WHERE p.tier = NEW.tier AND p.team_id IS NULL) THEN
                RETURN NEW;
            END IF;
        ELSIF NEW.digest = encode(sha256(NEW.body), 'hex')
            AND assay_details_confirmed_now(NEW.proposal_id, 'policy') ->> 'digest'
                = 'sha256:' || NEW.digest THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'Two persons publish a policy.' USING ERRCODE = 'restrict_violation';
    END $$;
    CREATE TRIGGER two_persons BEFORE INSERT ON governance_policyversion
        FOR EACH ROW EXECUTE FUNCTION assay_check_policy();
    """
_NOT_BY_TWO = """
    DROP TRIGGER two_persons ON governance_policyversion;
    DROP FUNCTION assay_check_policy();
    """


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0009_policy_proposals"),
        ("accounts", "0005_proposal_guards"),
    ]
    operations = [migrations.RunSQL(_BY_TWO, _NOT_BY_TWO)]
