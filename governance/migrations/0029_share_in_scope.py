"""No alias moves to a version whose approval is for a share of its calls only."""

from django.db import migrations

# An alias that moves lets its new holder answer all calls. The share is a number in the statement,
# from which the envelope's scope is taken.
_CHECK = """
    CREATE OR REPLACE FUNCTION assay_check_alias_scope() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    DECLARE
        scope jsonb;
    BEGIN
        SELECT convert_from(r.statement, 'UTF8')::jsonb -> 'scope' INTO scope
            FROM governance_approval a JOIN governance_review r ON r.id = a.review_id
            WHERE a.id = NEW.approval_id;
        IF NOT COALESCE(scope -> 'aliases' ? '*' OR scope -> 'aliases' ? NEW.alias, true) THEN
            RAISE EXCEPTION 'The approval is not for this alias.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        {share}RETURN NEW;
    END $$;
"""
_SHARE = """IF COALESCE((scope ->> 'traffic_share')::int, 100) < 100 THEN
            RAISE EXCEPTION 'The approval is for a share of the calls only.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        """
SHARE_IN_SCOPE = migrations.RunSQL(_CHECK.format(share=_SHARE), _CHECK.format(share=""))


class Migration(migrations.Migration):
    dependencies = [("governance", "0028_mailing")]
    operations = [SHARE_IN_SCOPE]
