"""The rows of a snapshot go when two persons confirmed it just now, and nothing keeps them.

One function says what keeps them; the service, the list of what is due and the trigger ask it.
Rows that are gone are used by nothing again.
"""

from django.db import migrations

_REFUSED = "USING ERRCODE = 'restrict_violation'"
# The parameter is called as no column is. Versions that learned from the rows, with what was derived from these, and versions that were
# measured, explained, compared or planned on them. Models, besides, of trainings without a version.
USES = migrations.RunSQL(
    """
    CREATE FUNCTION assay_versions_on_rows(of_bytes text) RETURNS SETOF uuid
        LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
        WITH RECURSIVE rows AS (
            SELECT d.id FROM registry_datasetsnapshot d WHERE d.blob_id = of_bytes
        ), learned AS (
            SELECT t.version_id AS id FROM training_trainingrun t
                WHERE (t.dataset_id IN (SELECT id FROM rows)
                    OR t.validation_id IN (SELECT id FROM rows)) AND t.version_id IS NOT NULL
            UNION
            SELECT c.version_id FROM training_compressionrun c
                WHERE c.calibration_id IN (SELECT id FROM rows) AND c.version_id IS NOT NULL
            UNION
            SELECT v.id FROM registry_modelversion v JOIN learned l ON v.parent_id = l.id
        )
        SELECT id FROM learned
        UNION
        SELECT c.version_id FROM training_compressionrun c
            WHERE c.holdout_id IN (SELECT id FROM rows) AND c.version_id IS NOT NULL
        UNION
        SELECT c.parent_id FROM training_compressionrun c
            WHERE c.holdout_id IN (SELECT id FROM rows)
        UNION
        SELECT r.version_id FROM evaluation_evaluationrun r
            WHERE r.dataset_id IN (SELECT id FROM rows)
        UNION
        SELECT x.version_id FROM evaluation_explanationrun x
            WHERE x.dataset_id IN (SELECT id FROM rows)
        UNION
        SELECT p.version_id FROM evaluation_evaluationplan p
            WHERE p.dataset_id IN (SELECT id FROM rows)
    $$;
    CREATE FUNCTION assay_models_on_rows(of_bytes text) RETURNS SETOF uuid
        LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
        SELECT v.model_id FROM registry_modelversion v
            WHERE v.id IN (SELECT assay_versions_on_rows(of_bytes))
        UNION
        SELECT t.model_id FROM training_trainingrun t JOIN registry_datasetsnapshot d
            ON d.id IN (t.dataset_id, t.validation_id) WHERE d.blob_id = of_bytes
    $$;
    CREATE FUNCTION assay_rows_used_at(of_bytes text) RETURNS timestamptz
        LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
        WITH rows AS (SELECT * FROM registry_datasetsnapshot d WHERE d.blob_id = of_bytes)
        SELECT greatest(
            (SELECT max(created_at) FROM rows),
            (SELECT max(t.created_at) FROM training_trainingrun t
                WHERE t.dataset_id IN (SELECT id FROM rows)
                    OR t.validation_id IN (SELECT id FROM rows)),
            (SELECT max(c.created_at) FROM training_compressionrun c
                WHERE c.calibration_id IN (SELECT id FROM rows)
                    OR c.holdout_id IN (SELECT id FROM rows)),
            (SELECT max(r.created_at) FROM evaluation_evaluationrun r
                WHERE r.dataset_id IN (SELECT id FROM rows)),
            (SELECT max(x.created_at) FROM evaluation_explanationrun x
                WHERE x.dataset_id IN (SELECT id FROM rows)),
            (SELECT max(p.sealed_at) FROM evaluation_evaluationplan p
                WHERE p.dataset_id IN (SELECT id FROM rows)))
    $$;
    """,
    """
    DROP FUNCTION assay_rows_used_at(text);
    DROP FUNCTION assay_models_on_rows(text);
    DROP FUNCTION assay_versions_on_rows(text);
    """,
)
# The rule of each tier whose models used the rows counts, and the longest holds; what no model
# used falls under that of the lowest tier. 'infinity' is for ever.
UNTIL = migrations.RunSQL(
    """
    CREATE FUNCTION assay_rows_kept_until(of_bytes text) RETURNS timestamptz
        LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
        WITH used AS (
            SELECT DISTINCT m.risk_tier AS tier FROM registry_registeredmodel m
            WHERE m.id IN (SELECT assay_models_on_rows(of_bytes))
        ), tiers AS (
            SELECT tier FROM used UNION SELECT 'low' WHERE NOT EXISTS (SELECT 1 FROM used)
        )
        SELECT CASE WHEN bool_or(rule.days IS NULL) THEN 'infinity'::timestamptz
            ELSE assay_rows_used_at(of_bytes) + make_interval(days => max(rule.days)) END
        FROM tiers LEFT JOIN LATERAL (
            SELECT r.days FROM compliance_retentionrule r
            WHERE r.tier = tiers.tier AND r.kind = 'datasets'
            ORDER BY r.revision DESC LIMIT 1) rule ON true
    $$;
    """,
    "DROP FUNCTION assay_rows_kept_until(text);",
)
KEPT = migrations.RunSQL(
    """
    CREATE FUNCTION assay_dataset_kept_by(snapshot uuid, moment timestamptz) RETURNS text
        LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
    DECLARE
        it registry_datasetsnapshot%ROWTYPE;
        versions uuid[];
    BEGIN
        SELECT d.* INTO it FROM registry_datasetsnapshot d WHERE d.id = snapshot;
        IF it.id IS NULL OR EXISTS (
                SELECT 1 FROM registry_tombstone t WHERE t.blob_id = it.blob_id) THEN
            RETURN 'deleted';
        END IF;
        versions := ARRAY(SELECT assay_versions_on_rows(it.blob_id));
        IF EXISTS (
            SELECT 1 FROM compliance_legalhold h
            LEFT JOIN compliance_holdlift l ON l.hold_id = h.id
            LEFT JOIN registry_datasetsnapshot s ON s.id = h.dataset_id
            WHERE l.hold_id IS NULL AND (s.blob_id = it.blob_id OR h.version_id = ANY (versions)
                OR h.kind = 'model'
                    AND h.model_id IN (SELECT assay_models_on_rows(it.blob_id)))) THEN
            RETURN 'held';
        END IF;
        IF EXISTS (SELECT 1 FROM governance_review w
                   WHERE w.version_id = ANY (versions) AND w.state IN ('open', 'quorum')) THEN
            RETURN 'review';
        END IF;
        IF EXISTS (
            SELECT 1 FROM evaluation_evaluationplan p
            JOIN registry_datasetsnapshot s ON s.id = p.dataset_id
            JOIN registry_modelversion v ON v.id = p.version_id
            WHERE s.blob_id = it.blob_id AND v.status NOT IN ('retired', 'quarantined')
              AND NOT EXISTS (SELECT 1 FROM evaluation_evaluationplan l
                              WHERE l.supersedes_id = p.id)
              AND NOT EXISTS (SELECT 1 FROM evaluation_evaluationrun r
                              WHERE r.plan_id = p.id AND r.report_id IS NOT NULL)) THEN
            RETURN 'plan';
        END IF;
        IF EXISTS (
            SELECT 1 FROM registry_datasetsnapshot s JOIN LATERAL (
                SELECT r.job_id FROM evaluation_evaluationrun r WHERE r.dataset_id = s.id
                UNION ALL
                SELECT x.job_id FROM evaluation_explanationrun x WHERE x.dataset_id = s.id
                UNION ALL
                SELECT t.job_id FROM training_trainingrun t
                    WHERE t.dataset_id = s.id OR t.validation_id = s.id
                UNION ALL
                SELECT c.job_id FROM training_compressionrun c
                    WHERE c.calibration_id = s.id OR c.holdout_id = s.id
            ) run ON true JOIN worker_job j ON j.id = run.job_id
            WHERE s.blob_id = it.blob_id AND j.status IN ('queued', 'running')) THEN
            RETURN 'job';
        END IF;
        IF moment < assay_rows_kept_until(it.blob_id) THEN
            RETURN 'rule';
        END IF;
        IF EXISTS (SELECT 1 FROM registry_datasetsnapshot s
                   WHERE s.blob_id = it.blob_id AND s.team_id <> it.team_id)
            OR EXISTS (SELECT 1 FROM registry_artifact a WHERE a.blob_id = it.blob_id)
            OR EXISTS (SELECT 1 FROM governance_attachment t WHERE t.blob_id = it.blob_id)
            OR EXISTS (SELECT 1 FROM compliance_packfile p WHERE p.blob_id = it.blob_id)
            OR EXISTS (SELECT 1 FROM compliance_export x WHERE x.blob_id = it.blob_id) THEN
            RETURN 'shared';
        END IF;
        RETURN '';
    END $$;
    """,
    "DROP FUNCTION assay_dataset_kept_by(uuid, timestamptz);",
)
# With the owner's rights, as for files: the app's role may lock no row that it cannot change.
TOMBSTONES = migrations.RunSQL(
    f"""
    CREATE FUNCTION assay_check_dataset_tombstone() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        said jsonb := assay_details_confirmed_now(NEW.proposal_id, 'dataset_deletion');
        owner uuid := (
            SELECT d.team_id FROM registry_datasetsnapshot d WHERE d.id = NEW.dataset_id);
        kept_by text;
    BEGIN
        PERFORM 1 FROM accounts_team t WHERE t.id = owner FOR NO KEY UPDATE;
        PERFORM 1 FROM registry_blob b WHERE b.sha256 = NEW.blob_id FOR UPDATE;
        IF said IS NULL OR said ->> 'dataset' IS DISTINCT FROM NEW.dataset_id::text
            OR said ->> 'digest' IS DISTINCT FROM 'sha256:' || NEW.blob_id
            OR NOT said -> 'snapshots' @> (
                SELECT jsonb_agg(d.id::text) FROM registry_datasetsnapshot d
                WHERE d.blob_id = NEW.blob_id AND d.team_id = owner) THEN
            RAISE EXCEPTION 'Two persons delete, and the row says what they said.' {_REFUSED};
        END IF;
        kept_by := assay_dataset_kept_by(NEW.dataset_id, clock_timestamp());
        IF kept_by <> '' THEN
            RAISE EXCEPTION 'These rows are kept (%).', kept_by {_REFUSED};
        END IF;
        RETURN NEW;
    END $$;
    DROP TRIGGER two_persons ON registry_tombstone;
    CREATE TRIGGER two_persons BEFORE INSERT ON registry_tombstone
        FOR EACH ROW WHEN (NEW.dataset_id IS NULL) EXECUTE FUNCTION assay_check_tombstone();
    CREATE TRIGGER two_persons_rows BEFORE INSERT ON registry_tombstone
        FOR EACH ROW WHEN (NEW.dataset_id IS NOT NULL)
        EXECUTE FUNCTION assay_check_dataset_tombstone();
    """,
    """
    DROP TRIGGER two_persons_rows ON registry_tombstone;
    DROP TRIGGER two_persons ON registry_tombstone;
    CREATE TRIGGER two_persons BEFORE INSERT ON registry_tombstone
        FOR EACH ROW EXECUTE FUNCTION assay_check_tombstone();
    DROP FUNCTION assay_check_dataset_tombstone();
    """,
)
_USING = {
    "training_trainingrun": ("dataset_id", "validation_id"),
    "training_compressionrun": ("calibration_id", "holdout_id"),
    "evaluation_evaluationrun": ("dataset_id",),
    "evaluation_explanationrun": ("dataset_id",),
    "evaluation_evaluationplan": ("dataset_id",),
}
# The lock of the blob's row: whoever uses rows and whoever deletes them wait for each other.
GONE = migrations.RunSQL(
    f"""
    CREATE FUNCTION assay_refuse_deleted_rows() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        used text[] := ARRAY(SELECT d.blob_id FROM registry_datasetsnapshot d
            WHERE d.id::text IN (SELECT to_jsonb(NEW) ->> c FROM unnest(TG_ARGV) c));
    BEGIN
        PERFORM 1 FROM registry_blob b WHERE b.sha256 = ANY (used) ORDER BY b.sha256 FOR KEY SHARE;
        IF EXISTS (SELECT 1 FROM registry_tombstone t WHERE t.blob_id = ANY (used)) THEN
            RAISE EXCEPTION 'The rows of this snapshot were deleted.' {_REFUSED};
        END IF;
        RETURN NEW;
    END $$;
    """,
    "DROP FUNCTION assay_refuse_deleted_rows();",
)


def _needs_rows(table: str, columns: tuple[str, ...]) -> migrations.RunSQL:
    arguments = ", ".join(f"'{column}'" for column in columns)
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER rows_are_there BEFORE INSERT OR UPDATE OF {", ".join(columns)} ON {table}
            FOR EACH ROW EXECUTE FUNCTION assay_refuse_deleted_rows({arguments});
        """,
        f"DROP TRIGGER rows_are_there ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0011_dataset_rules"),
        ("registry", "0008_dataset_tombstones"),
        ("evaluation", "0004_slices"),
        ("training", "0001_initial"),
        ("worker", "0002_admission_jobs"),
    ]
    operations = [
        USES,
        UNTIL,
        KEPT,
        TOMBSTONES,
        GONE,
        *(_needs_rows(table, columns) for table, columns in _USING.items()),
    ]
