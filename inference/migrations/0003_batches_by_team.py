"""A segment is shipped as one batch for each team, so its name is no longer unique."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inference", "0002_guards")]
    operations = [
        migrations.AlterField(
            model_name="predictionbatch",
            name="segment",
            field=models.CharField(max_length=128),
        ),
        migrations.AddIndex(
            model_name="predictionbatch",
            index=models.Index(fields=["segment"], name="batch_segment"),
        ),
    ]
