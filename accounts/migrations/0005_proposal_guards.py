"""Nobody confirms what he proposed, nothing decided is changed, and a role that signs needs both.

What a confirmation does is done in its transaction: `decided_at` is the transaction's own time, so
a proposal that was confirmed once gives nothing later.
"""

from django.db import migrations

from audit.guards import insert_only, only_these_change

_PROPOSALS = """
    CREATE FUNCTION assay_check_proposal() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    DECLARE
        said jsonb := convert_from(NEW.document, 'UTF8')::jsonb;
    BEGIN
        IF NEW.state <> 'open' OR NEW.decided_by_id IS NOT NULL OR NEW.decider_id IS NOT NULL
            OR NEW.decided_method <> '' OR NEW.answer <> '' THEN
            RAISE EXCEPTION 'A proposal begins open.' USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.digest <> encode(sha256(NEW.document), 'hex')
            OR said ->> 'id' IS DISTINCT FROM NEW.id::text
            OR said ->> 'kind' IS DISTINCT FROM NEW.kind
            OR said ->> 'team' IS DISTINCT FROM NEW.team_id::text
            OR said ->> 'proposer' IS DISTINCT FROM NEW.proposer_id::text THEN
            RAISE EXCEPTION 'The document of a proposal does not say what its columns say.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.opened_at NOT BETWEEN now() - interval '1 day' AND now() + interval '1 day'
            OR NEW.not_after <= NEW.opened_at
            OR NEW.not_after > NEW.opened_at + interval '31 days' THEN
            RAISE EXCEPTION 'A proposal is open from now on, for at most 31 days.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NOT EXISTS (SELECT 1 FROM accounts_user u JOIN accounts_person p ON p.id = u.person_id
                       WHERE u.id = NEW.opened_by_id AND u.person_id = NEW.proposer_id
                         AND u.is_active AND p.is_active) THEN
            RAISE EXCEPTION 'Who proposes is not an active login of that person.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE FUNCTION assay_check_decision() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF OLD.state <> 'open' THEN
            RAISE EXCEPTION 'This proposal is decided already.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.state = 'open' OR NEW.decided_at IS DISTINCT FROM now() THEN
            RAISE EXCEPTION 'A decision bears the time of its own transaction.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.state = 'confirmed' AND NEW.not_after <= now() THEN
            RAISE EXCEPTION 'This proposal has lapsed.' USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.state IN ('confirmed', 'declined') AND (NEW.decider_id = OLD.proposer_id
            OR NOT EXISTS (SELECT 1 FROM accounts_user u
                JOIN accounts_person p ON p.id = u.person_id
                WHERE u.id = NEW.decided_by_id AND u.person_id = NEW.decider_id
                  AND u.is_active AND p.is_active)) THEN
            RAISE EXCEPTION 'Another person decides, through an active login.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER said_is_kept BEFORE INSERT ON accounts_proposal
        FOR EACH ROW EXECUTE FUNCTION assay_check_proposal();
    CREATE TRIGGER two_persons BEFORE UPDATE ON accounts_proposal
        FOR EACH ROW EXECUTE FUNCTION assay_check_decision();
    """
_NO_PROPOSALS = """
    DROP TRIGGER two_persons ON accounts_proposal;
    DROP TRIGGER said_is_kept ON accounts_proposal;
    DROP FUNCTION assay_check_decision();
    DROP FUNCTION assay_check_proposal();
    """

_CONFIRMED_NOW = """
    CREATE FUNCTION assay_details_confirmed_now(proposal uuid, wanted text) RETURNS jsonb
        LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
        SELECT convert_from(p.document, 'UTF8')::jsonb -> 'details' FROM accounts_proposal p
        WHERE p.id = proposal AND p.kind = wanted AND p.state = 'confirmed'
          AND p.decided_at = now()
    $$;
    """

_ROLES = """
    CREATE FUNCTION assay_check_role() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    DECLARE
        said jsonb := assay_details_confirmed_now(NEW.proposal_id, 'roles');
        given jsonb := jsonb_build_array(
            jsonb_build_object('person', NEW.person_id::text, 'role', NEW.role));
    BEGIN
        IF NEW.role IN ('reviewer', 'manager', 'compliance', 'admin') THEN
            IF said IS NULL OR said ->> 'team' <> NEW.team_id::text
                OR NOT said -> 'grants' @> given THEN
                RAISE EXCEPTION 'Two persons give a role that signs or administers.'
                    USING ERRCODE = 'restrict_violation';
            END IF;
        ELSIF NEW.proposal_id IS NOT NULL THEN
            RAISE EXCEPTION 'This role needs no proposal.' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER two_persons BEFORE INSERT ON accounts_membership
        FOR EACH ROW EXECUTE FUNCTION assay_check_role();
    CREATE TRIGGER keep_rows BEFORE UPDATE ON accounts_membership
        FOR EACH ROW EXECUTE FUNCTION assay_refuse_change();
    """
_NO_ROLES = """
    DROP TRIGGER keep_rows ON accounts_membership;
    DROP TRIGGER two_persons ON accounts_membership;
    DROP FUNCTION assay_check_role();
    """

# An administrator more is made like a role; a login that was closed stays closed.
_LOGINS = """
    CREATE FUNCTION assay_check_login() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF NEW.is_active AND NOT OLD.is_active THEN
            RAISE EXCEPTION 'A closed login stays closed.' USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.is_admin AND NOT OLD.is_admin AND NOT EXISTS (
            SELECT 1 FROM accounts_proposal p WHERE p.state = 'confirmed' AND p.decided_at = now()
              AND assay_details_confirmed_now(p.id, 'administrator') ->> 'user' = NEW.id::text) THEN
            RAISE EXCEPTION 'Two persons make an administrator.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER two_persons BEFORE UPDATE ON accounts_user
        FOR EACH ROW EXECUTE FUNCTION assay_check_login();
    """
_NO_LOGINS = """
    DROP TRIGGER two_persons ON accounts_user;
    DROP FUNCTION assay_check_login();
    """

_SINCE = """
    INSERT INTO accounts_twopersonssince (id, last_event)
        SELECT 1, coalesce(max(id), 0) FROM audit_auditevent
    """


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_proposals"), ("audit", "0005_cosignatures")]
    operations = [
        migrations.RunSQL(_SINCE, "DELETE FROM accounts_twopersonssince"),
        insert_only("accounts_twopersonssince"),
        migrations.RunSQL(_PROPOSALS, _NO_PROPOSALS),
        only_these_change(
            "accounts_proposal",
            "state",
            "decided_by_id",
            "decider_id",
            "decided_at",
            "decided_method",
            "answer",
        ),
        migrations.RunSQL(_CONFIRMED_NOW, "DROP FUNCTION assay_details_confirmed_now(uuid, text)"),
        migrations.RunSQL(_ROLES, _NO_ROLES),
        migrations.RunSQL(_LOGINS, _NO_LOGINS),
    ]
