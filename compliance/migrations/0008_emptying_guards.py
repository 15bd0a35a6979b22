"""A record loses input and output alone, and only in the transaction in which two persons said so.

Nothing of what is held, or that a rule keeps, may be emptied.
"""

from django.db import migrations

from audit.guards import insert_only

_REFUSED = "USING ERRCODE = 'restrict_violation'"
BATCHES = migrations.RunSQL(
    f"""
    CREATE FUNCTION assay_check_emptied() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    DECLARE
        said jsonb := assay_details_confirmed_now(NEW.proposal_id, 'emptying');
        batch record;
    BEGIN
        PERFORM 1 FROM accounts_team t WHERE t.id::text = said ->> 'team' FOR NO KEY UPDATE;
        SELECT b.* INTO batch FROM inference_predictionbatch b WHERE b.id = NEW.batch_id;
        IF said IS NULL OR NOT said -> 'batches' @> jsonb_build_array(jsonb_build_object(
                'batch', batch.id::text, 'digest', 'sha256:' || batch.digest,
                'count', batch.count)) THEN
            RAISE EXCEPTION 'Two persons empty a batch, and the row says what they said.'
                {_REFUSED};
        END IF;
        IF EXISTS (SELECT 1 FROM inference_prediction p
                   LEFT JOIN registry_registeredmodel m ON m.id = p.model_id
                   WHERE p.batch_id = NEW.batch_id
                     AND m.team_id::text IS DISTINCT FROM said ->> 'team') THEN
            RAISE EXCEPTION 'The batch has records of another team.' {_REFUSED};
        END IF;
        IF EXISTS (
            SELECT 1 FROM (SELECT DISTINCT p.model_id, p.number FROM inference_prediction p
                           WHERE p.batch_id = NEW.batch_id) part
            JOIN compliance_legalhold h ON h.model_id = part.model_id
            LEFT JOIN compliance_holdlift l ON l.hold_id = h.id
            LEFT JOIN registry_modelversion v ON v.id = h.version_id
            WHERE l.hold_id IS NULL AND (h.kind = 'model' OR v.number = part.number
                OR h.kind = 'predictions' AND h.since <= batch.last_at
                    AND (h.until IS NULL OR h.until > batch.first_at))) THEN
            RAISE EXCEPTION 'A legal hold is on it.' {_REFUSED};
        END IF;
        IF EXISTS (
            SELECT 1 FROM (SELECT DISTINCT m.risk_tier FROM inference_prediction p
                           JOIN registry_registeredmodel m ON m.id = p.model_id
                           WHERE p.batch_id = NEW.batch_id) part
            LEFT JOIN LATERAL (
                SELECT r.days FROM compliance_retentionrule r
                WHERE r.tier = part.risk_tier AND r.kind = 'predictions'
                ORDER BY r.revision DESC LIMIT 1) rule ON true
            WHERE rule.days IS NULL
               OR clock_timestamp() < batch.last_at + make_interval(days => rule.days)) THEN
            RAISE EXCEPTION 'By the rules of retention it is kept.' {_REFUSED};
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER two_persons BEFORE INSERT ON compliance_emptiedbatch
        FOR EACH ROW EXECUTE FUNCTION assay_check_emptied();
    """,
    """
    DROP TRIGGER two_persons ON compliance_emptiedbatch;
    DROP FUNCTION assay_check_emptied();
    """,
)
# Of input and output no text is read: JSON may hold what the database's texts cannot.
RECORDS = migrations.RunSQL(
    f"""
    CREATE FUNCTION assay_check_emptying() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF to_jsonb(OLD) - 'record' IS DISTINCT FROM to_jsonb(NEW) - 'record' OR NOT EXISTS (
                SELECT 1 FROM compliance_emptiedbatch e
                JOIN accounts_proposal p ON p.id = e.proposal_id
                WHERE e.batch_id = OLD.batch_id AND p.decided_at = now()) THEN
            RAISE EXCEPTION 'Rows of inference_prediction are never changed or removed.'
                {_REFUSED};
        END IF;
        IF EXISTS (
            SELECT 1 FROM json_each(convert_from(OLD.record, 'UTF8')::json) o
            FULL JOIN json_each(convert_from(NEW.record, 'UTF8')::json) n ON n.key = o.key
            WHERE CASE WHEN coalesce(o.key, n.key) IN ('input', 'output') THEN n.key IS NOT NULL
                ELSE o.value::text::jsonb IS DISTINCT FROM n.value::text::jsonb END) THEN
            RAISE EXCEPTION 'A record loses its input and output, and nothing else.' {_REFUSED};
        END IF;
        RETURN NEW;
    END $$;
    DROP TRIGGER keep_rows ON inference_prediction;
    CREATE TRIGGER keep_rows BEFORE DELETE ON inference_prediction
        FOR EACH ROW EXECUTE FUNCTION assay_refuse_change();
    CREATE TRIGGER emptied_by_two BEFORE UPDATE ON inference_prediction
        FOR EACH ROW EXECUTE FUNCTION assay_check_emptying();
    """,
    """
    DROP TRIGGER emptied_by_two ON inference_prediction;
    DROP TRIGGER keep_rows ON inference_prediction;
    CREATE TRIGGER keep_rows BEFORE UPDATE OR DELETE ON inference_prediction
        FOR EACH ROW EXECUTE FUNCTION assay_refuse_change();
    DROP FUNCTION assay_check_emptying();
    """,
)


class Migration(migrations.Migration):
    dependencies = [("compliance", "0007_emptied"), ("inference", "0005_emergencies")]
    operations = [insert_only("compliance_emptiedbatch"), BATCHES, RECORDS]
