"""A published policy names the proposal that two persons agreed on."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_proposal_guards"),
        ("governance", "0008_staleness"),
    ]

    operations = [
        migrations.AddField(
            model_name="policyversion",
            name="proposal",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="policy",
                to="accounts.proposal",
            ),
        ),
    ]
