"""A tombstone says what two persons confirmed just now, and nothing that must be kept gets one.

Bytes with a tombstone are named by nothing again. The triggers look with the owner's rights, since
the app's role may lock no row of a table that it cannot change.
"""

from django.db import migrations

from audit.guards import insert_only

_REFUSED = "USING ERRCODE = 'restrict_violation'"
TOMBSTONES = migrations.RunSQL(
    f"""
    CREATE FUNCTION assay_check_tombstone() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        said jsonb := assay_details_confirmed_now(NEW.proposal_id, 'deletion');
        of_it record;
        retired timestamptz;
        shortest integer;
        approved boolean;
        with_attached boolean := coalesce((said ->> 'attachments')::boolean, false);
    BEGIN
        SELECT v.model_id, m.team_id, m.risk_tier, v.created_at INTO of_it
            FROM registry_modelversion v JOIN registry_registeredmodel m ON m.id = v.model_id
            WHERE v.id = NEW.version_id;
        PERFORM 1 FROM accounts_team t WHERE t.id = of_it.team_id FOR NO KEY UPDATE;
        PERFORM 1 FROM registry_blob b WHERE b.sha256 = NEW.blob_id FOR UPDATE;
        IF said IS NULL OR said ->> 'version' IS DISTINCT FROM NEW.version_id::text
            OR NOT said -> 'files' @> jsonb_build_array(jsonb_build_object(
                'digest', 'sha256:' || NEW.blob_id, 'what', NEW.what, 'size',
                (SELECT b.size FROM registry_blob b WHERE b.sha256 = NEW.blob_id))) THEN
            RAISE EXCEPTION 'Two persons delete, and the row says what they said.' {_REFUSED};
        END IF;
        IF EXISTS (SELECT 1 FROM compliance_legalhold h
                   LEFT JOIN compliance_holdlift l ON l.hold_id = h.id
                   WHERE l.hold_id IS NULL AND (h.version_id = NEW.version_id
                       OR h.kind = 'model' AND h.model_id = of_it.model_id)) THEN
            RAISE EXCEPTION 'A legal hold is on it.' {_REFUSED};
        END IF;
        SELECT max(e.occurred_at) INTO retired FROM audit_auditevent e
            WHERE e.action = 'version.retired' AND e.subject_type = 'version'
              AND e.subject_id = NEW.version_id::text;
        IF retired IS NULL
            OR EXISTS (SELECT 1 FROM registry_alias a WHERE a.version_id = NEW.version_id)
            OR EXISTS (SELECT 1 FROM governance_approval a
                       LEFT JOIN governance_revocation r ON r.approval_id = a.id
                       WHERE a.version_id = NEW.version_id AND r.approval_id IS NULL)
            OR EXISTS (SELECT 1 FROM governance_review w WHERE w.version_id = NEW.version_id
                       AND w.state IN ('open', 'quorum')) THEN
            RAISE EXCEPTION 'Only files of a retired version are deleted.' {_REFUSED};
        END IF;
        approved := EXISTS (
            SELECT 1 FROM governance_approval a WHERE a.version_id = NEW.version_id);
        SELECT r.days INTO shortest FROM compliance_retentionrule r
            WHERE r.tier = of_it.risk_tier
              AND r.kind = CASE WHEN approved THEN 'approved' ELSE 'unapproved' END
            ORDER BY r.revision DESC LIMIT 1;
        IF shortest IS NULL OR clock_timestamp() <
            (CASE WHEN approved THEN retired ELSE of_it.created_at END)
                + make_interval(days => shortest) THEN
            RAISE EXCEPTION 'By the rules of retention it is kept.' {_REFUSED};
        END IF;
        IF EXISTS (SELECT 1 FROM registry_artifact a WHERE a.blob_id = NEW.blob_id
                   AND a.version_id <> NEW.version_id)
            OR EXISTS (SELECT 1 FROM registry_datasetsnapshot d WHERE d.blob_id = NEW.blob_id)
            OR EXISTS (SELECT 1 FROM compliance_packfile p WHERE p.blob_id = NEW.blob_id)
            OR EXISTS (SELECT 1 FROM compliance_export x WHERE x.blob_id = NEW.blob_id)
            OR EXISTS (SELECT 1 FROM governance_attachment t
                       LEFT JOIN governance_comment c ON c.id = t.comment_id
                       LEFT JOIN governance_review w ON w.id = c.review_id
                       LEFT JOIN governance_finding f ON f.id = t.finding_id
                       WHERE t.blob_id = NEW.blob_id AND NOT (with_attached
                           AND coalesce(w.version_id, f.version_id) = NEW.version_id)) THEN
            RAISE EXCEPTION 'These bytes are kept by something else.' {_REFUSED};
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER two_persons BEFORE INSERT ON registry_tombstone
        FOR EACH ROW EXECUTE FUNCTION assay_check_tombstone();
    """,
    "DROP TRIGGER two_persons ON registry_tombstone; DROP FUNCTION assay_check_tombstone();",
)
_NAMING = {
    "registry_artifact": "INSERT",
    "registry_datasetsnapshot": "INSERT",
    "governance_attachment": "INSERT",
    "compliance_packfile": "INSERT",
    "compliance_export": "INSERT OR UPDATE OF blob_id",
}
# The lock of the blob's row: whoever names bytes and whoever deletes them wait for each other.
GONE = migrations.RunSQL(
    f"""
    CREATE FUNCTION assay_refuse_deleted_bytes() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        PERFORM 1 FROM registry_blob b WHERE b.sha256 = NEW.blob_id FOR KEY SHARE;
        IF EXISTS (SELECT 1 FROM registry_tombstone t WHERE t.blob_id = NEW.blob_id) THEN
            RAISE EXCEPTION 'These bytes were deleted.' {_REFUSED};
        END IF;
        RETURN NEW;
    END $$;
    """,
    "DROP FUNCTION assay_refuse_deleted_bytes();",
)
RULES = migrations.RunSQL(
    f"""
    CREATE FUNCTION assay_check_retention_rule() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    DECLARE
        said jsonb := assay_details_confirmed_now(NEW.proposal_id, 'retention');
    BEGIN
        IF said IS NULL OR said ->> 'tier' IS DISTINCT FROM NEW.tier
            OR said ->> 'kind' IS DISTINCT FROM NEW.kind
            OR (said ->> 'days')::integer IS DISTINCT FROM NEW.days THEN
            RAISE EXCEPTION 'Two persons change a rule, and the row says what they said.'
                {_REFUSED};
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER two_persons BEFORE INSERT ON compliance_retentionrule
        FOR EACH ROW EXECUTE FUNCTION assay_check_retention_rule();
    """,
    """
    DROP TRIGGER two_persons ON compliance_retentionrule;
    DROP FUNCTION assay_check_retention_rule();
    """,
)


def _stays_gone(table: str, events: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER bytes_are_there BEFORE {events} ON {table}
            FOR EACH ROW EXECUTE FUNCTION assay_refuse_deleted_bytes();
        """,
        f"DROP TRIGGER bytes_are_there ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0005_tombstones"),
        ("registry", "0007_tombstones"),
        ("governance", "0027_validation_guards"),
        ("accounts", "0011_sessions"),
    ]
    operations = [
        insert_only("registry_tombstone"),
        insert_only("compliance_retentionrule"),
        TOMBSTONES,
        GONE,
        *(_stays_gone(table, events) for table, events in _NAMING.items()),
        RULES,
    ]
