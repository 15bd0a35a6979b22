"""What answered in an emergency is kept as what was approved, and until the emergency was reviewed.

The trigger looks with the owner's rights, as the one beside it does.
"""

from django.db import migrations

_REFUSED = "USING ERRCODE = 'restrict_violation'"
EMERGENCIES = migrations.RunSQL(
    f"""
    CREATE FUNCTION assay_check_emergencies_kept() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        shortest integer;
        retired timestamptz;
    BEGIN
        IF NOT EXISTS (SELECT 1 FROM governance_emergencygrant g
                       JOIN governance_emergencyattestation a ON a.grant_id = g.id
                       WHERE g.version_id = NEW.version_id) THEN
            RETURN NEW;
        END IF;
        IF EXISTS (SELECT 1 FROM governance_emergencygrant g
                   JOIN governance_emergencyattestation a ON a.grant_id = g.id
                   LEFT JOIN governance_emergencyreview r ON r.grant_id = g.id
                   WHERE g.version_id = NEW.version_id AND r.grant_id IS NULL) THEN
            RAISE EXCEPTION 'Nobody has reviewed its emergency.' {_REFUSED};
        END IF;
        SELECT max(e.occurred_at) INTO retired FROM audit_auditevent e
            WHERE e.action = 'version.retired' AND e.subject_type = 'version'
              AND e.subject_id = NEW.version_id::text;
        SELECT r.days INTO shortest FROM compliance_retentionrule r
            JOIN registry_modelversion v ON v.id = NEW.version_id
            JOIN registry_registeredmodel m ON m.id = v.model_id AND m.risk_tier = r.tier
            WHERE r.kind = 'approved' ORDER BY r.revision DESC LIMIT 1;
        IF shortest IS NULL OR retired IS NULL
            OR clock_timestamp() < retired + make_interval(days => shortest) THEN
            RAISE EXCEPTION 'By the rules of retention it is kept.' {_REFUSED};
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER after_emergencies BEFORE INSERT ON registry_tombstone
        FOR EACH ROW EXECUTE FUNCTION assay_check_emergencies_kept();
    """,
    """
    DROP TRIGGER after_emergencies ON registry_tombstone;
    DROP FUNCTION assay_check_emergencies_kept();
    """,
)


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0009_pack_kinds"),
        ("registry", "0007_tombstones"),
        ("governance", "0027_validation_guards"),
    ]
    operations = [EMERGENCIES]
