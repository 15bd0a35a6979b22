"""What becomes stale reaches the serving processes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("inference", "0003_batches_by_team"),
        ("governance", "0008_staleness"),
    ]
    operations = [
        migrations.RunSQL(
            """
            CREATE TRIGGER serving_follows AFTER INSERT ON governance_staleness
                FOR EACH STATEMENT EXECUTE FUNCTION assay_raise_generation();
            """,
            "DROP TRIGGER serving_follows ON governance_staleness;",
        )
    ]
