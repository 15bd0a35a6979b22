"""Amendments are never changed, follow each other, and give nobody more time than was signed."""

from django.db import migrations

from audit.guards import insert_only

# The same lock as under a signature: an amendment and an approval cannot pass each other unseen.
AMENDED = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_finding_amendment() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    DECLARE
        found record;
        held record;
    BEGIN
        SELECT f.version_id, f.owner_id, f.due_on, f.digest INTO found
            FROM governance_finding f WHERE f.id = NEW.finding_id;
        PERFORM 1 FROM registry_modelversion v WHERE v.id = found.version_id FOR NO KEY UPDATE;
        SELECT a.position, a.owner_id, a.due_on INTO held FROM governance_findingamendment a
            WHERE a.finding_id = NEW.finding_id ORDER BY a.position DESC LIMIT 1;
        IF NEW.digest <> encode(sha256(NEW.record), 'hex') THEN
            RAISE EXCEPTION 'The digest of an amendment is not that of its record.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.position <> coalesce(held.position, 0) + 1
            OR NEW.was_owner_id <> coalesce(held.owner_id, found.owner_id)
            OR NEW.was_due_on <> coalesce(held.due_on, found.due_on) THEN
            RAISE EXCEPTION 'An amendment does not follow from what held before it.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF (NEW.person_id = found.owner_id
            OR EXISTS (SELECT 1 FROM governance_findingamendment a
                       WHERE a.finding_id = NEW.finding_id AND a.owner_id = NEW.person_id)
            OR EXISTS (SELECT 1 FROM registry_versioncontributor c
                       WHERE c.version_id = found.version_id AND c.person_id = NEW.person_id)) THEN
            RAISE EXCEPTION 'Neither an owner of it nor a contributor amends a finding.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NOT EXISTS (SELECT 1 FROM accounts_user u JOIN accounts_person p ON p.id = u.person_id
                       WHERE u.id = NEW.user_id AND u.person_id = NEW.person_id
                         AND u.is_active AND p.is_active) THEN
            RAISE EXCEPTION 'Who amends it is not an active login of that person.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.due_on > NEW.was_due_on AND EXISTS (
            SELECT 1 FROM governance_approval a
            LEFT JOIN governance_revocation r ON r.approval_id = a.id
            CROSS JOIN LATERAL jsonb_array_elements(convert_from(decode(
                convert_from(a.envelope, 'UTF8')::jsonb ->> 'payload', 'base64'
            ), 'UTF8')::jsonb #> '{predicate,annex,conditions}') named
            WHERE a.version_id = found.version_id AND a.not_after > now()
                AND r.approval_id IS NULL
                AND named ->> 'digest' = 'sha256:' || found.digest
                AND (named ->> 'due_on')::date < NEW.due_on
        ) THEN
            RAISE EXCEPTION 'An approval in force was signed with an earlier day.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER four_eyes BEFORE INSERT ON governance_findingamendment
        FOR EACH ROW EXECUTE FUNCTION assay_check_finding_amendment();
    """,
    "DROP TRIGGER four_eyes ON governance_findingamendment; "
    "DROP FUNCTION assay_check_finding_amendment();",
)
# Besides the check of 0012, which knows the first owner: those whom amendments name.
OWNED = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_finding_owners() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF NEW.move <> 'answered' AND EXISTS (
            SELECT 1 FROM governance_findingamendment a
            WHERE a.finding_id = NEW.finding_id AND a.owner_id = NEW.person_id
        ) THEN
            RAISE EXCEPTION 'Nobody judges a finding who was to answer it.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER owners BEFORE INSERT ON governance_findingmove
        FOR EACH ROW EXECUTE FUNCTION assay_check_finding_owners();
    """,
    "DROP TRIGGER owners ON governance_findingmove; DROP FUNCTION assay_check_finding_owners();",
)
# As for findings in 0025.
NAMED = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_answer_file() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF NEW.answer_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM governance_findingmove m WHERE m.id = NEW.answer_id
                AND convert_from(m.record, 'UTF8')::jsonb #> ARRAY[
                    'attachments', (NEW.position - 1)::text
                ] = jsonb_build_object(
                    'name', NEW.name, 'digest', 'sha256:' || NEW.blob_id, 'size', NEW.size)
        ) THEN
            RAISE EXCEPTION 'The record of the answer does not name this file.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER named_by_answer BEFORE INSERT ON governance_attachment
        FOR EACH ROW EXECUTE FUNCTION assay_check_answer_file();
    """,
    "DROP TRIGGER named_by_answer ON governance_attachment; "
    "DROP FUNCTION assay_check_answer_file();",
)


class Migration(migrations.Migration):
    dependencies = [("governance", "0033_finding_amendments")]
    operations = [insert_only("governance_findingamendment"), AMENDED, OWNED, NAMED]
