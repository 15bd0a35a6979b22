"""Plans are never changed, and no run is under a plan that came after it or is about other rows."""

from django.db import migrations

from audit.guards import insert_only, only_these_change

# The version row is locked so that a plan and a run cannot pass each other unseen. What the sealed
# bytes say and what the row says is compared here, so that nothing written past the program is a
# plan whose document promises something else.
SEALED = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_plan() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    DECLARE
        said jsonb;
        wanted jsonb;
    BEGIN
        PERFORM 1 FROM registry_modelversion v WHERE v.id = NEW.version_id FOR NO KEY UPDATE;
        SELECT convert_from(e.body, 'UTF8')::jsonb INTO said FROM registry_evidence e
            WHERE e.id = NEW.document_id AND e.version_id = NEW.version_id AND e.kind = 'plan'
                AND e.digest = encode(sha256(e.body), 'hex');
        SELECT jsonb_build_object(
            'type', 'assay/plan/1', 'version', 'sha256:' || v.digest,
            'seed', NEW.seed, 'interval', jsonb_build_object('resamples', NEW.resamples),
            'dataset', jsonb_build_object('id', d.id, 'digest', 'sha256:' || d.blob_id),
            'supersedes', (
                SELECT 'sha256:' || o.digest FROM evaluation_evaluationplan b
                JOIN registry_evidence o ON o.id = b.document_id
                WHERE b.id = NEW.supersedes_id AND b.version_id = NEW.version_id)
        ) INTO wanted FROM registry_modelversion v
            JOIN registry_registeredmodel m ON m.id = v.model_id
            JOIN registry_datasetsnapshot d ON d.id = NEW.dataset_id AND d.team_id = m.team_id
            WHERE v.id = NEW.version_id;
        IF NOT COALESCE(said @> wanted, false)
            OR (NEW.supersedes_id IS NULL) <> (said -> 'supersedes' = 'null'::jsonb) THEN
            RAISE EXCEPTION 'A plan is what its sealed document says.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.sealed_at NOT BETWEEN clock_timestamp() - interval '5 minutes'
            AND clock_timestamp() + interval '5 minutes' THEN
            RAISE EXCEPTION 'A plan is sealed now, not at another time.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER sealed_as_said BEFORE INSERT ON evaluation_evaluationplan
        FOR EACH ROW EXECUTE FUNCTION assay_check_plan();
    """,
    """
    DROP TRIGGER sealed_as_said ON evaluation_evaluationplan;
    DROP FUNCTION assay_check_plan();
    """,
)
PLANNED = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_planned_run() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        PERFORM 1 FROM registry_modelversion v WHERE v.id = NEW.version_id FOR NO KEY UPDATE;
        IF NOT EXISTS (SELECT 1 FROM evaluation_evaluationplan p
                       WHERE p.id = NEW.plan_id AND p.version_id = NEW.version_id
                         AND p.dataset_id = NEW.dataset_id AND p.seed = NEW.seed
                         AND p.resamples = NEW.resamples AND p.sealed_at <= NEW.created_at)
            OR EXISTS (SELECT 1 FROM evaluation_evaluationplan l
                       WHERE l.supersedes_id = NEW.plan_id) THEN
            RAISE EXCEPTION 'A run is as its plan says, and that was sealed before and is the last.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER as_planned BEFORE INSERT ON evaluation_evaluationrun
        FOR EACH ROW WHEN (NEW.plan_id IS NOT NULL) EXECUTE FUNCTION assay_check_planned_run();
    CREATE FUNCTION assay_refuse_other_result() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'A run keeps the report that it gave.' USING ERRCODE = 'restrict_violation';
    END $$;
    CREATE TRIGGER keep_result BEFORE UPDATE ON evaluation_evaluationrun FOR EACH ROW
        WHEN (OLD.report_id IS NOT NULL AND OLD.report_id IS DISTINCT FROM NEW.report_id)
        EXECUTE FUNCTION assay_refuse_other_result();
    """,
    """
    DROP TRIGGER keep_result ON evaluation_evaluationrun;
    DROP FUNCTION assay_refuse_other_result();
    DROP TRIGGER as_planned ON evaluation_evaluationrun;
    DROP FUNCTION assay_check_planned_run();
    """,
)


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0002_plans"), ("audit", "0002_guards")]
    operations = [
        insert_only("evaluation_evaluationplan"),
        only_these_change("evaluation_evaluationrun", "job_id", "report_id", "golden_id"),
        SEALED,
        PLANNED,
    ]
