"""From where a token was used last."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_proposal_guards"),
    ]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="last_used_address",
            field=models.GenericIPAddressField(null=True),
        ),
    ]
