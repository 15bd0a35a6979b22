"""How the rows of a measurement are sliced; under a plan, as the plan says."""

from django.db import migrations, models

SLICED = migrations.RunSQL(
    """
    CREATE FUNCTION assay_check_sliced_run() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT 1 FROM evaluation_evaluationplan p
            JOIN registry_evidence e ON e.id = p.document_id
            WHERE p.id = NEW.plan_id AND NEW.slices =
                COALESCE(convert_from(e.body, 'UTF8')::jsonb -> 'slices', '[]'::jsonb)) THEN
            RAISE EXCEPTION 'A run slices its rows as its plan says.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER sliced_as_planned BEFORE INSERT ON evaluation_evaluationrun
        FOR EACH ROW WHEN (NEW.plan_id IS NOT NULL) EXECUTE FUNCTION assay_check_sliced_run();
    """,
    """
    DROP TRIGGER sliced_as_planned ON evaluation_evaluationrun;
    DROP FUNCTION assay_check_sliced_run();
    """,
)


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0003_plan_guards")]
    operations = [
        migrations.AddField(
            model_name="evaluationrun",
            name="slices",
            field=models.JSONField(default=list),
        ),
        SLICED,
    ]
