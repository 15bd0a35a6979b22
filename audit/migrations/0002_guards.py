"""The log only grows."""

from django.db import migrations

from audit.guards import REFUSE_CHANGE, insert_only


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        REFUSE_CHANGE,
        insert_only("audit_auditevent"),
        insert_only("audit_auditleaf"),
        insert_only("audit_checkpoint"),
    ]
