"""Since when an approval is stale; written once."""

import django.db.models.deletion
from django.db import migrations, models

from audit.guards import insert_only


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0007_alias_in_scope"),
    ]

    operations = [
        migrations.CreateModel(
            name="Staleness",
            fields=[
                (
                    "approval",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="staleness",
                        serialize=False,
                        to="governance.approval",
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("because", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
            ],
        ),
        insert_only("governance_staleness"),
    ]
