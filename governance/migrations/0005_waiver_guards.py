"""Waivers are never changed, and no contributor waives a gate of his own work."""

from django.db import migrations

from audit.guards import insert_only

# The same lock as under a signature: a contribution and a waiver by one person cannot pass each
# other unseen. What the policy keeps, and what would outlive an approval, is refused here too, so
# that nothing written past the program makes a row that no program can read.
GIVEN = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_waiver() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    DECLARE
        wanted jsonb;
    BEGIN
        PERFORM 1 FROM registry_modelversion v WHERE v.id = NEW.version_id FOR NO KEY UPDATE;
        SELECT p.document INTO wanted FROM governance_policyversion p WHERE p.id = NEW.policy_id;
        IF NEW.gate IN ('admission', 'golden') OR NOT (
            COALESCE(wanted -> 'waivable' @> to_jsonb(NEW.gate::text), false)
            OR NEW.gate LIKE 'metric:%'
                AND COALESCE(wanted -> 'waivable' @> '"metric:*"'::jsonb, false)
        ) THEN
            RAISE EXCEPTION 'The policy does not let this gate be waived.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.at NOT BETWEEN now() - interval '1 day' AND now() + interval '1 day'
            OR NEW.not_after <= NEW.at OR NEW.not_after >
                NEW.at + (wanted ->> 'validity_days')::int * interval '24 hours' THEN
            RAISE EXCEPTION 'A waiver holds from now on, and no longer than an approval may.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.digest <> encode(sha256(NEW.record), 'hex') OR NEW.salt !~ '^[0-9a-f]{64}$' THEN
            RAISE EXCEPTION 'The digest of a waiver is not that of its record.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF EXISTS (SELECT 1 FROM registry_versioncontributor c
                   WHERE c.version_id = NEW.version_id AND c.person_id = NEW.person_id) THEN
            RAISE EXCEPTION 'A contributor cannot waive a gate of this version.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NOT EXISTS (SELECT 1 FROM accounts_user u JOIN accounts_person p ON p.id = u.person_id
                       WHERE u.id = NEW.user_id AND u.person_id = NEW.person_id
                         AND u.is_active AND p.is_active) THEN
            RAISE EXCEPTION 'Who waives is not an active login of that person.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER four_eyes BEFORE INSERT ON governance_waiver
        FOR EACH ROW EXECUTE FUNCTION assay_check_waiver();
    """,
    """
    DROP TRIGGER four_eyes ON governance_waiver;
    DROP FUNCTION assay_check_waiver();
    """,
)


class Migration(migrations.Migration):
    dependencies = [("governance", "0004_waivers")]
    operations = [
        insert_only("governance_waiver"),
        insert_only("governance_waiverwithdrawal"),
        GIVEN,
    ]
