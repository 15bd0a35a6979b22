"""Shares of traffic reach the serving processes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("inference", "0005_emergencies"),
        ("governance", "0032_split_guards"),
    ]
    operations = [
        migrations.RunSQL(
            """
            CREATE TRIGGER serving_follows AFTER INSERT OR UPDATE OR DELETE ON governance_split
                FOR EACH STATEMENT EXECUTE FUNCTION assay_raise_generation();
            """,
            "DROP TRIGGER serving_follows ON governance_split;",
        )
    ]
