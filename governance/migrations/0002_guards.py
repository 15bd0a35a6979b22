"""Signatures and approvals are never changed, and no contributor signs for his own work."""

from django.db import migrations

from audit.guards import insert_only, only_these_change

# The version row is locked so that a contribution and a signature by one person cannot pass each
# other unseen, and so that two last signatures are counted one after the other.
FOUR_EYES = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_signature() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        reviewed record;
    BEGIN
        SELECT r.state, r.statement_digest, r.version_id INTO reviewed
            FROM governance_review r WHERE r.id = NEW.review_id;
        PERFORM 1 FROM registry_modelversion v
            WHERE v.id = reviewed.version_id FOR NO KEY UPDATE;
        SELECT r.state, r.statement_digest, r.version_id INTO reviewed
            FROM governance_review r WHERE r.id = NEW.review_id;
        IF reviewed.state <> 'open' THEN
            RAISE EXCEPTION 'The review is not open for signatures.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF reviewed.statement_digest <> NEW.statement_digest THEN
            RAISE EXCEPTION 'The signature is under another statement than the review''s.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF EXISTS (SELECT 1 FROM registry_versioncontributor c
                   WHERE c.version_id = reviewed.version_id AND c.person_id = NEW.person_id) THEN
            RAISE EXCEPTION 'A contributor cannot sign for this version.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NOT EXISTS (SELECT 1 FROM accounts_user u JOIN accounts_person p ON p.id = u.person_id
                       WHERE u.id = NEW.user_id AND u.person_id = NEW.person_id
                         AND u.is_active AND p.is_active) THEN
            RAISE EXCEPTION 'The signer is not an active login of that person.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER four_eyes BEFORE INSERT ON governance_signature
        FOR EACH ROW EXECUTE FUNCTION assay_check_signature();
    CREATE FUNCTION assay_lock_version() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM registry_modelversion v WHERE v.id = NEW.version_id FOR NO KEY UPDATE;
        RETURN NEW;
    END $$;
    CREATE TRIGGER one_after_another BEFORE INSERT ON registry_versioncontributor
        FOR EACH ROW EXECUTE FUNCTION assay_lock_version();
    """,
    """
    DROP TRIGGER one_after_another ON registry_versioncontributor;
    DROP FUNCTION assay_lock_version();
    DROP TRIGGER four_eyes ON governance_signature;
    DROP FUNCTION assay_check_signature();
    """,
)


class Migration(migrations.Migration):
    dependencies = [("governance", "0001_initial"), ("registry", "0002_guards")]
    operations = [
        only_these_change("governance_review", "state", "closed_at", "notary_note"),
        insert_only("governance_policyversion"),
        insert_only("governance_comment"),
        insert_only("governance_signature"),
        insert_only("governance_approval"),
        insert_only("governance_revocation"),
        FOUR_EYES,
    ]
