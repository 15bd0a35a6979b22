"""A challenger answers no larger share than its approval is for, and none of what it holds."""

from django.db import migrations

from audit.guards import insert_only

_REFUSED = "USING ERRCODE = 'restrict_violation'"
# The serving gate reads the share from the signed envelope; this keeps the rows from promising what
# it would refuse. An envelope's scope is that of its statement, which the notary ensures.
IN_SHARE = migrations.RunSQL(
    f"""
    CREATE FUNCTION assay_check_split() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    DECLARE
        shared registry_alias%ROWTYPE;
        scope jsonb;
    BEGIN
        SELECT * INTO shared FROM registry_alias a WHERE a.id = NEW.alias_id;
        SELECT convert_from(r.statement, 'UTF8')::jsonb -> 'scope' INTO scope
            FROM governance_approval a JOIN governance_review r ON r.id = a.review_id
            LEFT JOIN governance_revocation v ON v.approval_id = a.id
            WHERE a.id = NEW.approval_id AND a.version_id = NEW.version_id
              AND v.approval_id IS NULL;
        IF scope IS NULL THEN
            RAISE EXCEPTION 'A challenger has an approval of its own.' {_REFUSED};
        END IF;
        IF NEW.version_id = shared.version_id OR NOT EXISTS (
            SELECT 1 FROM registry_modelversion v
            WHERE v.id = NEW.version_id AND v.model_id = shared.model_id) THEN
            RAISE EXCEPTION 'A challenger is another version of the same model.' {_REFUSED};
        END IF;
        IF NEW.percent > COALESCE((scope ->> 'traffic_share')::int, 100) OR NOT COALESCE(
            scope -> 'aliases' ? '*' OR scope -> 'aliases' ? shared.name, true) THEN
            RAISE EXCEPTION 'The approval is not for this share of this alias.' {_REFUSED};
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER split_in_scope BEFORE INSERT OR UPDATE ON governance_split
        FOR EACH ROW EXECUTE FUNCTION assay_check_split();
    CREATE FUNCTION assay_check_holder() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM governance_split s
                   WHERE s.alias_id = NEW.id AND s.version_id = NEW.version_id) THEN
            RAISE EXCEPTION 'The split ends before its challenger holds the alias.' {_REFUSED};
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER holder_is_no_challenger BEFORE UPDATE ON registry_alias
        FOR EACH ROW EXECUTE FUNCTION assay_check_holder();
    """,
    """
    DROP TRIGGER holder_is_no_challenger ON registry_alias;
    DROP FUNCTION assay_check_holder();
    DROP TRIGGER split_in_scope ON governance_split;
    DROP FUNCTION assay_check_split();
    """,
)


class Migration(migrations.Migration):
    dependencies = [("governance", "0031_splits")]
    operations = [insert_only("governance_splitmove"), IN_SHARE]
