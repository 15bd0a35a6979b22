"""Replies are one level deep, and what became of a thread is never changed."""

from django.db import migrations

from audit.guards import insert_only

REPLIES = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_reply() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF NEW.parent_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM governance_comment p
            WHERE p.id = NEW.parent_id AND p.review_id = NEW.review_id AND p.parent_id IS NULL
        ) THEN
            RAISE EXCEPTION 'A reply is given to the first comment of a thread of its review.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER one_level BEFORE INSERT ON governance_comment
        FOR EACH ROW EXECUTE FUNCTION assay_check_reply();
    """,
    "DROP TRIGGER one_level ON governance_comment; DROP FUNCTION assay_check_reply();",
)


class Migration(migrations.Migration):
    dependencies = [("governance", "0022_threads")]
    operations = [insert_only("governance_threadmove"), REPLIES]
