"""A proof is kept as it was given, in the transaction of the act that it proves."""

from django.db import migrations

from audit.guards import insert_only

_CHECK = """
    CREATE FUNCTION assay_check_proposal_proof() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT 1 FROM accounts_proposal p WHERE p.id = NEW.proposal_id AND (
                (NEW.part = 'propose' AND p.state = 'open'
                    AND NEW.held ->> 'method' = convert_from(p.document, 'UTF8')::jsonb ->> 'method')
                OR (NEW.part = 'confirm' AND p.state = 'confirmed' AND p.decided_at = now()
                    AND NEW.held ->> 'method' = p.decided_method))) THEN
            RAISE EXCEPTION 'A proof belongs to a proposal or confirmation by its method, made now.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER proves_now BEFORE INSERT ON accounts_proposalproof
        FOR EACH ROW EXECUTE FUNCTION assay_check_proposal_proof();
    """
_NO_CHECK = """
    DROP TRIGGER proves_now ON accounts_proposalproof;
    DROP FUNCTION assay_check_proposal_proof();
    """


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_proposal_proofs")]

    operations = [insert_only("accounts_proposalproof"), migrations.RunSQL(_CHECK, _NO_CHECK)]
