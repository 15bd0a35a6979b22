"""Prediction records stay, and everything that serving follows raises the generation."""

from django.db import migrations

from audit.guards import insert_only

_FOLLOWED = {
    "governance_approval": "INSERT",
    "governance_revocation": "INSERT",
    "registry_registeredmodel": "INSERT OR UPDATE OF name, team_id",
    "registry_alias": "INSERT OR UPDATE OR DELETE",
    "registry_modelversion": "UPDATE OF status",
    "accounts_apitoken": "INSERT OR DELETE OR UPDATE OF revoked_at, expires_at, scopes, sha256",
    "accounts_user": "UPDATE OF is_active",
    "accounts_person": "UPDATE OF is_active",
    "accounts_membership": "INSERT OR UPDATE OR DELETE",
}


def _follow(table: str, events: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER serving_follows AFTER {events} ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION assay_raise_generation();
        """,
        f"DROP TRIGGER serving_follows ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("inference", "0001_initial"),
        ("governance", "0002_guards"),
        ("accounts", "0001_initial"),
    ]
    operations = [
        insert_only("inference_predictionbatch"),
        insert_only("inference_prediction"),
        insert_only("inference_loadrefusal"),
        migrations.RunSQL(
            """
            INSERT INTO inference_servingstate (id, generation) VALUES (1, 1);
            CREATE FUNCTION assay_raise_generation() RETURNS trigger
                LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
            BEGIN
                UPDATE inference_servingstate SET generation = generation + 1 WHERE id = 1;
                RETURN NULL;
            END $$;
            """,
            "DROP FUNCTION assay_raise_generation();",
        ),
        *(_follow(table, events) for table, events in _FOLLOWED.items()),
    ]
